"""When each key was first seen, shared by all workers: a session's connections may go to any of them.

One file of a fixed size, mapped by every worker: sets of four cells, a key always in the same set. Where a set is full,
the key that was silent for longest is forgotten, and is new when it comes again; by then so many others came that no
server holds its prefix either. Workers write without a lock: two that meet in one cell lose one key.

    cell: fingerprint, first seen, last seen, tag (uint32 each; times are whole seconds of CLOCK_MONOTONIC)
"""

import mmap
from pathlib import Path
from typing import NamedTuple

SETS = 1 << 16
_WAYS = 4
_WORDS = 4 * _WAYS
_SPACE = (1 << 64) - 1


class Sighting(NamedTuple):
    """`first` is the second in which the key was first seen. `fresh`: it was not seen with this tag before."""

    first: int
    fresh: bool


class Sightings:
    """Cells in any writable buffer of `sets` (a power of two) times 64 bytes."""

    __slots__ = ("_cells", "_mask")

    def __init__(self, buffer: "bytearray | mmap.mmap") -> None:
        self._cells = memoryview(buffer).cast("I")
        sets = len(self._cells) // _WORDS
        if sets < 1 or sets & (sets - 1) or len(self._cells) % _WORDS:
            raise ValueError(f"{len(self._cells) * 4} bytes are no sightings")
        self._mask = sets - 1

    @classmethod
    def private(cls, sets: int = 1024) -> "Sightings":
        """Sightings that nobody shares."""
        return cls(bytearray(sets * _WORDS * 4))

    def see(self, key: int, now: float, tag: int) -> Sighting:
        """Notes that `key` (64 bits of a hash) is here. A `tag` of 0 leaves the key's tag as it is."""
        cells = self._cells
        mark = (key & 0xFFFFFFFF) or 1
        second = max(1, int(now))
        start = ((key >> 32) & self._mask) * _WORDS
        oldest = start
        for at in range(start, start + _WORDS, 4):
            if cells[at] == mark:
                cells[at + 2] = second
                fresh = cells[at + 3] != tag
                if fresh and tag:
                    cells[at + 3] = tag
                return Sighting(cells[at + 1], fresh)
            if cells[at + 2] < cells[oldest + 2]:
                oldest = at
        cells[oldest] = 0
        cells[oldest + 1] = cells[oldest + 2] = second
        cells[oldest + 3] = tag
        cells[oldest] = mark
        return Sighting(second, fresh=True)

    def close(self) -> None:
        """Lets go of the buffer."""
        self._cells.release()


def open_sightings(path: Path) -> Sightings:
    """The sightings of a file, which the first to come makes. Raises OSError, or ValueError if it is no such file."""
    size = SETS * _WORDS * 4
    with path.open("a+b") as file:
        if file.tell() not in {0, size}:
            raise ValueError(f"{path} is no file of sightings")
        file.truncate(size)
        return Sightings(mmap.mmap(file.fileno(), size))
