"""Logs: one line of text per event, on stderr, each with the process that says it."""

import logging
import sys
import time


def configure(process: str, level: int = logging.INFO) -> None:
    """Sends every `turnout` logger of this process to stderr as `TIME LEVEL process logger: message`, time in UTC."""
    formatter = logging.Formatter(
        f"%(asctime)s.%(msecs)03dZ %(levelname)s {process} %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(formatter)
    logger = logging.getLogger("turnout")
    logger.handlers = [stream]
    logger.setLevel(level)
    logger.propagate = False
