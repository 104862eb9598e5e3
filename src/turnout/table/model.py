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


class Backend(Struct, frozen=True):
    """One arm of a split.

    `weight` is at least 1: an arm of weight 0 is left out of its split.
    `invalid` is empty, or the reason (HTTPRoute `ResolvedRefs`) for which this arm's share is answered 500.
    `role` is empty where no rollout sets the weights.
    """

    ref: ObjectRef
    weight: int
    invalid: str = ""
    role: Literal["", "stable", "candidate"] = ""


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
    `backends` are sorted by `str(ref)`, each ref once; none means that every request is answered 500.
    `watch` is there while a rollout sets the weights. `keys`: the first that a request has is its key; none means
    header x-session-id, then body field prompt_cache_key.
    """

    salt: str
    backends: tuple[Backend, ...]
    watch: Watch | None = None
    keys: tuple[SplitKey, ...] = ()


class PathMatch(Struct, frozen=True):
    """`PathPrefix` matches whole path elements: `/abc` matches `/abc`, `/abc/` and `/abc/d`, never `/abcd`."""

    type: Literal["Exact", "PathPrefix"]
    value: str


class Match(Struct, frozen=True):
    """What a request must look like: all of it must hold."""

    path: PathMatch


class Rule(Struct, frozen=True):
    """`name` is the rule's own name, or its index in the route as text."""

    name: str
    index: int
    matches: tuple[Match, ...]
    split: Split


class Route(Struct, frozen=True):
    """An accepted HTTPRoute. `created` is RFC 3339 text: it orders routes that match equally well.

    `hostnames` is empty for every host.
    """

    ref: ObjectRef
    uid: str
    created: str
    hostnames: tuple[str, ...]
    rules: tuple[Rule, ...]


class Listener(Struct, frozen=True):
    """A listener of a Gateway of our class. `port` is the spec's; `served_port` is where its socket is.

    `hostname` is empty for every host. `routes` are keys of `RoutingTable.routes`, sorted.
    """

    gateway: ObjectRef
    name: str
    port: int
    served_port: int
    hostname: str
    routes: tuple[str, ...]


class Pool(Struct, frozen=True):
    """An InferencePool as requests meet it. Its endpoints travel on their own path."""

    ref: ObjectRef


class RoutingTable(Struct, frozen=True):
    """The whole table, sorted throughout, so that equal inputs give equal tables. Keys are `ObjectRef.key`."""

    listeners: tuple[Listener, ...] = ()
    routes: dict[str, Route] = {}
    pools: dict[str, Pool] = {}
