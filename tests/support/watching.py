"""A watched split between two pools, and what the worker has to tell of it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from tests.support.worker import PORT, Gateway, table
from turnout.channels import ArmCount, ArmLoad, Assigned, KeyLoad, Miss, Times
from turnout.proxy.observer import Observer
from turnout.table import RoutingTable, Watch, WatchedMetric

METRICS = (
    WatchedMetric("ttft", "TTFT", 60.0),
    WatchedMetric("tpot", "TPOT", 60.0),
    WatchedMetric("errors", "ErrorRate"),
    WatchedMetric("client-errors", "ClientError"),
    WatchedMetric("broken", "BrokenStream"),
    WatchedMetric("empty", "EmptyOutput"),
    WatchedMetric("json", "InvalidJSON"),
    WatchedMetric("finish", "FinishReason"),
)


def watched(
    weights: Mapping[str, int],
    metrics: Sequence[WatchedMetric] = METRICS,
    *,
    epoch: int = 1,
    strata: tuple[str, ...] = (),
    cold_grace: float = 0.0,
    port: int = PORT,
) -> RoutingTable:
    """The table of `worker.table`, whose rule is watched; pools are named after their arms, or have none."""
    made = table(weights, port=port)
    watch = Watch("default/r", "uid-1", epoch, tuple(metrics), strata, cold_grace)
    route = made.routes["default/r"]
    rule = route.rules[0]
    backends = tuple(
        replace(each, role=each.ref.name) if each.ref.name in {"stable", "candidate"} else each
        for each in rule.split.backends
    )
    split = replace(rule.split, backends=backends, watch=watch)
    return replace(made, routes={"default/r": replace(route, rules=(replace(rule, split=split),))})


class Told:
    """Everything that a worker told since this began."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.arms: list[ArmCount] = []
        self.misses: list[Miss] = []
        self.assignments: list[Assigned] = []
        self.loads: list[ArmLoad] = []
        self.keys: list[KeyLoad] = []
        self.times: list[Times] = []
        self.left_out = 0

    def listen(self) -> "Told":
        """Takes the next report in."""
        observed = self._observer.take()
        self.arms += observed.arms
        self.misses += observed.misses
        self.assignments += observed.assignments
        self.loads += observed.loads
        self.keys += observed.keys
        self.times += observed.times
        self.left_out += observed.misses_left_out
        return self

    def judged(self) -> dict[str, tuple[int, int]]:
        """By metric: requests judged, and those that missed."""
        self.listen()
        units: Counter[str] = Counter()
        misses: Counter[str] = Counter()
        for each in self.arms:
            units[each.metric] += each.units
            misses[each.metric] += each.misses
        return {name: (count, misses[name]) for name, count in units.items()}

    def missed(self) -> set[str]:
        """The metrics that listed a miss."""
        self.judged()
        return {each.metric for each in self.misses}


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def slowed(served: Gateway, clock: Clock) -> None:
    """From the next table on the worker goes by `clock`."""
    served.state.clock = clock
    served.state.observer = Observer(clock)
