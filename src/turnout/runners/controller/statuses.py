"""Statuses on their way to the API: each object's on its own, none waits for another's."""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from turnout.kube.backoff import pause
from turnout.kube.reflector import Reflector
from turnout.store import ApiError, Document, Provider, UnreachableError, revision_of
from turnout.store.merge import difference

log = logging.getLogger("turnout.runners")

AT_ONCE = 32
"""Writes in flight."""


class StatusWrite(Struct, frozen=True):
    """A status to write. `seen` is the object that it was worked out from: another one has its own status coming."""

    kind: str
    key: str
    seen: Document
    status: Document


class StatusWriter:
    """Writes statuses, at most one at a time per object and the newest one last.

    `again` is called, after a pause that grows, when a write has failed: the status should be worked out anew.
    """

    def __init__(self, provider: Provider, reflectors: Mapping[str, Reflector], again: Callable[[], None]) -> None:
        self._provider = provider
        self._reflectors = reflectors
        self._again = again
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._next: dict[tuple[str, str], StatusWrite] = {}
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._written: dict[tuple[str, str], tuple[Document, int]] = {}
        self._failures: dict[tuple[str, str], int] = {}

    async def write(self, writes: Iterable[StatusWrite], patience: float) -> None:
        """Starts the writes that are due; returns when they have ended, or after `patience` seconds."""
        tasks = []
        for write in writes:
            name = (write.kind, write.key)
            if self._due(write) is None:
                continue
            self._next[name] = write
            if name not in self._tasks:
                self._tasks[name] = asyncio.create_task(self._drain(name))
            tasks.append(self._tasks[name])
        if tasks:
            await asyncio.wait(tasks, timeout=patience)

    async def close(self) -> None:
        """Abandons what is in flight."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _due(self, write: StatusWrite) -> Document | None:
        """The object to write to; None if it is gone, has this status, or was changed by others since."""
        live = self._reflectors[write.kind].documents.get(write.key)
        if live is None or live.get("status", {}) == write.status:
            return None
        written, revision = self._written.get((write.kind, write.key), (None, 0))
        ours = revision == revision_of(live)
        if ours and written == write.status:
            return None  # the store keeps it in a form of its own: writing it again would go on for ever
        return live if ours or live is write.seen else None

    async def _drain(self, name: tuple[str, str]) -> None:
        try:
            while name in self._next:
                write = self._next.pop(name)
                async with self._slots:
                    await self._attempt(write)
        finally:
            del self._tasks[name]

    async def _attempt(self, write: StatusWrite) -> None:
        name = (write.kind, write.key)
        reflector = self._reflectors[write.kind]
        live = self._due(write)
        if live is None:
            return
        patch = difference(live.get("status", {}), write.status)
        namespace, _, object_name = write.key.partition("/")
        version = live["metadata"]["resourceVersion"]
        try:
            answer = await self._provider.patch_status(reflector.resource, namespace, object_name, patch, version)
        except (ApiError, UnreachableError) as error:
            self._failed(name, error)
            return
        self._failures.pop(name, None)
        self._written[name] = (write.status, revision_of(answer))
        reflector.observe(answer)

    def _failed(self, name: tuple[str, str], error: ApiError | UnreachableError) -> None:
        if isinstance(error, ApiError) and error.not_found:
            return  # deleted in the meantime: the watch will say so
        failures = self._failures.get(name, 0) + 1
        self._failures[name] = failures
        conflict = isinstance(error, ApiError) and error.conflict
        log.log(logging.DEBUG if conflict else logging.WARNING, "status of %s %s: %s", *name, error)
        wait = pause(failures, random.random())  # noqa: S311 - spreads retries, guards nothing
        asyncio.get_running_loop().call_later(wait, self._again)
