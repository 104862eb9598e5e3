"""`up --watch`: the objects follow the files.

Files are looked at a few times a second, which is the same on every file system, mounted ones included.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from turnout.kube.apply import applying
from turnout.kube.client import Client
from turnout.kube.pruning import prune
from turnout.resources.kinds import KINDS
from turnout.store import ApiError, Document, UnreachableError, served_as

log = logging.getLogger("turnout.runners")

PAUSE = 0.25
"""Seconds between two looks. What changed is read once it is the same in two of them: writers need not be atomic."""
AGAIN = 2.0
"""Seconds until the API is asked again after it did not answer."""

RESOURCES = tuple(served_as(kind) for kind in KINDS)


class Reading(Struct, frozen=True):
    """What the files hold. `places` are `FILE:LINE` of each of `documents`; `faults` say what could not be read."""

    documents: tuple[Document, ...]
    places: tuple[str, ...]
    faults: tuple[str, ...] = ()


class Files(Protocol):
    """The files of `-f`."""

    @property
    def sources(self) -> Sequence[str]:
        """What objects from them are marked with."""

    def stamp(self) -> object:
        """Equal for as long as nothing has changed."""

    def read(self) -> Reading:
        """What is in them."""


class Following:
    """Applies what changes in the files and removes what they hold no longer."""

    def __init__(self, files: Files, connect: Callable[[], Client], seen: object) -> None:
        """`seen` is the stamp of what is applied already."""
        self._files = files
        self._connect = connect
        self._applied = seen

    async def run(self) -> None:
        """Follows, without an end."""
        before = self._applied
        while True:
            await asyncio.sleep(PAUSE)
            stamp = await asyncio.to_thread(self._files.stamp)
            settled, before = stamp == before, stamp
            if settled and stamp != self._applied:
                if await self._follow():
                    self._applied = stamp
                else:
                    await asyncio.sleep(AGAIN)

    async def _follow(self) -> bool:
        """One round; False if the API did not answer."""
        reading = await asyncio.to_thread(self._files.read)
        for fault in reading.faults:
            log.error("%s", fault)
        try:
            async with self._connect() as client:
                failed = await self._apply(client, reading)
                if failed or reading.faults:
                    log.warning("nothing is deleted until the files are whole again")
                else:
                    await remove_stale(client, self._files, reading)
        except (ApiError, UnreachableError) as error:
            log.warning("the files could not be followed: %s", error)
            return False
        return True

    async def _apply(self, client: Client, reading: Reading) -> bool:
        """True if one of the objects was refused. Raises UnreachableError."""
        places = {id(document): place for document, place in zip(reading.documents, reading.places, strict=True)}
        failed = False
        async for applied in applying(client, reading.documents, tries=1):
            place = places.get(id(applied.source), "")
            for warning in applied.warnings:
                log.warning("%s: %s", place, warning)
            if applied.unreachable:
                raise UnreachableError(applied.error)
            if applied.error:
                failed = True
                log.error("%s: %s: %s", place, applied.name, applied.error)
            elif applied.outcome != "unchanged":
                log.info("%s %s", applied.name, applied.outcome)
        return failed


async def remove_stale(client: Client, files: Files, reading: Reading) -> None:
    """Removes what the files hold no longer. Raises ApiError and UnreachableError."""
    for pruned in await prune(client, RESOURCES, files.sources, reading.documents):
        if pruned.kept:
            log.warning("%s is in no file any longer and stays: %s", pruned.title, pruned.kept)
        else:
            log.info("%s deleted: it is in no file any longer", pruned.title)
