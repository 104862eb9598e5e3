"""The routing table's values. Every value is frozen and names the object that it came from.

RoutingTable ──► Listener ── routes (keys) ──► Route ──► Rule ──► Split ──► Backend ── ref.key ──► Pool
"""

from typing import Literal

from msgspec import Struct


class ObjectRef(Struct, frozen=True, order=True):
    """The name of an API object. `str()` is `group/kind/namespace/name`, the identity that splits hash."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.group}/{self.kind}/{self.namespace}/{self.name}"

    @property
    def key(self) -> str:
        """`namespace/name`: unique within one kind."""
        return f"{self.namespace}/{self.name}"


class HeaderChange(Struct, frozen=True, omit_defaults=True):
    """One header modifier: `remove`, then `set`, then `add`. Names match in any case; a value may not hold CR or LF.

    `set` replaces every line of that name by one; `add` appends a line. Pairs are (name, value) in the spec's order.
    """

    set: tuple[tuple[str, str], ...] = ()
    add: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()


class PathModifier(Struct, frozen=True):
    """`full` replaces the whole path; `prefix` replaces the matched prefix, by whole path elements."""

    type: Literal["full", "prefix"]
    value: str


class Rewrite(Struct, frozen=True):
    """What the model server gets to see as Host and path; empty and None leave them."""

    hostname: str = ""
    path: PathModifier | None = None


class Redirect(Struct, frozen=True):
    """The answer is a `Location`; empty, None and 0 keep what the request had (HTTPRoute `RequestRedirect`)."""

    code: int = 302
    scheme: str = ""
    hostname: str = ""
    port: int = 0
    path: PathModifier | None = None


class Mirror(Struct, frozen=True):
    """A copy of `numerator` in `denominator` requests goes to one endpoint of `pool`; its answer is thrown away."""

    pool: ObjectRef
    numerator: int = 100
    denominator: int = 100


class Filters(Struct, frozen=True, omit_defaults=True):
    """What is done to a request and its answer on the way. The lists are applied in order."""

    request_headers: tuple[HeaderChange, ...] = ()
    response_headers: tuple[HeaderChange, ...] = ()
    rewrite: Rewrite | None = None
    redirect: Redirect | None = None
    mirrors: tuple[Mirror, ...] = ()


NO_FILTERS = Filters()


class Timeouts(Struct, frozen=True):
    """Seconds; None where the route says nothing, 0.0 where it switches the limit off.

    `request` covers the whole exchange with its retries, `backend_request` each try.
    """

    request: float | None = None
    backend_request: float | None = None


class Backend(Struct, frozen=True, omit_defaults=True):
    """One arm of a split.

    `weight` is at least 1: an arm of weight 0 is left out of its split.
    `invalid` is empty, or the reason (HTTPRoute `ResolvedRefs`) for which this arm's share is answered 500.
    `role` is empty where no rollout sets the weights.
    `filters` are the backendRef's own; they are applied after the rule's. `ordinal` tells arms of one ref apart whose
    filters differ: 0, 1, ... in the rule's order.
    """

    ref: ObjectRef
    weight: int
    invalid: str = ""
    role: Literal["", "stable", "candidate"] = ""
    filters: Filters = NO_FILTERS
    ordinal: int = 0

    @property
    def identity(self) -> str:
        """What a split hashes: the ref, and the ordinal where there is more than one arm of it."""
        return f"{self.ref}#{self.ordinal}" if self.ordinal else str(self.ref)


class WatchedMetric(Struct, frozen=True):
    """One kind of miss to be counted. `builtin` is an InferenceRollout's word for it.

    `threshold` is in seconds; 0.0 for a metric that is no time, and for one whose threshold is not known yet.
    """

    name: str
    builtin: str
    threshold: float = 0.0


class Watch(Struct, frozen=True):
    """What is to be told of each arm's requests to the rollout (`NAMESPACE/NAME`) that sets a split's weights.

    `epoch` grows whenever the rollout changes the weights: what is told of a request bears that of its assignment.
    Times (TTFT, TPOT) are counted from `cold_grace` seconds after the epoch's first request on. `strata` are what
    requests are told apart by (`promptLength`).
    """

    rollout: str
    uid: str
    epoch: int
    metrics: tuple[WatchedMetric, ...]
    strata: tuple[str, ...] = ()
    cold_grace: float = 0.0


class SplitKey(Struct, frozen=True):
    """Where a request's key is found: in header or field `name`, in its first `messages`, or in its address."""

    source: Literal["header", "bodyField", "prefixHash", "clientIP"]
    name: str = ""
    messages: int = 0


class Split(Struct, frozen=True, omit_defaults=True):
    """How a rule's requests are shared.

    `salt` keys the stable hash of keyed requests: the route's UID and the rule's name or index; under a rollout the
    rollout's UID and the rule's name, or its place among the rollout's rules. No two splits have one salt.
    `backends` are sorted by `identity`, each once; none means that every request is answered 500.
    `watch` is there while a rollout sets the weights. `keys`: the first that a request has is its key; none means
    header x-session-id, then body field prompt_cache_key.
    """

    salt: str
    backends: tuple[Backend, ...]
    watch: Watch | None = None
    keys: tuple[SplitKey, ...] = ()


class PathMatch(Struct, frozen=True):
    """`PathPrefix` matches whole path elements: `/abc` matches `/abc`, `/abc/` and `/abc/d`, never `/abcd`.

    A `RegularExpression` is RE2 syntax and must match the whole path.
    """

    type: Literal["Exact", "PathPrefix", "RegularExpression"]
    value: str


class ValueMatch(Struct, frozen=True):
    """A header (`name` in lower case) or a query parameter (`name` as it is written) that a request must carry.

    A `RegularExpression` is RE2 syntax and must match the whole value.
    """

    name: str
    value: str
    type: Literal["Exact", "RegularExpression"] = "Exact"


class Match(Struct, frozen=True, omit_defaults=True):
    """What a request must look like: all of it must hold. Each header and parameter is named once; no method is any."""

    path: PathMatch
    method: str = ""
    headers: tuple[ValueMatch, ...] = ()
    query: tuple[ValueMatch, ...] = ()


class Rule(Struct, frozen=True, omit_defaults=True):
    """`name` is the rule's own name, or its index in the route as text.

    A rule whose `filters` redirect has no backends and needs none. `timeouts` is None where the route sets none.
    """

    name: str
    index: int
    matches: tuple[Match, ...]
    split: Split
    filters: Filters = NO_FILTERS
    timeouts: Timeouts | None = None


class Route(Struct, frozen=True):
    """An accepted HTTPRoute. `created` is RFC 3339 text: it orders routes that match equally well.

    `hostnames` is empty for every host.
    """

    ref: ObjectRef
    uid: str
    created: str
    hostnames: tuple[str, ...]
    rules: tuple[Rule, ...]


class Parameters(Struct, frozen=True, omit_defaults=True):
    """What a Gateway's GatewayParameters set; None leaves the worker's own default. Sizes in bytes, times in seconds.

    `idle`: how long a connection without a request is kept. `first_byte`: how long a server may take from a whole
    request to its answer's first byte; `stream_idle`: from one piece of its answer to the next. 0.0 is for ever.
    `response_headers`: whether answers bear `x-turnout-pool` and `x-turnout-endpoint`. `access_log` is the share of
    requests that get a line in it; 0.0 is those that failed, which always do; negative is none at all.
    """

    body_bytes: int | None = None
    idle: float | None = None
    response_headers: bool = True
    first_byte: float | None = None
    stream_idle: float | None = None
    access_log: float | None = None


DEFAULT_PARAMETERS = Parameters()


class Sealed(Struct, frozen=True):
    """A private key, a certificate or an API key. Its text is never shown."""

    value: bytes

    def __repr__(self) -> str:
        return "Sealed(...)"


class Certificate(Struct, frozen=True):
    """What a listener shows to clients. `digest` is the key of `RoutingTable.vault` under which its PEM text is.

    That is the chain, then the private key. `names` are the DNS names and addresses of the first certificate, in lower
    case. `algorithm` tells kinds of keys apart: a client may know one and not the other.
    """

    ref: ObjectRef
    digest: str
    names: tuple[str, ...]
    algorithm: str


class Access(Struct, frozen=True, omit_defaults=True):
    """How a model server is spoken to; empty fields say nothing.

    With `tls` its certificate must bear `hostname` and be signed by an authority in the PEM text `ca`, the system's
    where that is empty. `key` is sent as bearer token. `ca` and `key` are keys of `RoutingTable.vault`.
    """

    tls: bool = False
    hostname: str = ""
    ca: str = ""
    key: str = ""

    def over(self, other: "Access | None") -> "Access":
        """What it says, and the rest as `other` says: TLS goes as a whole, and so does the key."""
        if other is None:
            return self
        tls = self if self.tls else other
        return Access(tls.tls, tls.hostname or self.hostname, tls.ca, self.key or other.key)


class Listener(Struct, frozen=True, omit_defaults=True):
    """A listener of a Gateway of our class. `port` is the spec's; `served_port` is where its socket is.

    `hostname` is empty for every host. `routes` are keys of `RoutingTable.routes`, sorted. `parameters` are its
    Gateway's. With `tls` connections begin with TLS, and these are its certificates; all listeners of a port have some,
    or none has.
    """

    gateway: ObjectRef
    name: str
    port: int
    served_port: int
    hostname: str
    routes: tuple[str, ...]
    parameters: Parameters = DEFAULT_PARAMETERS
    tls: tuple[Certificate, ...] = ()


class OutlierDetection(Struct, frozen=True):
    """When failures keep an endpoint out: so many in a row, the n-th time for n times the base in seconds.

    Of those ready in the pool at most `max_ejection_percent` are kept out at a time.
    """

    consecutive_errors: int
    base_ejection: float
    max_ejection_percent: int


class RetryBudget(Struct, frozen=True):
    """Retries are at most `percent` of the requests of the last `interval` seconds.

    `min_count` in any `min_interval` seconds are always free.
    """

    percent: int
    interval: float
    min_count: int
    min_interval: float


class Pool(Struct, frozen=True, omit_defaults=True):
    """An InferencePool as requests meet it. Its endpoints travel on their own path.

    `access` is how its servers are spoken to, where they say nothing of themselves; None is plainly. `outlier` and
    `retry_budget` are None where no policy sets them.
    """

    ref: ObjectRef
    access: Access | None = None
    outlier: OutlierDetection | None = None
    retry_budget: RetryBudget | None = None


class RoutingTable(Struct, frozen=True):
    """The whole table, sorted throughout, so that equal inputs give equal tables. Keys are `ObjectRef.key`.

    `servers` are the ModelServers that say how they are spoken to. `vault` holds what may not be shown, by digest.
    """

    listeners: tuple[Listener, ...] = ()
    routes: dict[str, Route] = {}
    pools: dict[str, Pool] = {}
    servers: dict[str, Access] = {}
    vault: dict[str, Sealed] = {}

    def access(self, pool: str, server: str) -> Access | None:
        """How a server of a pool is spoken to (keys of both); None is plainly, and without a key."""
        known, own = self.pools.get(pool), self.servers.get(server)
        common = known.access if known is not None else None
        found = own.over(common) if own is not None else common
        return found if found is not None and (found.tls or found.key) else None
