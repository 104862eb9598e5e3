"""What is made to go wrong: the `--fault KIND=VALUE` of simulated servers, and each request's fate under them.

A request meets at most one fault, chosen by one throw, so each is seen at exactly the rate asked for. `slow`,
`slow-decode`, `crash-after` and `start-after` are properties of the server and combine with all others.
"""

import math
from collections.abc import Callable, Sequence
from enum import Enum

from msgspec import Struct

KINDS = {
    "error-rate": "error-rate=0.2",
    "status": "status=CODE:0.1",
    "slow": "slow=3",
    "slow-decode": "slow-decode=3",
    "hang": "hang=0.1",
    "broken-stream": "broken-stream=0.1",
    "stream-error": "stream-error=0.1",
    "empty": "empty=0.1",
    "invalid-json": "invalid-json=0.1",
    "crash-after": "crash-after=N",
    "start-after": "start-after=SECONDS",
}
"""Every kind of fault with the form in which it is written."""


class FaultError(ValueError):
    """A fault that cannot be understood; the text names it."""


class Ill(Enum):
    """What can happen to one request."""

    NONE = "none"
    STATUS = "status"
    """It is refused with a status."""
    HANG = "hang"
    """It is never answered."""
    BROKEN = "broken-stream"
    """Its answer is cut midway with the connection."""
    STREAM_ERROR = "stream-error"
    """Its stream ends in an error event; a whole answer becomes a 500."""
    EMPTY = "empty"
    """Its answer has no content."""
    INVALID_JSON = "invalid-json"
    """Its answer is no JSON; if it asked for JSON content, the content is none."""


class Fate(Struct, frozen=True):
    """What happens to one request; `code` is the status of `Ill.STATUS`, otherwise 0."""

    ill: Ill = Ill.NONE
    code: int = 0


FINE = Fate()


class Faults(Struct, frozen=True):
    """All faults of a server. `fates` are fates with their chances, which add up to at most 1."""

    fates: tuple[tuple[Fate, float], ...] = ()
    slow: float = 1.0
    slow_decode: float = 1.0
    crash_after: int | None = None
    """Requests answered, after which the server dies."""
    start_after: float = 0.0
    """Seconds for which it is starting."""

    def draw(self, dice: Callable[[], float]) -> Fate:
        """A request's fate. `dice` gives numbers uniform in [0, 1); it is not thrown where nothing can happen."""
        if not self.fates:
            return FINE
        left = dice()
        for fate, chance in self.fates:
            if left < chance:
                return fate
            left -= chance
        return FINE


def parse_faults(texts: Sequence[str]) -> Faults:
    """The faults written as `KIND=VALUE`. Raises FaultError that names the one that is wrong."""
    values: dict[str, float] = {}
    fates: dict[Fate, float] = {}
    for text in texts:
        kind, equals, value = text.partition("=")
        if kind not in KINDS:
            raise FaultError(f"fault {kind!r} does not exist; there are {', '.join(KINDS.values())}")
        if not equals or not value:
            raise FaultError(f"fault {kind} needs a value, as in {KINDS[kind]}")
        if kind in ("slow", "slow-decode", "crash-after", "start-after"):
            if kind in values:
                raise FaultError(f"fault {kind} is given twice")
            values[kind] = _property(kind, value)
        else:
            fate, chance = _fate(kind, value)
            if fate in fates:
                raise FaultError(f"fault {kind} is given twice" + (f" for {fate.code}" if fate.code else ""))
            fates[fate] = chance
    if math.fsum(fates.values()) > 1 + 1e-9:
        names = ", ".join(fate.ill.value for fate in fates)
        raise FaultError(f"the chances of {names} add up to {math.fsum(fates.values()):g}: a request meets one at most")
    return Faults(
        fates=tuple(fates.items()),
        slow=values.get("slow", 1.0),
        slow_decode=values.get("slow-decode", 1.0),
        crash_after=int(values["crash-after"]) if "crash-after" in values else None,
        start_after=values.get("start-after", 0.0),
    )


def _fate(kind: str, value: str) -> tuple[Fate, float]:
    if kind == "error-rate":
        return Fate(Ill.STATUS, 500), _number(kind, value, 0, 1)
    if kind == "status":
        code, colon, chance = value.partition(":")
        if not colon or not code.isascii() or not code.isdigit() or not 400 <= int(code) <= 599:
            raise FaultError(f"fault status: {value!r} is not CODE:CHANCE with a code from 400 to 599")
        return Fate(Ill.STATUS, int(code)), _number(f"status={code}", chance, 0, 1)
    return Fate(Ill(kind)), _number(kind, value, 0, 1)


def _property(kind: str, value: str) -> float:
    if kind == "crash-after":
        if not value.isascii() or not value.isdigit() or int(value) < 1:
            raise FaultError(f"fault crash-after: {value!r} is not a whole number of requests from 1")
        return int(value)
    return _number(kind, value, 0 if kind == "start-after" else 1, math.inf)


def _number(kind: str, value: str, low: float, high: float) -> float:
    try:
        number = float(value)
    except ValueError:
        raise FaultError(f"fault {kind}: {value!r} is not a number") from None
    if not low <= number <= high or math.isinf(number):
        limits = f"from {low:g}" + (f" to {high:g}" if math.isfinite(high) else " up")
        raise FaultError(f"fault {kind}: {value} is not {limits}")
    return number
