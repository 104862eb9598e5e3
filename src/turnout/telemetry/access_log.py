"""The access log: one line of JSON a request, written by a thread. `docs/access-log.md` tells the fields."""

import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Thread

import msgspec
from msgspec import Struct

from turnout.telemetry.record import Place, Record

WAITING = 64
"""Batches that wait to be written; what comes beyond them is dropped."""
PIPE = 4096
"""Bytes that go into a pipe in one piece (PIPE_BUF), so that workers' lines do not mix."""
STDOUT = 1


class Line(Struct, frozen=True, rename="camel"):
    """One request. No field holds a prompt, a key or a header but the request's ID."""

    time: float
    request_id: str
    worker: int
    route: str
    rule: str
    pool: str
    role: str
    endpoint: str
    model: str
    unit: str
    weight: int
    weight_total: int
    rollout: str
    epoch: int
    stratum: str
    hits: tuple[str, ...]
    misses: tuple[str, ...]
    table_version: int
    code: int
    reason: str
    stream: bool
    attempts: int
    duration: float
    ttft: float | None
    tpot: float | None
    prompt_tokens: int | None
    completion_tokens: int | None


_encoder = msgspec.json.Encoder()


class AccessLog:
    """One worker's. `default` is the share that is logged where a Gateway says nothing; negative is nothing."""

    def __init__(self, place: str, worker: int, default: float = -1.0) -> None:
        self._worker = worker
        self._default = default
        self._lines: list[bytes] = []
        self._dropped = 0
        self._queue: Queue[list[bytes] | None] = Queue(WAITING)
        self._lost: Queue[int] = Queue()
        self._sink = _Sink(place)
        self._thread: Thread | None = None

    def add(
        self,
        record: Record,
        model: str,
        ttft: float | None,
        tpot: float | None,
        prompt: int | None,
        completion: int | None,
    ) -> None:
        """Takes down a request, if it is one to be logged. `model` is a name that may be told."""
        place = record.place
        share = self._default if place.logged is None else place.logged
        if share < 0 or (share < 1 and not is_failure(record) and not sampled(record.id, share)):
            return
        line = Line(
            round(record.time, 6),
            record.id.decode("latin-1"),
            self._worker,
            place.route,
            place.rule,
            place.pool,
            place.role,
            record.endpoint,
            model,
            record.unit,
            place.weight,
            place.weight_total,
            record.rollout,
            record.epoch,
            record.stratum,
            tuple(name for name, missed in record.judged if not missed),
            tuple(name for name, missed in record.judged if missed),
            place.table_version,
            record.code,
            record.reason,
            record.stream,
            record.attempts,
            round(record.duration, 6),
            None if ttft is None else round(ttft, 6),
            None if tpot is None else round(tpot, 9),
            prompt,
            completion,
        )
        self._lines.append(_encoder.encode(line) + b"\n")

    def off(self, place: Place) -> bool:
        """Whether no request of this place is logged."""
        return (self._default if place.logged is None else place.logged) < 0

    def flush(self) -> None:
        """Hands the lines to the thread. It never waits: what the thread cannot take is dropped, and counted."""
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        if self._thread is None:
            self._thread = Thread(target=self._write, name="access log", daemon=True)
            self._thread.start()
        try:
            self._queue.put_nowait(lines)
        except Full:
            self._dropped += len(lines)

    def take_dropped(self) -> int:
        """How many lines were dropped since the last time."""
        dropped, self._dropped = self._dropped, 0
        with suppress(Empty):
            while True:
                dropped += self._lost.get_nowait()
        return dropped

    def close(self, patience: float = 1.0) -> None:
        """Writes what waits, for so many seconds at most."""
        self.flush()
        if self._thread is not None:
            with suppress(Full):
                self._queue.put_nowait(None)
                self._thread.join(patience)

    def _write(self) -> None:
        while (lines := self._queue.get()) is not None:
            lost = self._sink.write(lines)
            if lost:
                self._lost.put(lost)
        self._sink.close()


class _Sink:
    """A file, opened for appending and anew when it was moved away; or the standard output."""

    def __init__(self, place: str) -> None:
        self._path = None if place == "-" else Path(place)
        self._descriptor = -1
        self._torn = False

    def write(self, lines: list[bytes]) -> int:
        """Writes whole lines; returns how many could not be."""
        written = 0
        try:
            descriptor = self._opened()
            plain = stat.S_ISREG(os.fstat(descriptor).st_mode)
            for piece in [lines] if plain else _pieces(lines):
                self._put(descriptor, b"".join(piece))
                written += len(piece)
        except OSError:
            self.close()
        return len(lines) - written

    def close(self) -> None:
        """Closes the file."""
        if self._descriptor not in {-1, STDOUT}:
            os.close(self._descriptor)
        self._descriptor = -1

    def _opened(self) -> int:
        path = self._path
        if path is None:
            self._descriptor = STDOUT
        elif self._descriptor < 0 or not _is_at(self._descriptor, path):
            self.close()
            self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._descriptor

    def _put(self, descriptor: int, data: bytes) -> None:
        """Writes it, or raises. A line of which a part is there already is ended before the next one."""
        if self._torn:
            data = b"\n" + data
        while data:
            count = os.write(descriptor, data)
            self._torn = data[count - 1 : count] != b"\n"
            data = data[count:]


def _pieces(lines: list[bytes]) -> Iterator[list[bytes]]:
    """The lines in pieces of at most PIPE bytes, but for a line that is longer."""
    piece: list[bytes] = []
    size = 0
    for line in lines:
        if piece and size + len(line) > PIPE:
            yield piece
            piece, size = [], 0
        piece.append(line)
        size += len(line)
    if piece:
        yield piece


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def is_failure(record: Record) -> bool:
    """Whether the request failed: an answer of 400 or more, or one that broke off."""
    return record.code >= 400 or bool(record.reason)


def sampled(request_id: bytes, share: float) -> bool:
    """Whether a request of this ID is among that share of them; the same for the same ID in every worker."""
    return zlib.crc32(request_id) < share * 2**32
