"""The one thread that writes: transactions in the order they came, as many per disk write as are waiting."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread

from msgspec import Struct

from turnout.apiserver.database import Database
from turnout.apiserver.stored import Change, Key, NoSpaceError, StaleError, StorageError, Stored, Transaction

log = logging.getLogger("turnout.apiserver")

BATCH = 256
"""Transactions per commit at most."""
PRIMARY = 0xFF
"""What of an extended result code of SQLite is the code itself (https://sqlite.org/rescode.html)."""

Changes = tuple[Change, ...]


class Request(Struct, frozen=True):
    """A transaction and who waits for it."""

    transaction: Transaction
    answer: "asyncio.Future[Changes]"


class Outcome(Struct, frozen=True):
    """What became of a request: changes that are on the disk, or an error with nothing changed."""

    request: Request
    changes: Changes
    error: StaleError | StorageError | None = None


class Committer:
    """Commits transactions. `published` is called in the event loop with the outcomes of each commit, in order.

    `ended` is called in the event loop when the thread ends, whether asked to or not.
    """

    def __init__(
        self,
        database: Database,
        version: int,
        objects: Iterable[Stored],
        published: Callable[[Sequence[Outcome]], None],
        ended: Callable[[], None],
    ) -> None:
        self._database = database
        self._version = version
        self._objects = {stored.key: stored for stored in objects}
        self._published = published
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Request | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> None:
        """Queues a request; its outcome is published."""
        self._queue.put(request)

    def close(self) -> None:
        """Asks the thread to end once all that is queued is committed."""
        self._queue.put(None)

    def _run(self) -> None:
        try:
            open_ = True
            while open_:
                requests, open_ = self._next()
                if requests:
                    outcomes = self._commit(requests)
                    self._loop.call_soon_threadsafe(self._published, outcomes)
        finally:
            self._database.close()
            self._loop.call_soon_threadsafe(self._ended)

    def _next(self) -> tuple[list[Request], bool]:
        """What is waiting, at least one request unless it is over; and whether more may come."""
        first = self._queue.get()
        if first is None:
            return [], False
        requests = [first]
        while len(requests) < BATCH:
            try:
                another = self._queue.get_nowait()
            except Empty:
                break
            if another is None:
                return requests, False
            requests.append(another)
        return requests, True

    def _commit(self, requests: Sequence[Request]) -> list[Outcome]:
        staged: dict[Key, Stored | None] = {}
        version = self._version
        outcomes: list[Outcome] = []
        for request in requests:
            try:
                changes = self._stage(request.transaction, staged, version)
            except StaleError as error:
                outcomes.append(Outcome(request, (), error))
                continue
            version += len(changes)
            outcomes.append(Outcome(request, changes))
        if version == self._version:
            return outcomes
        try:
            self._database.commit(version, [change for outcome in outcomes for change in outcome.changes])
        except sqlite3.Error as error:
            log.exception("a commit of %d transactions failed", len(requests))
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)  # the module's own errors have none
            full = code & PRIMARY == sqlite3.SQLITE_FULL
            refusal = NoSpaceError(str(error)) if full else StorageError(str(error))
            return [Outcome(outcome.request, (), outcome.error or refusal) for outcome in outcomes]
        self._version = version
        for key, stored in staged.items():
            if stored is None:
                self._objects.pop(key, None)
            else:
                self._objects[key] = stored
        return outcomes

    def _stage(self, transaction: Transaction, staged: dict[Key, Stored | None], version: int) -> Changes:
        """The changes of one transaction on top of those staged before it; they are staged too."""

        def found(key: Key) -> Stored | None:
            return staged[key] if key in staged else self._objects.get(key)

        for key, expected in transaction.expected.items():
            stored = found(key)
            if (stored.version if stored else 0) != expected:
                raise StaleError(f"{key} is not at version {expected}")
        changes: list[Change] = []
        for number, (key, document) in enumerate(transaction.writes.items(), version + 1):
            before = found(key)
            assert key in transaction.expected
            if document is None:
                assert before is not None
                changes.append(Change(key, number, before, None, Stored.at(key, number, before.document)))
            else:
                after = Stored.at(key, number, document)
                changes.append(Change(key, number, before, after, after))
        staged.update((change.key, change.after) for change in changes)
        return tuple(changes)
