"""What the controller knows of all workers at one moment, as a file that the API reads when it is asked.

The file is replaced whole: who reads it sees one moment, and never half of it.
"""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

MOST_SERIES = 2000
"""Kinds of requests that are told apart; what comes beyond them is told of as `other`."""
OTHER = "other"


class Tally(Struct, array_like=True):
    """All requests of one kind. A spread is its sparse counts by bucket, and the sum of its seconds."""

    route: str
    rule: str
    pool: str
    role: str
    model: str
    code: int
    reason: str
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    duration: tuple[dict[int, int], float] = ({}, 0.0)
    ttft: tuple[dict[int, int], float] = ({}, 0.0)
    tpot: tuple[dict[int, int], float] = ({}, 0.0)


class Share(Struct, frozen=True, array_like=True):
    """An arm's share (0 to 1) of its split, of one kind: `desired`, `effective` or `observed`."""

    route: str
    rule: str
    pool: str
    role: str
    kind: str
    share: float


class Server(Struct, frozen=True, array_like=True):
    """An endpoint of a pool. `age` is how many seconds ago it was looked at last; None where it never was."""

    pool: str
    endpoint: str
    ready: bool
    inflight: int
    age: float | None


class Snapshot(Struct, frozen=True):
    """`tables` and `longest` are by a worker's number: its table's version, its loop's longest lag of late."""

    time: float
    tallies: tuple[Tally, ...] = ()
    streams: int = 0
    missing: int = 0
    log_dropped: int = 0
    lag: tuple[dict[int, int], float] = ({}, 0.0)
    tables: dict[int, int] = {}
    longest: dict[int, float] = {}
    servers: tuple[Server, ...] = ()
    shares: tuple[Share, ...] = ()


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Snapshot)


def write(path: Path, snapshot: Snapshot) -> None:
    """Replaces the file. Raises OSError."""
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_encoder.encode(snapshot))
    new.replace(path)


def read(path: Path) -> Snapshot:
    """What was written last. Raises OSError, or ValueError where it is no such file."""
    return _decoder.decode(path.read_bytes())
