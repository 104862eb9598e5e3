"""Requests in flight per endpoint, shared by all workers, so that N workers pick like one.

One file, mapped by everyone: a row per endpoint, a column per worker. Each cell has one writer (its worker; the parent
zeroes a dead worker's column), and the directory of addresses has one (the scraper), so nothing needs a lock.

    header: rows, columns (int32)  │ directory: 64 bytes a row (length, address) │ cells: rows × columns of int32
"""

import mmap
import struct
from collections.abc import Callable, Container
from pathlib import Path

ROWS = 4096
NAME = 64
"""Bytes of a directory entry: one of length, the rest the address."""
_HEADER = struct.Struct("=ii")


class FullError(Exception):
    """Every row belongs to an endpoint that has requests in flight or is still known."""


class Column:
    """One worker's counters."""

    __slots__ = ("_cells", "_columns", "_worker")

    def __init__(self, cells: "memoryview[int]", columns: int, worker: int) -> None:
        self._cells = cells
        self._columns = columns
        self._worker = worker

    def add(self, slot: int, delta: int) -> None:
        """Counts a request in (+1) or out (-1)."""
        self._cells[slot * self._columns + self._worker] += delta


class OwnCounts:
    """What a worker has in flight once its column is its successor's: nobody else sees it."""

    __slots__ = ("_counts", "_shared")

    def __init__(self, counts: list[int], shared: Callable[[int], int]) -> None:
        self._counts = counts
        self._shared = shared

    def add(self, slot: int, delta: int) -> None:
        """Counts a request in (+1) or out (-1)."""
        self._counts[slot] += delta

    def total(self, slot: int) -> int:
        """Requests in flight at the endpoint of `slot`: its own, and those of all workers."""
        return self._counts[slot] + self._shared(slot)


class InflightFile:
    """The mapped file. `create` and `open` make one; `close` it in the end, after its columns are no longer used."""

    def __init__(self, file: mmap.mmap) -> None:
        self._file = file
        rows, columns = _HEADER.unpack_from(file, 0)
        self.rows: int = rows
        self.columns: int = columns
        start = _HEADER.size + rows * NAME
        self._view = memoryview(file)
        self._names = self._view[_HEADER.size : start]
        self._cells = self._view[start : start + rows * columns * 4].cast("i")
        self._slots = {name: slot for slot in range(rows) if (name := self._name(slot))}
        self._next = 0

    @classmethod
    def create(cls, path: Path, workers: int, rows: int = ROWS) -> "InflightFile":
        """A new file of zeroes, in place of an old one."""
        path.unlink(missing_ok=True)
        with path.open("xb") as file:
            file.truncate(_HEADER.size + rows * (NAME + workers * 4))
            file.write(_HEADER.pack(rows, workers))
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> "InflightFile":
        """An existing file. Raises OSError, or ValueError if it is no such file."""
        with path.open("r+b") as file:
            mapped = mmap.mmap(file.fileno(), 0)
        rows, columns = _HEADER.unpack_from(mapped, 0) if len(mapped) >= _HEADER.size else (0, 0)
        if rows < 1 or columns < 1 or len(mapped) != _HEADER.size + rows * (NAME + columns * 4):
            mapped.close()
            raise ValueError(f"{path} is no file of requests in flight")
        return cls(mapped)

    def column(self, worker: int) -> Column:
        """The counters of worker number `worker`. Raises IndexError if the file has no such column."""
        self._check(worker)
        return Column(self._cells, self.columns, worker)

    def take_out(self, worker: int) -> OwnCounts:
        """What the worker has in flight, in its column no more. Only the column's writer may call it."""
        self._check(worker)
        cells, columns = self._cells, self.columns
        counts = [cells[slot * columns + worker] for slot in range(self.rows)]
        self.zero(worker)
        return OwnCounts(counts, self.reader())

    def total(self, slot: int) -> int:
        """Requests in flight at the endpoint of `slot`, over all workers."""
        first = slot * self.columns
        if self.columns == 1:
            return self._cells[first]
        return sum(self._cells[first : first + self.columns])

    def reader(self) -> Callable[[int], int]:
        """`total`, as directly as it can be called: a pick asks for every endpoint."""
        return self._cells.__getitem__ if self.columns == 1 else self.total

    def zero(self, worker: int) -> None:
        """Forgets what a dead worker had in flight. Raises IndexError if the file has no such column."""
        self._check(worker)
        for slot in range(self.rows):
            self._cells[slot * self.columns + worker] = 0

    def slot_for(self, address: str) -> int:
        """The row of `address`, the same until `keep` frees it.

        Raises FullError when no row is free, ValueError when the address is too long.
        """
        slot = self._slots.get(address)
        if slot is None:
            slot = self._free_row()
            self._write(slot, address)
            self._slots[address] = slot
        return slot

    def keep(self, addresses: Container[str]) -> None:
        """Frees the rows of all other addresses, those excepted on which something is in flight."""
        for address, slot in list(self._slots.items()):
            if address not in addresses and not self.total(slot):
                del self._slots[address]
                self._write(slot, "")

    def addresses(self) -> tuple[str, ...]:
        """Every address that has a row."""
        return tuple(self._slots)

    def close(self) -> None:
        """Unmaps the file."""
        self._cells.release()
        self._names.release()
        self._view.release()
        self._file.close()

    def _check(self, worker: int) -> None:
        # Beyond its columns a row goes over into the next.
        if not 0 <= worker < self.columns:
            raise IndexError(f"worker {worker} of {self.columns}")

    def _free_row(self) -> int:
        # Freed rows come last: a worker may yet count a request in on the row of an endpoint that has just left.
        taken = set(self._slots.values())
        for step in range(self.rows):
            slot = (self._next + step) % self.rows
            if slot not in taken and not self.total(slot):
                self._next = slot + 1
                return slot
        raise FullError(f"all {self.rows} rows of requests in flight are taken")

    def _name(self, slot: int) -> str:
        size = self._names[slot * NAME]
        if size >= NAME:
            return ""
        return bytes(self._names[slot * NAME + 1 : slot * NAME + 1 + size]).decode(errors="replace")

    def _write(self, slot: int, address: str) -> None:
        name = address.encode()
        if len(name) >= NAME:
            raise ValueError(f"the address {address!r} is longer than {NAME - 1} bytes")
        entry = bytes([len(name)]) + name
        self._names[slot * NAME : slot * NAME + len(entry)] = entry
