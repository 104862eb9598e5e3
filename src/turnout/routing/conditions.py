"""What a match asks for beyond host and path: method, headers and query parameters."""

from collections.abc import Callable, Iterator
from functools import partial
from operator import eq
from typing import Protocol
from urllib.parse import unquote_to_bytes

from turnout.routing.expressions import Test, expression
from turnout.table import Match, ValueMatch

Pair = tuple[bytes, bytes]
Expressions = Callable[[str], Test]


class Asked(Protocol):
    """A request as conditions see it. It is read only where a rule that may serve it has any.

    The proxy's `Request` is one.
    """

    @property
    def method(self) -> bytes:
        """As it is written."""

    @property
    def url(self) -> bytes:
        """The target with its query."""

    @property
    def lines(self) -> list[bytes]:
        """The headers, four items each: name, b": ", value, CRLF."""


class Seen:
    """What `Asked` says, each part read once and no sooner than a condition asks.

    Header names are in lower case, and the values of a repeated header are joined by `, ` (RFC 9110 section 5.3).
    Names and values of parameters are percent-decoded and `+` is a space; the first of a repeated name counts.
    """

    __slots__ = ("_asked", "_headers", "_query", "method")

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._headers: dict[bytes, bytes] | None = None
        self._query: dict[bytes, bytes] | None = None
        self.method = asked.method

    def headers(self) -> dict[bytes, bytes]:
        """The header values by name."""
        if self._headers is None:
            lines = self._asked.lines
            found: dict[bytes, bytes] = {}
            for at in range(0, len(lines) - 2, 4):
                name, value = lines[at].lower(), lines[at + 2]
                found[name] = found[name] + b", " + value if name in found else value
            self._headers = found
        return self._headers

    def query(self) -> dict[bytes, bytes]:
        """The query parameters by name."""
        if self._query is None:
            found: dict[bytes, bytes] = {}
            for part in self._asked.url.partition(b"?")[2].split(b"&"):
                name, _, value = part.replace(b"+", b" ").partition(b"=")
                found.setdefault(unquote_to_bytes(name), unquote_to_bytes(value))
            self._query = found
        return self._query


class Guard:
    """A match's conditions beyond its path, compiled. `free`: there are none.

    `header` and `parameter` are a pair that every request it holds for must carry, None without an Exact one.
    """

    __slots__ = ("_headers", "_method", "_query", "free", "header", "parameter")

    def __init__(self, match: Match, compiled: Expressions = expression) -> None:
        """Raises ValueError for a pattern that is not RE2."""
        self._method = match.method.encode()
        self._headers = tuple((one.name.lower().encode(), _test(one, compiled)) for one in match.headers)
        self._query = tuple((one.name.encode(), _test(one, compiled)) for one in match.query)
        self.free = not (match.method or match.headers or match.query)
        self.header = next(((name.lower(), value) for name, value in _exact(match.headers)), None)
        self.parameter = next(_exact(match.query), None)

    def holds(self, seen: Seen) -> bool:
        """Whether the request meets every condition."""
        if self._method and self._method != seen.method:
            return False
        return (not self._headers or _all(self._headers, seen.headers())) and (
            not self._query or _all(self._query, seen.query())
        )


def _all(tests: tuple[tuple[bytes, Test], ...], values: dict[bytes, bytes]) -> bool:
    for name, test in tests:
        value = values.get(name)
        if value is None or not test(value):
            return False
    return True


def _exact(values: tuple[ValueMatch, ...]) -> Iterator[Pair]:
    return ((one.name.encode(), one.value.encode()) for one in values if one.type == "Exact")


def _test(value: ValueMatch, compiled: Expressions) -> Test:
    return compiled(value.value) if value.type == "RegularExpression" else partial(eq, value.value.encode())
