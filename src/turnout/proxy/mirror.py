"""RequestMirror: which requests are copied, and what a worker spends on it at most.

A copy is load, and nothing more: it leaves after its request has, its answer is read and thrown away, and whatever
becomes of it changes neither the request's answer nor its record nor what a rollout is told. A busy worker makes none.
Source: HTTPRoute `RequestMirror` (Gateway API).
"""

import logging
from collections import Counter
from collections.abc import Iterator
from copy import copy
from typing import Literal, Protocol

from msgspec import Struct

from turnout.proxy.request import Request
from turnout.routing import Dice, Sequence, carry
from turnout.table import Backend, Mirror, ObjectRef, RoutingTable, Rule, Split

log = logging.getLogger("turnout.proxy")

Fortune = Literal["sent", "failed", "dropped"]
"""What became of a copy: its answer came whole; it did not; or the worker was too busy to make it."""


class Bounds(Struct, frozen=True):
    """What one worker spends on copies: `copies` under way at once, `held` bytes of bodies that they keep, `streamed`
    bytes of a body that is passed on as it comes, `answer` bytes of an answer, `lag` seconds that its loop is behind.
    """

    copies: int = 64
    held: int = 16 * 1024 * 1024
    streamed: int = 1024 * 1024
    answer: int = 16 * 1024 * 1024
    lag: float = 0.02


LOGGED = 60
"""Sweeps between two lines in the log, where there is something to say."""
_NOBODY = ObjectRef("", "", "", "")


class Mirrored(Struct, frozen=True):
    """A mirror of an arm. `place` tells it from every other one of the table."""

    place: str
    mirror: Mirror


class UnderWay(Protocol):
    """A copy that was sent."""

    def sweep(self) -> None:
        """Looks whether it is quiet for too long."""

    def abort(self) -> None:
        """Gives it up."""


def mirrors_of(rule: Rule, backend: Backend) -> tuple[Mirrored, ...]:
    """The rule's mirrors, which all its backends share, and then the backend's own."""
    salt = rule.split.salt
    shared = (Mirrored(f"{salt}/{at}", each) for at, each in enumerate(rule.filters.mirrors))
    own = (Mirrored(f"{salt}/{backend.identity}/{at}", each) for at, each in enumerate(backend.filters.mirrors))
    return (*shared, *own)


class Mirrors:
    """One worker's. `counts` says what became of copies, `under_way` are those without a whole answer yet."""

    __slots__ = ("_logged", "_sequences", "_sweeps", "bounds", "counts", "held", "under_way")

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.counts: Counter[Fortune] = Counter()
        self.held = 0
        self.under_way: set[UnderWay] = set()
        self._sequences: dict[str, tuple[Mirror, Sequence]] = {}
        self._sweeps = 0
        self._logged = 0

    def draft(self, mirrors: tuple[Mirrored, ...], request: Request, dice: Dice) -> "Draft | None":
        """What is to be copied of a request that was just assigned; None when nobody is due a copy.

        An offer to switch protocols is not copied: nobody would speak in the tunnel.
        """
        if request.offers:
            return None
        pools = tuple(each.mirror.pool.key for each in mirrors if self._is_due(each, dice))
        if not pools:
            return None
        draft = Draft(self, request, pools)
        draft.take()
        return draft

    def keep(self, table: RoutingTable) -> None:
        """Forgets the mirrors that `table` lacks. One whose share is as it was goes on where it was."""
        if self._sequences:
            self._sequences = {place: self._sequences[place] for place in _places(table) if place in self._sequences}

    def sweep(self) -> None:
        """Ends copies that are quiet for too long. Due every SWEEP seconds."""
        for each in list(self.under_way):
            each.sweep()
        self._sweeps += 1
        if self._sweeps % LOGGED == 0 and self.counts.total() != self._logged:
            self._logged = self.counts.total()
            log.info("mirrored requests so far: %s", dict(self.counts))

    def close(self) -> None:
        """Gives up what is under way."""
        for each in list(self.under_way):
            each.abort()

    def _is_due(self, each: Mirrored, dice: Dice) -> bool:
        mirror = each.mirror
        others = mirror.denominator - mirror.numerator
        if others <= 0 or mirror.numerator <= 0:
            return others <= 0
        known, sequence = self._sequences.get(each.place, (None, None))
        if sequence is None or known != mirror:
            split = Split(each.place, (Backend(mirror.pool, mirror.numerator), Backend(_NOBODY, others)))
            sequence = carry(sequence, split)
            self._sequences[each.place] = mirror, sequence
        return sequence.next(dice)[0].ref != _NOBODY


class Draft:
    """A request that is to be copied to `pools`, from its assignment until its copies are sent.

    `parts` is its body as far as it came. It is dropped when that is more than may be held.
    """

    __slots__ = ("_holders", "_mirrors", "_request", "_size", "parts", "pools")

    def __init__(self, mirrors: Mirrors, request: Request, pools: tuple[str, ...]) -> None:
        self._mirrors = mirrors
        self._request = request
        self._size = 0
        self._holders = len(pools)
        self.pools = pools
        self.parts: list[bytes] = []

    def take(self) -> None:
        """More of the request may have come. Due before it is passed on."""
        request, mirrors = self._request, self._mirrors
        missing = request.size - self._size
        if not missing or not self.pools:
            return
        self._size += missing
        mirrors.held += missing
        bounds = mirrors.bounds
        if mirrors.held > bounds.held or (not request.buffered and self._size > bounds.streamed):
            self.drop()
            return
        late: list[bytes] = []
        for part in reversed(request.body):
            if missing <= 0:
                break
            missing -= len(part)
            late.append(part)
        self.parts += reversed(late)

    def drop(self) -> None:
        """No copy is made."""
        self._mirrors.counts["dropped"] += len(self.pools)
        self.discard()

    def discard(self) -> None:
        """The request has not left, or no copy of it is to be made."""
        self.pools = ()
        self._holders = 1
        self.release()

    def twin(self) -> Request:
        """The request, whole, as it was sent. It is its own: nothing that becomes of the request changes it."""
        made = copy(self._request)
        made.body = self.parts
        return made

    def release(self) -> None:
        """One of the copies needs the body no more."""
        self._holders -= 1
        if not self._holders:
            self._mirrors.held -= self._size
            self._size = 0
            self.parts.clear()  # the twin's too


def _places(table: RoutingTable) -> Iterator[str]:
    for route in table.routes.values():
        for rule in route.rules:
            for backend in rule.split.backends:
                for each in mirrors_of(rule, backend):
                    yield each.place
