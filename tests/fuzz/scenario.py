"""What one input is: a client's bytes in pieces, and the answers of the servers that are asked."""

from itertools import pairwise
from typing import NamedTuple


class Reply(NamedTuple):
    """A server's answer. `cuts` are the places where reads end. `end`: "stay", "eof", "reset".

    With `natural` an answer to HEAD has no body.
    """

    head: bytes
    body: bytes
    cuts: tuple[int, ...] = ()
    end: str = "stay"
    natural: bool = True

    def pieces(self, method: bytes) -> list[bytes]:
        """Its bytes as an answer to `method`, in the reads that they come in."""
        return cut(self.head if self.natural and method == b"HEAD" else self.head + self.body, self.cuts)


class Meant(NamedTuple):
    """What a well-formed request says, as the next server has to read it."""

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Scenario(NamedTuple):
    """`refused` are the connects (from 1) that fail. `early`: servers answer as soon as they see a request.

    `slow`: the client's reading stops and goes. `leaves`: "after" all is answered, "at once" when all is sent,
    "reset", or "never". `meant` are the requests, when they all are well-formed, else None.
    """

    raw: bytes
    cuts: tuple[int, ...]
    replies: tuple[Reply, ...]
    refused: frozenset[int] = frozenset()
    early: bool = False
    slow: bool = False
    leaves: str = "after"
    meant: tuple[Meant, ...] | None = None

    @property
    def pieces(self) -> list[bytes]:
        """The client's bytes, in the reads that they come in."""
        return cut(self.raw, self.cuts)


def cut(data: bytes, places: tuple[int, ...]) -> list[bytes]:
    """`data` cut at these places, nothing empty."""
    if not places:
        return [data] if data else []
    edges = [0, *sorted({place for place in places if place < len(data)}), len(data)]
    return [data[a:b] for a, b in pairwise(edges) if b > a]
