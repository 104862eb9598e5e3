"""Which endpoints get nothing for a while, by what is seen of them here: failures in a row eject, each time for longer.

fine ── n failures in a row ──► ejected ── base × ejections later ──► on trial ── served ──► fine
 └── refuses a connection ──► out for RETRY_SECONDS, or until             └── one failure ──► ejected
                              the scraper finds it ready ──► fine

Names as Envoy's outlier detection has them. A model server is dear and there are few: the first ejection is short, and
the scraper, which asks for `/health`, is trusted to see a restart.
"""

from collections.abc import Container, Mapping, Sequence
from math import inf

from msgspec import Struct
from msgspec.structs import replace

from turnout.endpoints.endpoint import Endpoint

RETRY_SECONDS = 1.0
"""An endpoint that refused a connection is out for so long: without a scraper it must come back too."""
FORGET = 60.0
"""Seconds without a failure, beyond an ejection, after which an endpoint is as if it had never failed."""


class OutlierSettings(Struct, frozen=True):
    """So many failures in a row eject. The n-th ejection lasts n times the base, at most `max_ejection`, in seconds.

    Of those ready in a pool at most `max_ejection_percent` are ejected, and never the last one.
    """

    consecutive_errors: int = 5
    base_ejection: float = 5.0
    max_ejection: float = 300.0
    max_ejection_percent: int = 50


DEFAULT = OutlierSettings()


class Standing(Struct, frozen=True):
    """What is held against an endpoint. Times are CLOCK_MONOTONIC seconds.

    `failures` in a row; `at` is the last one's time. `until`: ejected as long as that. `down`: it was seen down since
    it last served, so that the scraper's later word clears it.
    """

    failures: int = 0
    ejections: int = 0
    at: float = -inf
    until: float = -inf
    down: bool = False


def after_failure(standing: Standing, now: float, settings: OutlierSettings, *, refused: bool = False) -> Standing:
    """The standing once a request failed; `refused` when no connection came about.

    What fails during an ejection was sent before it, and makes it no longer.
    """
    down = standing.down or refused
    if now < standing.until:
        return replace(standing, at=now, down=down)
    failures = standing.failures + 1
    if failures < settings.consecutive_errors:
        return replace(standing, failures=failures, at=now, down=down)
    ejections = standing.ejections + 1
    until = now + min(settings.base_ejection * ejections, settings.max_ejection)
    return Standing(settings.consecutive_errors - 1, ejections, now, until, down)


def after_success(standing: Standing, now: float) -> Standing | None:
    """The standing once a request was served; None when nothing is held against the endpoint any more."""
    if now < standing.until:
        return standing
    return replace(standing, failures=0, down=False) if standing.ejections else None


def refuses(standing: Standing, endpoint: Endpoint, now: float) -> bool:
    """Whether it is not worth a connection: it refused one just now, and the scraper has not found it ready since."""
    return standing.down and endpoint.checked <= standing.at and now - standing.at < RETRY_SECONDS


def ejected(standing: Standing, endpoint: Endpoint, now: float) -> bool:
    """Whether it is ejected, and did not start anew since."""
    return now < standing.until and not (standing.down and endpoint.checked > standing.at)


def eligible(
    endpoints: Sequence[Endpoint], standings: Mapping[str, Standing], now: float, settings: OutlierSettings
) -> list[Endpoint]:
    """Those ready of a pool that requests may go to, in their order. Whose ejection ends first is let back first."""
    left: list[Endpoint] = []
    out: list[tuple[float, str]] = []
    for each in endpoints:
        standing = standings.get(each.address)
        if not each.ready or (standing is not None and refuses(standing, each, now)):
            continue
        left.append(each)
        if standing is not None and ejected(standing, each, now):
            out.append((standing.until, each.address))
    most = min(len(left) * settings.max_ejection_percent // 100, len(left) - 1)
    if not out or most < 1:
        return left
    gone = {address for _, address in sorted(out, reverse=True)[:most]}
    return [each for each in left if each.address not in gone]


class Outliers:
    """One worker's. Its methods say what happened; `eligible` says who is left. Settings are those of the pool.

    `standings` are those that something is held against. `version` grows when `eligible` may have become another, which
    it does by itself at `due`: then `turn` is. `proven` are those that served since they were last seen down.
    """

    __slots__ = ("due", "proven", "standings", "version")

    def __init__(self) -> None:
        self.standings: dict[str, Standing] = {}
        self.proven: set[str] = set()
        self.version = 0
        self.due = inf

    def failed(self, address: str, now: float, settings: OutlierSettings = DEFAULT, *, refused: bool = False) -> None:
        """A request failed at the endpoint."""
        old = self.standings.get(address) or Standing()
        new = self.standings[address] = after_failure(old, now, settings, refused=refused)
        if refused:
            self.proven.discard(address)
        if refused or new.until != old.until:
            self.version += 1
            self.due = min((self.due, *(end for end in _ends(new) if end > now)))

    def served(self, address: str, now: float) -> None:
        """The endpoint served a request to its end."""
        self.proven.add(address)
        old = self.standings.get(address)
        if old is not None:
            new = after_success(old, now)
            if new is None:
                del self.standings[address]
            else:
                self.standings[address] = new
            self.version += old.down

    def reached(self, address: str) -> None:
        """A new connection came about: one that was down is up, and starts anew."""
        old = self.standings.get(address)
        if old is not None and old.down:
            del self.standings[address]
            self.version += 1

    def eligible(
        self, endpoints: Sequence[Endpoint], now: float, settings: OutlierSettings = DEFAULT
    ) -> list[Endpoint]:
        """Those of a pool that requests may go to."""
        standings = self.standings
        for each in endpoints:
            if not each.ready and each.address in standings and not standings[each.address].down:
                standings[each.address] = replace(standings[each.address], down=True)
        return eligible(endpoints, standings, now, settings)

    def turn(self, now: float) -> None:
        """Somebody's time is over."""
        self.version += 1
        ends = [end for each in self.standings.values() for end in _ends(each) if end > now]
        self.due = min(ends, default=inf)

    def forget(self, now: float, known: Container[str]) -> None:
        """Lets go of old failures, and of what was proven of endpoints that are not `known`."""
        for address, each in list(self.standings.items()):
            if now - max(each.at, each.until) > FORGET:
                del self.standings[address]
        self.proven = {address for address in self.proven if address in known}


def _ends(standing: Standing) -> tuple[float, ...]:
    """When what is held against an endpoint keeps it out no longer."""
    return (standing.until, standing.at + RETRY_SECONDS) if standing.down else (standing.until,)
