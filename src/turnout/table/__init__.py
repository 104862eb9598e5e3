"""What we mean: the frozen, whole, versioned table that a request is routed by.

Built by `translate` from what users write, read by `routing` in the workers. Knows neither side.
"""

from turnout.table.model import (
    Backend,
    Listener,
    Match,
    ObjectRef,
    PathMatch,
    Pool,
    Route,
    RoutingTable,
    Rule,
    Split,
    SplitKey,
    Watch,
    WatchedMetric,
)

__all__ = [
    "Backend",
    "Listener",
    "Match",
    "ObjectRef",
    "PathMatch",
    "Pool",
    "Route",
    "RoutingTable",
    "Rule",
    "Split",
    "SplitKey",
    "Watch",
    "WatchedMetric",
]
