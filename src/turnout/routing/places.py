"""Where values are found: by hostname, and by path within one. A version is made from the one before, which stays."""

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from turnout.routing.expressions import Test
from turnout.routing.shortlist import Choices
from turnout.table.keyed import replaced

T = TypeVar("T")


class Hosts(Generic[T]):
    """Values by hostname: exact ones, `*.suffix` (one label or more), and the empty one for every host."""

    __slots__ = ("_any", "_exact", "_suffixes")

    def __init__(
        self, exact: dict[str, T] | None = None, suffixes: dict[str, T] | None = None, every: T | None = None
    ) -> None:
        self._exact = exact or {}
        self._suffixes = suffixes or {}
        self._any = every

    def revised(self, changes: Mapping[str, T | None]) -> "Hosts[T]":
        """Another one with these values by hostname; None takes one away."""
        every = changes.get("", self._any)
        exact = {name: value for name, value in changes.items() if name and not name.startswith("*.")}
        suffixes = {name[1:]: value for name, value in changes.items() if name.startswith("*.")}
        return Hosts(replaced(self._exact, exact), replaced(self._suffixes, suffixes), every)

    def best(self, host: str) -> T | None:
        """The value of the most specific hostname that matches `host`."""
        return next(self.matching(host), None) if self._exact or self._suffixes else self._any

    def matching(self, host: str) -> Iterator[T]:
        """Every value whose hostname matches `host`, the most specific first."""
        exact = self._exact.get(host)
        if exact is not None:
            yield exact
        if self._suffixes:
            dot = host.find(".", 1)
            while dot != -1:
                value = self._suffixes.get(host[dot:])
                if value is not None:
                    yield value
                dot = host.find(".", dot + 1)
        if self._any is not None:
            yield self._any


class Paths:
    """Choices by path. `expressions` are in order, each with the test for its paths."""

    __slots__ = ("_exact", "_expressions", "_longest", "_prefixes")

    def __init__(
        self,
        exact: dict[str, Choices] | None = None,
        expressions: list[tuple[Test, Choices]] | None = None,
        prefixes: dict[str, Choices] | None = None,
    ) -> None:
        self._exact = exact or {}
        self._expressions = expressions or []
        self._prefixes = prefixes or {}
        self._longest = max(map(len, self._prefixes), default=0)

    def revised(
        self,
        exact: Mapping[str, Choices | None],
        prefixes: Mapping[str, Choices | None],
        expressions: list[tuple[Test, Choices]] | None,
    ) -> "Paths":
        """Another one with these choices by path, where None takes one away, and these expressions, unless None."""
        return Paths(
            replaced(self._exact, exact),
            self._expressions if expressions is None else expressions,
            replaced(self._prefixes, prefixes),
        )

    def matching(self, path: str) -> Iterator[Choices]:
        """What every path that matches leads to, the most specific first."""
        found = self._exact.get(path)
        if found is not None:
            yield found
        if self._expressions:
            text = path.encode("latin-1", "replace")
            for test, choices in self._expressions:
                if test(text):
                    yield choices
        prefixes = self._prefixes
        end = len(path)
        if end > self._longest:
            # Deeper elements than any prefix has are never looked at, however many a client sends.
            end = path.rfind("/", 0, self._longest + 1)
        while end > 0:
            found = prefixes.get(path[:end])
            if found is not None:
                yield found
            end = path.rfind("/", 0, end)
        found = prefixes.get("")
        if found is not None:
            yield found
