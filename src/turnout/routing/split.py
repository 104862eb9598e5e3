"""How a rule's requests are shared between its backends: by key (sticky) or by position (exact).

Keyed requests: weighted rendezvous hashing. Each backend gets a number from a stable hash of (salt, identity, key), and
the largest -weight / ln(u) wins (Schindelhauer and Schomaker, "Weighted distributed hash tables", SPAA 2005). Raising
one weight moves keys to that backend alone; taking it back returns the same keys. A rollout's two arms are chosen from
as one backend first, so that weight which goes from one to the other moves no key of a third.

Keyless requests: ordered systematic sampling with one uniform point per unit of cumulated weight, which is the ordered
pivotal method (Deville and Tille, "Unequal probability sampling without replacement through a splitting method",
Biometrika 85, 1998). Every request's chance is exactly its weight, no prefix is ever a whole request off its share, and
no period in the traffic can line up with it.
"""

from collections.abc import Callable
from hashlib import blake2b
from math import log

from turnout.table import Backend, Split

Dice = Callable[[], float]
"""A uniform number in [0, 1) each time."""


def keyed(split: Split, key: str) -> Backend | None:
    """The backend that `key` belongs to, the same in every process; None when the split is empty.

    `Splitter` is the same choice with the hashing of salt and identities done once.
    """
    return Splitter(split).keyed(key)


class Splitter:
    """A split compiled for keyed requests. `total` is the sum of its weights."""

    __slots__ = ("_arms", "_pair", "split", "total")

    def __init__(self, split: Split) -> None:
        self.split = split
        self.total = sum(backend.weight for backend in split.backends)
        pair = tuple(backend for backend in split.backends if backend.role)
        self._pair = Splitter(Split(split.salt, pair)) if 0 < len(pair) < len(split.backends) else None
        self._arms: tuple[_Arm, ...] | None = None

    def keyed(self, key: str) -> Backend | None:
        """The backend that `key` belongs to; None when the split is empty."""
        backends = self.split.backends
        if len(backends) < 2:
            return backends[0] if backends else None
        arms = self._arms
        if arms is None:
            arms = self._arms = _arms(self.split, self._pair)
        data = key.encode("utf-8", "surrogatepass")
        least = 0.0
        chosen: Backend | Splitter | None = None
        for state, per_weight, backend in arms:
            digest = state.copy()
            digest.update(data)
            # The largest -w / ln(u) is the least -ln(u) / w. 52 bits and a half: u is never 0 and never 1.
            score = log(((int.from_bytes(digest.digest(), "big") >> 12) + 0.5) * _RESOLUTION) * per_weight
            if chosen is None or score < least:
                least = score
                chosen = backend
        return chosen.keyed(key) if isinstance(chosen, Splitter) else chosen


_Arm = tuple[blake2b, float, Backend | Splitter]
"""The hash of salt and identity, -1 / weight, and what the arm leads to."""
PAIR = "pair"
"""Stands for a rollout's two arms where an identity is hashed: none is without a slash."""


class Sequence:
    """The place of keyless requests in one split: who comes next.

    With two backends every prefix is within 1 of each one's share; with n, first against the rest, then second against
    the rest of the rest, and so on, so every request's chance is exact for any n.
    """

    __slots__ = ("_backends", "_levels", "split")

    def __init__(self, split: Split, _levels: tuple["_Level", ...] | None = None) -> None:
        self.split = split
        self._backends = _sorted(split)
        self._levels = _nested(self._backends) if _levels is None else _levels

    def next(self, dice: Dice) -> tuple[Backend, int]:
        """The next request's backend, and its stretch: at most one throw of the dice per level.

        A stretch is a run of requests in which one request of the lighter side is due, counted from 0; a request that
        lies across two belongs to the one that it starts in. With more than two backends it is the stretch of the level
        at which the backend was chosen. Raises IndexError when the split is empty.
        """
        stretch = 0
        place = 0
        for level in self._levels:
            stretch = level.stretch
            if level.first(dice):
                break
            place += 1
        return self._backends[place], stretch

    def carried(self, split: Split) -> "Sequence":
        """The same place in `split`, whose identities and weights are the same, and whose backends it gives out."""
        return Sequence(split, self._levels)


def carry(old: Sequence | None, split: Split) -> Sequence:
    """The sequence of `split`, at the place of `old` when identities and weights are the same, else from the start.

    It is `old` itself when the split is equal. When only what a backend leads to has changed (`invalid`), requests of
    the older table and of the newer one go on to share one place.
    """
    if old is None:
        return Sequence(split)
    if old.split == split:
        return old
    if _weights(old.split) == _weights(split):
        return old.carried(split)
    return Sequence(split)


class _Level:
    """Two sides, exactly: integers, so that nothing drifts.

    A request covers [r, r + w) of the present unit of length W, where w is the lighter side's weight; the unit holds
    one uniform point, and the request that covers it is the lighter side's. `taken`: the point lies before r.
    Holds between requests: count of the lighter side == stretch + taken, its share == stretch + r / W.
    """

    __slots__ = ("_first_counts", "_r", "_taken", "_w", "_whole", "stretch")

    def __init__(self, first: int, rest: int) -> None:
        self._first_counts = first <= rest
        self._w = min(first, rest)
        self._whole = first + rest
        self._r = 0
        self._taken = False
        self.stretch = 0

    def first(self, dice: Dice) -> bool:
        """Whether the next request is the first side's."""
        return self._counted(dice) is self._first_counts

    def _counted(self, dice: Dice) -> bool:
        r = self._r
        taken = self._taken
        over = r + self._w - self._whole
        if over < 0:
            yes = not taken and dice() * (self._whole - r) < self._w
            self._taken = taken or yes
            self._r = r + self._w
            return yes
        self.stretch += 1
        self._r = over
        if over == 0:
            self._taken = False
            return not taken
        # Across the end: a point that is still due must lie in this unit's rest, and then the next unit's lies later.
        # Otherwise over / r makes this request's chance (W - r) / W + (r / W) (over / r) = w / W, as it must be.
        yes = not taken or dice() * r < over
        self._taken = taken and yes
        return yes


_RESOLUTION = 2.0**-52


def _arms(split: Split, pair: Splitter | None) -> tuple[_Arm, ...]:
    arms = [
        _arm(split, backend.identity, backend.weight, backend)
        for backend in _sorted(split)
        if pair is None or not backend.role
    ]
    return (*arms, *([_arm(split, PAIR, pair.total, pair)] if pair is not None else []))


def _arm(split: Split, name: str, weight: int, owner: Backend | Splitter) -> _Arm:
    return blake2b(_framed(split.salt) + _framed(name), digest_size=8), -1.0 / weight, owner


def _framed(text: str) -> bytes:
    """Behind its length, so that no two (salt, identity, key) are the same bytes."""
    data = text.encode("utf-8", "surrogatepass")
    return len(data).to_bytes(4, "big") + data


def _sorted(split: Split) -> tuple[Backend, ...]:
    return tuple(sorted(split.backends, key=lambda backend: backend.identity))


def _weights(split: Split) -> list[tuple[str, int]]:
    return [(backend.identity, backend.weight) for backend in _sorted(split)]


def _nested(backends: tuple[Backend, ...]) -> tuple[_Level, ...]:
    rest = sum(backend.weight for backend in backends)
    levels = []
    for backend in backends[:-1]:
        rest -= backend.weight
        levels.append(_Level(backend.weight, rest))
    return tuple(levels)
