"""Durations as the Gateway API writes them (GEP-2257)."""

import re

MILLISECONDS = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}


def milliseconds(duration: str) -> int:
    """The length of `duration`, text that matches `words.Duration`: `1h30m` is 5400000."""
    return sum(int(number) * MILLISECONDS[unit] for number, unit in re.findall(r"([0-9]+)(h|ms|m|s)", duration))
