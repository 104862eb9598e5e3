"""The rules that may serve one host and path, in order of precedence: which of them does hangs on the request alone."""

from heapq import merge

from msgspec import Struct

from turnout.routing.conditions import Asked, Guard, Pair, Seen
from turnout.routing.split import Splitter
from turnout.table import Listener, Match, Route, Rule


class Target(Struct, frozen=True):
    """Where a request goes. `splitter` is the rule's split, compiled; `match` is the one of the rule's that matched."""

    listener: Listener
    route: Route
    rule: Rule
    splitter: Splitter
    match: Match


Guarded = tuple[int, Guard, Target]
"""A target, what it asks for, and its place in the order."""


class Choices:
    """The targets of one path, in order. `guarded`: some ask for more; `otherwise` asks for nothing and comes last.

    Targets that ask for an exact header or parameter are found by it, so that a thousand tenants told apart by a header
    cost no more than one.
    """

    __slots__ = ("_by_header", "_by_parameter", "_others", "guarded", "otherwise")

    def __init__(self, ordered: list[tuple[Guard, Target]]) -> None:
        self._by_header: dict[Pair, list[Guarded]] = {}
        self._by_parameter: dict[Pair, list[Guarded]] = {}
        self._others: list[Guarded] = []
        self.otherwise: Target | None = None
        self.guarded = False
        for place, (guard, target) in enumerate(ordered):
            if guard.free:
                self.otherwise = target
                break
            self.guarded = True
            if guard.header is not None:
                self._by_header.setdefault(guard.header, []).append((place, guard, target))
            elif guard.parameter is not None:
                self._by_parameter.setdefault(guard.parameter, []).append((place, guard, target))
            else:
                self._others.append((place, guard, target))

    def first(self, seen: Seen) -> Target | None:
        """The first target whose conditions the request meets; None when it meets none."""
        for _, guard, target in merge(*self._possible(seen), key=_place):
            if guard.holds(seen):
                return target
        return self.otherwise

    def _possible(self, seen: Seen) -> list[list[Guarded]]:
        possible = [self._others]
        if self._by_header:
            possible += [self._by_header[pair] for pair in seen.headers().items() if pair in self._by_header]
        if self._by_parameter:
            possible += [self._by_parameter[pair] for pair in seen.query().items() if pair in self._by_parameter]
        return possible


class Shortlist(Struct, frozen=True):
    """What may serve a host and path: `guarded` in order, then `otherwise`, which asks for nothing more.

    It holds for as long as its index, so that it may be kept by port, host and path; a Target may not, unless
    `guarded` is empty.
    """

    guarded: tuple[Choices, ...] = ()
    otherwise: Target | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no request to that host and path is served."""
        return not self.guarded and self.otherwise is None

    def first(self, asked: Asked) -> Target | None:
        """The target that serves the request; None when none does (`no-route`)."""
        if self.guarded:
            seen = Seen(asked)
            for choices in self.guarded:
                target = choices.first(seen)
                if target is not None:
                    return target
        return self.otherwise


def _place(guarded: Guarded) -> int:
    return guarded[0]
