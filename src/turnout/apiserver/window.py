"""The latest changes of one kind, for watches: bounded; a watch that falls behind is told so, not waited for."""

import asyncio
import contextlib
from bisect import bisect_right
from collections.abc import Callable, Sequence

from turnout.apiserver.stored import Change

SIZE = 10_000
"""Changes that a window remembers."""
BYTES = 32 * 1024 * 1024
"""What the changes that a window remembers may take, as JSON."""


class ExpiredError(Exception):
    """The window no longer holds what a watch has yet to see; `oldest` is the version it can be resumed from."""

    def __init__(self, oldest: int) -> None:
        super().__init__(f"changes before {oldest} are forgotten")
        self.oldest = oldest


class Window:
    """The last `size` changes of one kind, or fewer where they are large.

    `floor` is the version up to which nothing is remembered.
    """

    def __init__(self, floor: int, size: int = SIZE, room: int = BYTES) -> None:
        self._floor = floor
        self._size = size
        self._room = room
        self._held = 0
        self._changes: list[Change] = []
        self._dropped = 0  # changes that were in `_changes` once
        self._watches: set[Watch] = set()

    def add(self, changes: Sequence[Change]) -> None:
        """Remembers changes, in order, each newer than all before, and wakes the watches."""
        self._changes.extend(changes)
        self._held += sum(map(_bytes, changes))
        if len(self._changes) > 2 * self._size:  # seldom, so that dropping costs nothing per change
            self._drop(len(self._changes) - self._size)
        if self._held > self._room:
            self._make_room()
        for watch in self._watches:
            watch.wake()

    def since(self, version: int) -> Sequence[Change]:
        """Every change after `version`. Raises ExpiredError."""
        oldest = self._oldest()
        if version < oldest:
            raise ExpiredError(oldest)
        return self._changes[bisect_right(self._changes, version, key=_version) :]

    def watch(self, version: int) -> "Watch":
        """A watch that sees every change after `version`. Raises ExpiredError."""
        oldest = self._oldest()
        if version < oldest:
            raise ExpiredError(oldest)
        position = self._dropped + bisect_right(self._changes, version, key=_version)
        return Watch(self._read, self._watches, position)

    def close(self) -> None:
        """Ends every watch."""
        for watch in list(self._watches):
            watch.close()

    def _make_room(self) -> None:
        """Drops the oldest until half the room is free, so that it is not done again soon; the latest stays."""
        count, left = 0, self._held
        while left > self._room // 2 and count < len(self._changes) - 1:
            left -= _bytes(self._changes[count])
            count += 1
        self._drop(count)

    def _drop(self, count: int) -> None:
        if count:
            self._floor = self._changes[count - 1].version
            self._held -= sum(map(_bytes, self._changes[:count]))
            del self._changes[:count]
            self._dropped += count

    def _read(self, position: int) -> tuple[Sequence[Change], int]:
        start = position - self._dropped
        if start < max(0, len(self._changes) - self._size):
            raise ExpiredError(self._oldest())
        return self._changes[start:], self._dropped + len(self._changes)

    def _oldest(self) -> int:
        forgotten = len(self._changes) - self._size
        return self._changes[forgotten - 1].version if forgotten > 0 else self._floor


class Watch:
    """A reader of a window at its own pace. It costs the window nothing; `close` it.

    `closed` once either side closed it.
    """

    def __init__(
        self, read: Callable[[int], tuple[Sequence[Change], int]], watches: "set[Watch]", position: int
    ) -> None:
        self.closed = False
        self._read = read
        self._watches = watches
        self._position = position
        self._news = asyncio.Event()
        watches.add(self)

    def take(self) -> Sequence[Change]:
        """What happened since the last `take`. Raises ExpiredError once changes were missed."""
        self._news.clear()
        changes, self._position = self._read(self._position)
        return changes

    async def wait(self, seconds: float) -> None:
        """Returns when something happened since the last `take`, when the watch is closed, or after `seconds`."""
        if not self.closed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._news.wait()

    def wake(self) -> None:
        """Ends a `wait`."""
        self._news.set()

    def close(self) -> None:
        """Ends the watch."""
        self.closed = True
        self._watches.discard(self)
        self.wake()


def _bytes(change: Change) -> int:
    """About what a change keeps in memory: what was before is, but for the oldest, another change's."""
    return len(change.last.encoded)


def _version(change: Change) -> int:
    return change.version
