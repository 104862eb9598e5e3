"""Model servers' host names as IP addresses. Workers never resolve a name."""

import asyncio
import logging
import socket
from collections.abc import Callable, Iterable

log = logging.getLogger("turnout.runners")

PERIOD = 30.0
"""Seconds between two look-ups of a name."""


class Addresses:
    """`known` maps every wanted name to an IP address, as far as it has one. `changed` is called when it changes."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.known: dict[str, str] = {}
        self._changed = changed
        self._names: set[str] = set()
        self._wake = asyncio.Event()

    def want(self, names: Iterable[str]) -> None:
        """Follows exactly these names; a new one is looked up at once."""
        wanted = set(names)
        if wanted - self._names:
            self._wake.set()
        self._names = wanted
        self.known = {name: address for name, address in self.known.items() if name in wanted}

    async def run(self) -> None:
        """Looks names up until cancelled: each at once when it is new, and every `PERIOD`."""
        while True:
            self._wake.clear()
            await asyncio.gather(*(self._look_up(name) for name in sorted(self._names)))
            try:
                async with asyncio.timeout(PERIOD):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _look_up(self, name: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            log.warning("%s cannot be resolved: %s%s", name, error, "; its last address stays" * (name in self.known))
            return
        addresses = sorted({str(each[4][0]) for each in found}, key=lambda text: (":" in text, text))
        if name not in self._names or not addresses or self.known.get(name) in addresses:
            return
        log.info("%s is %s", name, addresses[0])
        self.known = {**self.known, name: addresses[0]}
        self._changed()
