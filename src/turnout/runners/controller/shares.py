"""How each split is shared: as the newest table has it, as all workers serve it, and as requests came out."""

from collections.abc import Iterator

from turnout.channels import Count
from turnout.table import RoutingTable, Rule
from turnout.telemetry.snapshot import MOST_SERIES, Share

Place = tuple[str, str]
"""Route and rule."""
Arms = dict[tuple[str, str], float]
"""Shares by pool and role."""


class Shares:
    """Of the splits of more than one arm, and those that a rollout watches."""

    def __init__(self) -> None:
        self._desired: dict[Place, Arms] = {}
        self._effective: dict[Place, Arms] = {}
        self._seen: dict[Place, dict[tuple[str, str], int]] = {}
        self._table: RoutingTable | None = None

    def wanted(self, table: RoutingTable) -> None:
        """A new table was built. What was observed of a split that it changes is forgotten."""
        if table is self._table:
            return
        self._table = table
        desired = dict(_shared(table))
        self._seen = {
            place: self._seen.get(place, {}) if arms == self._desired.get(place) else {}
            for place, arms in desired.items()
        }
        self._desired = desired

    def served(self) -> None:
        """Every worker serves by the newest table."""
        self._effective = self._desired

    def count(self, count: Count) -> None:
        """Requests came out so."""
        seen = self._seen.get((count.route, count.rule))
        if seen is not None and count.pool:
            arm = (count.pool, count.role)
            seen[arm] = seen.get(arm, 0) + count.requests

    def rows(self) -> tuple[Share, ...]:
        """All of them, as many as are told."""
        found: list[Share] = []
        for kind, shared in (("desired", self._desired), ("effective", self._effective)):
            found += [Share(*place, *arm, kind, share) for place, arms in shared.items() for arm, share in arms.items()]
        for place, seen in self._seen.items():
            total = sum(seen.values())
            found += [Share(*place, *arm, "observed", number / total) for arm, number in seen.items() if total]
        return tuple(found[:MOST_SERIES])


def _shared(table: RoutingTable) -> Iterator[tuple[Place, Arms]]:
    for key, route in table.routes.items():
        for rule in route.rules:
            if len(rule.split.backends) > 1 or rule.split.watch is not None:
                yield (key, rule.name), _arms(rule)


def _arms(rule: Rule) -> Arms:
    arms: Arms = {}
    total = sum(each.weight for each in rule.split.backends)
    for each in rule.split.backends:
        arm = (each.ref.key, each.role)
        arms[arm] = arms.get(arm, 0.0) + each.weight / total
    return arms
