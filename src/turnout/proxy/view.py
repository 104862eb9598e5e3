"""A version of the table, compiled: the rule that serves a request, with all that its requests need."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from turnout.endpoints.management import is_management
from turnout.proxy.answers import Fault, Notice, forbidden_path
from turnout.proxy.filters import HeaderEdit, Revision
from turnout.proxy.filters import revised as edited
from turnout.proxy.heads import COLON, CRLF
from turnout.proxy.mirror import mirrors_of
from turnout.proxy.redirects import Redirection
from turnout.proxy.request import Request
from turnout.proxy.watched import Watched, mixed
from turnout.routing import Asked, Index, Sequence, Shortlist, Target, carry
from turnout.table import NO_FILTERS, Backend, Filters, PathMatch, Redirect, Route, RoutingTable, Rule, Split, Timeouts
from turnout.table.keyed import changed, revised
from turnout.telemetry.record import Place

FOUND = 1024
"""Requests (port, host, path) whose plan is known without a look into the index: clients ask for the same few."""
LONG = 512
"""Characters of a path that is not remembered: a thousand of the longest would take 64 MB."""
NO_TIMEOUTS = Timeouts()
FOREVER = float("inf")
K = TypeVar("K")
V = TypeVar("V")


class Arm:
    """A backend of a plan. `key` is its pool's, `line` the header line that names the pool, empty if none may.

    `place` is the records'. `revision` is what its own filters do to the request, None where they do nothing;
    `responses` are the rule's header changes and then its own. `mirrors` get copies.
    """

    __slots__ = ("backend", "key", "line", "mirrors", "place", "responses", "revision")

    def __init__(self, backend: Backend, plan: "Plan") -> None:
        self.backend = backend
        self.key = backend.ref.key
        self.line = b"x-turnout-pool: %b\r\n" % backend.ref.name.encode() if plan.named else b""
        self.revision = _revision(backend.filters, plan.target.match.path)
        weight, total = backend.weight, plan.splitter.total
        self.place = Place(plan.route, plan.rule, self.key, backend.role, weight, total, plan.version, plan.logged)
        self.mirrors = mirrors_of(plan.target.rule, backend)
        self.responses: tuple[HeaderEdit, ...] = ()
        for revision in (plan.revision, self.revision):
            if revision is not None:
                self.responses += revision.responses


class Plan:
    """A match of one view with all that its requests need worked out once. `route` is the route's key.

    `watched` is None where no rollout watches; `mix` tells the rule's keys from those of others. `plain`: nothing of
    what follows is to be done. `redirection` answers the request; `revision` are the rule's filters; `body` is the
    limit of the body's bytes, None for the worker's; `request_seconds` and `attempt_seconds` are 0 for no limit.
    `guarded`: paths for managing model servers are refused, `late` where they are known only after a backend's filters.
    `named`: answers say which pool and endpoint they come from.
    `first_byte` and `stream_idle` are the limits of a server's silence, None for the worker's, 0 for none.
    `logged` is the access log's, `place` the records' of requests without a backend: see `Record`.
    """

    __slots__ = (
        "_arms",
        "_forbidden",
        "attempt_seconds",
        "body",
        "first_byte",
        "guarded",
        "late",
        "logged",
        "mix",
        "named",
        "place",
        "plain",
        "redirection",
        "request_seconds",
        "revision",
        "route",
        "rule",
        "sequence",
        "splitter",
        "stream_idle",
        "target",
        "version",
        "watched",
    )

    def __init__(
        self,
        target: Target,
        sequence: Sequence,
        watched: Watched | None = None,
        version: int = 0,
        *,
        forbidden: bool = False,
    ) -> None:
        rule, path, parameters = target.rule, target.match.path, target.listener.parameters
        redirect, timeouts = rule.filters.redirect, rule.timeouts or NO_TIMEOUTS
        self.target = target
        self.splitter = target.splitter
        self.sequence = sequence
        self.route = target.route.ref.key
        self.rule = rule.name
        self.watched = watched
        self.mix = mixed(f"{self.route}/{self.rule}")
        self.redirection = _redirection(redirect, target) if redirect is not None else None
        self.revision = _revision(rule.filters, path)
        self.body = parameters.body_bytes
        self.named = parameters.response_headers
        self.first_byte = parameters.first_byte
        self.stream_idle = parameters.stream_idle
        self.logged = parameters.access_log
        self.version = version
        self.place = Place(self.route, self.rule, table_version=version, logged=self.logged)
        self.request_seconds = timeouts.request or 0.0
        self.attempt_seconds = timeouts.backend_request or 0.0
        self.guarded = path.type != "Exact"
        self.late = any(_rewrites(backend.filters) for backend in rule.split.backends)
        self._forbidden = forbidden and self.guarded
        self.plain = (
            self.redirection is None
            and self.revision is None
            and self.body is None
            and not (self.request_seconds or self._forbidden)
        )
        self._arms: dict[int, Arm] = {}

    def prepare(self, request: Request) -> Fault | Notice | None:
        """Does what the rule's own filters ask for; returns the answer where that is one."""
        revision = self.revision
        if self.redirection is not None:
            lines = [b"location", COLON, self.redirection.location(request.host, request.url), CRLF]
            if revision is not None:
                lines = edited(lines, revision.responses)
            return Notice(self.redirection.code, b"".join(lines))
        if revision is not None:
            revision.apply(request)
        if self.forbids(request.path()):
            return forbidden_path(request.path())
        return None

    def forbids(self, path: str) -> bool:
        """Whether a request is refused that the rule's own filters have given this path."""
        if not self.guarded or self.late:
            return False
        return self._forbidden if self.revision is None or self.revision.path is None else is_management(path)

    def patience(self, quiet: float, *, answered: bool) -> float:
        """Seconds that the server may be silent; `quiet` where the Gateway does not say."""
        limit = self.stream_idle if answered else self.first_byte
        return quiet if limit is None else limit or FOREVER

    def arm(self, backend: Backend) -> Arm:
        """The arm of a backend that the rule's splitter or sequence gave out."""
        arm = self._arms.get(id(backend))  # an arm holds its backend, so that no other comes to have its id
        if arm is None:
            arm = self._arms[id(backend)] = Arm(backend, self)
        return arm


class View:
    """One version of the table, compiled. A request keeps the one that it began with.

    `sequences` are the places of keyless requests, by their split's salt; `watched` the splits that rollouts watch, by
    their identity; `idle` the seconds that a connection to a port is kept without a request, where a Gateway says so.
    `logging` is what a port's requests without a route get in the access log, where a Gateway says so.
    `watching` are the routes that rollouts watch, `mirroring` those that have mirrors.
    """

    __slots__ = (
        "_found",
        "_listed",
        "_plans",
        "idle",
        "index",
        "logging",
        "mirroring",
        "sequences",
        "table",
        "version",
        "watched",
        "watching",
    )

    def __init__(self, version: int, table: RoutingTable, index: Index) -> None:
        self.version = version
        self.table = table
        self.index = index
        self.sequences: dict[str, Sequence] = {}
        self.watching: dict[str, Route] = {}
        self.mirroring: dict[str, Route] = {}
        self.watched: dict[int, Watched] = {}
        self.idle: dict[int, float] = {}
        self.logging: dict[int, float] = {}
        self._plans: dict[tuple[int, bool], Plan] = {}
        self._found: dict[tuple[int, str, str], Plan] = {}
        self._listed: dict[tuple[int, str, str], tuple[Shortlist, bool]] = {}

    @classmethod
    def of(cls, table: RoutingTable, version: int, old: "View | None" = None, index: Index | None = None) -> "View":
        """The view of `table`; `index` is the table's own. A split that is as it was in `old` keeps its place."""
        made = cls(version, table, index or Index.build(table))
        made._carry(old or cls(0, RoutingTable(), Index({})))
        for listener in table.listeners:
            if listener.parameters.idle is not None:
                made.idle.setdefault(listener.served_port, listener.parameters.idle)
            if listener.parameters.access_log is not None:
                made.logging.setdefault(listener.served_port, listener.parameters.access_log)
        return made

    def _carry(self, old: "View") -> None:
        """Takes over what has not changed."""
        before, after = old.table.routes, self.table.routes
        keys = changed(before, after)
        if old.sequences:
            salts = {rule.split.salt for key in keys if key in before for rule in before[key].rules}
            self.sequences = {salt: each for salt, each in old.sequences.items() if salt not in salts}
        there = {key: after[key] for key in keys if key in after}
        for route in there.values():
            for rule in route.rules:
                past = old.sequences.get(rule.split.salt)
                if past is not None:
                    self.sequences[rule.split.salt] = carry(past, rule.split)
        gone = dict.fromkeys(keys)
        self.watching = revised(old.watching, {**gone, **_those(there, _is_watched)})
        self.mirroring = revised(old.mirroring, {**gone, **_those(there, _has_mirrors)})

    def plan(self, port: int, host: str, path: str, asked: Asked) -> Plan | None:
        """The plan of the match that serves the request; None when none does."""
        key = (port, host, path)
        return self._found.get(key) or self._choose(key, asked)

    def _choose(self, key: tuple[int, str, str], asked: Asked) -> Plan | None:
        """A plan is remembered for its port, host and path only where no more of the request counts."""
        listed = self._listed.get(key)
        if listed is None:
            listed = self.index.shortlist(*key), is_management(key[2])
        shortlist, forbidden = listed
        target = shortlist.first(asked)
        plan = self._plan(target, forbidden=forbidden) if target is not None else None
        if shortlist.is_empty or len(key[2]) > LONG:
            return plan
        if shortlist.guarded:
            _remember(self._listed, key, listed)
        elif plan is not None:
            _remember(self._found, key, plan)
        return plan

    def _plan(self, target: Target, *, forbidden: bool) -> Plan:
        key = id(target), forbidden  # the index holds its targets
        plan = self._plans.get(key)
        if plan is None:
            split = target.rule.split
            watched = self.watched.get(id(split))
            plan = self._plans[key] = Plan(target, self._sequence(split), watched, self.version, forbidden=forbidden)
        return plan

    def _sequence(self, split: Split) -> Sequence:
        sequence = self.sequences.get(split.salt)
        if sequence is None:
            sequence = self.sequences[split.salt] = carry(None, split)
        return sequence


def _those(routes: Mapping[str, Route], test: Callable[[Rule], bool]) -> dict[str, Route]:
    return {key: route for key, route in routes.items() if any(map(test, route.rules))}


def _is_watched(rule: Rule) -> bool:
    return rule.split.watch is not None


def _has_mirrors(rule: Rule) -> bool:
    return bool(rule.filters.mirrors) or any(backend.filters.mirrors for backend in rule.split.backends)


def _remember(found: dict[K, V], key: K, value: V) -> None:
    if len(found) >= FOUND:
        found.clear()
    found[key] = value


def _revision(filters: Filters, match: PathMatch) -> Revision | None:
    if filters == NO_FILTERS:
        return None
    return Revision(filters, match)


def _redirection(redirect: Redirect, target: Target) -> Redirection:
    listener = target.listener
    return Redirection(redirect, target.match.path, listener.served_port, tls=bool(listener.tls))


def _rewrites(filters: Filters) -> bool:
    return filters.rewrite is not None and filters.rewrite.path is not None
