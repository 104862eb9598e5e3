"""HTTPRoutes under the weights of rollouts, and what follows from all of them together."""

from collections.abc import Mapping

from msgspec import Struct

from turnout.resources.inferencerollout import InferenceRollout
from turnout.table.keyed import revised
from turnout.translate.destinations import Destinations
from turnout.translate.http_routes import ReadRoute, attached_routes
from turnout.translate.inference_pools import referring_gateways
from turnout.translate.overlays import overlaid, owners_of
from turnout.translate.reading import interned
from turnout.translate.rollouts import ReadRollout, Surroundings, read_rollouts


class Shift(Struct, frozen=True):
    """The routes that are other objects than before: as they were and as they are, without those that are not there."""

    before: dict[str, ReadRoute]
    after: dict[str, ReadRoute]

    @property
    def keys(self) -> set[str]:
        """All of them."""
        return {*self.before, *self.after}


class Laying:
    """The routes as they are served. What says the same as before stays the same object, but for its `resource`.

    `attached` are the route keys of each (Gateway key, listener name), `referring` the Gateways that reach each pool.
    """

    def __init__(self) -> None:
        self.routes: dict[str, ReadRoute] = {}
        self.rollouts: tuple[ReadRollout, ...] = ()
        self.attached: dict[tuple[str, str], tuple[str, ...]] = {}
        self.referring: dict[str, tuple[str, ...]] = {}
        self._destinations = Destinations({})
        self._written: Mapping[str, InferenceRollout] = {}
        self._owners: dict[str, dict[int, ReadRollout]] = {}

    def update(
        self,
        routes: Mapping[str, ReadRoute],
        read: list[str],
        rollouts: Mapping[str, InferenceRollout],
        destinations: Destinations,
    ) -> Shift:
        """Lays the weights over `routes`, of which those named in `read` are others than the last time."""
        owners, known = self._owners, self._destinations
        others = destinations.pools is not known.pools or destinations.grants != known.grants
        if read or others or rollouts is not self._written:
            self.rollouts = read_rollouts(rollouts, Surroundings(routes, destinations))
            self._owners = owners_of(self.rollouts)
            self._written, self._destinations = rollouts, destinations
        found: dict[str, ReadRoute | None] = {}
        for key in dict.fromkeys((*read, *owners, *self._owners)):
            route, before = routes.get(key), self.routes.get(key)
            if route is not None:
                route = interned(overlaid(route, self._owners.get(key, {}), destinations), before)
            if route is None or before is None or route.resource is not before.resource or route != before:
                found[key] = route
        shift = Shift(_there({key: self.routes.get(key) for key in found}), _there(found))
        self.routes = revised(self.routes, found)
        self._relate(shift)
        return shift

    def _relate(self, shift: Shift) -> None:
        """Looks at every route only where those that changed make a difference."""
        before, after = list(shift.before.values()), list(shift.after.values())
        if attached_routes(before) != attached_routes(after):
            self.attached = attached_routes(list(self.routes.values()))
        if referring_gateways(before) != referring_gateways(after):
            self.referring = referring_gateways(self.routes.values())


def _there(found: Mapping[str, ReadRoute | None]) -> dict[str, ReadRoute]:
    return {key: route for key, route in found.items() if route is not None}
