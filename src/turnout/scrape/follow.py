"""The scraper's line to the controller, which says whom to watch."""

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

from turnout.channels import Decoder, Hello, Membership, encode

log = logging.getLogger("turnout.scrape")

RETRY_SECONDS = 0.1


async def follow(path: Path, take: Callable[[Membership], None]) -> None:
    """Hands every Membership that the controller sends to `take`. Never ends: it connects again when hung up on."""
    while True:
        try:
            reader, writer = await asyncio.open_unix_connection(path)
        except OSError:
            await asyncio.sleep(RETRY_SECONDS)
            continue
        try:
            writer.write(encode(Hello("scraper", os.getpid())))
            await _read(reader, take)
            log.info("the controller has hung up: its last membership holds")
        except (OSError, ValueError) as error:
            log.warning("the line to the controller broke, its last membership holds: %s", error)
        finally:
            writer.close()
        await asyncio.sleep(RETRY_SECONDS)


async def _read(reader: asyncio.StreamReader, take: Callable[[Membership], None]) -> None:
    decoder = Decoder()
    while data := await reader.read(65536):
        for message in decoder.feed(data):
            if not isinstance(message, Membership):
                raise ValueError(f"a {type(message).__name__} is not for a scraper")  # noqa: TRY004 - the peer's fault
            take(message)
