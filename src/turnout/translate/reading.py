"""HTTPRoutes, each read again only when something that it is read by has changed."""

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from turnout.resources.httpfilter import HTTPRouteFilter
from turnout.resources.httproute import HTTPRoute
from turnout.resources.namespace import Namespace
from turnout.table.keyed import changed, revised
from turnout.translate.destinations import Destinations
from turnout.translate.gateways import OpenGateway
from turnout.translate.http_routes import ReadRoute, read_route


class Sources(Struct, frozen=True):
    """What routes are read by, beside their own resource."""

    gateways: Mapping[str, OpenGateway] = {}
    namespaces: Mapping[str, Namespace] = {}
    destinations: Destinations = Destinations({})


class Moved(Struct, frozen=True):
    """What of the sources is another than before, as far as a route can tell. `grants`: any at all."""

    gateways: frozenset[str]
    namespaces: frozenset[str]
    pools: frozenset[str]
    grants: bool

    def __bool__(self) -> bool:
        return bool(self.gateways or self.namespaces or self.pools or self.grants)


class Needs(Struct, frozen=True):
    """What one route is read by: keys of parents and of backends, mirrors' included. `afar`: in other namespaces."""

    parents: frozenset[str]
    namespace: str
    pools: frozenset[str]
    afar: bool

    @classmethod
    def of(cls, route: HTTPRoute) -> "Needs":
        """Those of the route: rather too many than too few."""
        namespace = route.metadata.namespace
        pools = frozenset(f"{other or namespace}/{name}" for other, name in _backends(route))
        return cls(
            parents=frozenset(f"{ref.namespace or namespace}/{ref.name}" for ref in route.spec.parent_refs),
            namespace=f"/{namespace}",
            pools=pools,
            afar=any(other not in (None, "", namespace) for other, _ in _backends(route)),
        )

    def hit(self, moved: Moved) -> bool:
        """Whether the route has to be read again."""
        return (
            not self.pools.isdisjoint(moved.pools)
            or not self.parents.isdisjoint(moved.gateways)
            or self.namespace in moved.namespaces
            or (moved.grants and self.afar)
        )


class Reading:
    """The routes as they were last read. What is read again and says the same stays the same object."""

    def __init__(self) -> None:
        self.routes: dict[str, ReadRoute] = {}
        self._sources = Sources()
        self._resources: dict[str, HTTPRoute] = {}
        self._needs: dict[str, Needs] = {}

    def update(self, resources: dict[str, HTTPRoute], sources: Sources) -> list[str]:
        """Reads what has to be read; returns the keys of `routes` that are other objects than before, or gone."""
        own = changed(self._resources, resources)
        moved = moved_between(self._sources, sources)
        others = [key for key, needs in self._needs.items() if needs.hit(moved)] if moved else []
        found: dict[str, ReadRoute | None] = {}
        needs: dict[str, Needs | None] = {}
        for key in dict.fromkeys((*own, *others)):
            resource, before = resources.get(key), self.routes.get(key)
            if resource is None:
                found[key] = needs[key] = None
            elif before is not None and not _told_anew(before.resource, resource) and not self._needs[key].hit(moved):
                found[key] = replace(before, resource=resource)
            else:
                read = read_route(resource, sources.gateways, sources.namespaces, sources.destinations)
                found[key], needs[key] = interned(read, before), Needs.of(resource)
        self.routes, self._needs = revised(self.routes, found), revised(self._needs, needs)
        self._resources, self._sources = resources, sources
        return list(found)


def interned(read: ReadRoute, before: ReadRoute | None) -> ReadRoute:
    """`read`, with the very part of the table that it had before where that says the same."""
    if before is None or read.route is before.route or read.route != before.route:
        return read
    return replace(read, route=before.route)


def moved_between(before: Sources, after: Sources) -> Moved:
    """What has changed from one to the other. A status moves nothing."""
    old, new = before.gateways, after.gateways
    spaces = changed(before.namespaces, after.namespaces)
    pools = changed(before.destinations.pools, after.destinations.pools)
    return Moved(
        gateways=frozenset(key for key in old.keys() | new.keys() if _offer(old, key) != _offer(new, key))
        if old is not new
        else frozenset(),
        namespaces=frozenset(
            key for key in spaces if _labels(before.namespaces, key) != _labels(after.namespaces, key)
        ),
        pools=frozenset(
            key for key in pools if _protocol(before.destinations, key) != _protocol(after.destinations, key)
        ),
        grants=before.destinations.grants != after.destinations.grants,
    )


def _told_anew(before: HTTPRoute, after: HTTPRoute) -> bool:
    """Whether anything but the status, and what nobody reads of the metadata, is another."""
    old, new = before.metadata, after.metadata
    return (old.uid, old.creation_timestamp) != (new.uid, new.creation_timestamp) or before.spec != after.spec


def _offer(gateways: Mapping[str, OpenGateway], key: str) -> object:
    """What a route that names the Gateway finds there."""
    gateway = gateways.get(key)
    return None if gateway is None else (gateway.refused is None, gateway.listeners)


def _labels(namespaces: Mapping[str, Namespace], key: str) -> dict[str, str]:
    namespace = namespaces.get(key)
    return {} if namespace is None else namespace.metadata.labels


def _protocol(destinations: Destinations, key: str) -> str | None:
    pool = destinations.pools.get(key)
    return None if pool is None else pool.spec.app_protocol


def _backends(route: HTTPRoute) -> Iterator[tuple[str | None, str]]:
    """Namespace, where one is named, and name of everything that requests may be sent to."""
    for rule in route.spec.rules:
        yield from _mirrors(rule.filters)
        for ref in rule.backend_refs:
            yield ref.namespace, ref.name
            yield from _mirrors(ref.filters)


def _mirrors(filters: tuple[HTTPRouteFilter, ...]) -> Iterator[tuple[str | None, str]]:
    for one in filters:
        if one.request_mirror is not None:
            yield one.request_mirror.backend_ref.namespace, one.request_mirror.backend_ref.name
