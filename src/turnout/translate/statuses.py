"""The statuses of all objects, each worked out again only when its object or what it says has changed."""

from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct

from turnout.resources.document import Document
from turnout.resources.inferencepool import InferencePool
from turnout.resources.modelserver import ModelServer
from turnout.resources.set import ResourceSet
from turnout.table.keyed import changed, revised
from turnout.translate.accesses import Accesses
from turnout.translate.destinations import Unresolved
from turnout.translate.facts import Facts
from turnout.translate.gateway_classes import gateway_class_status, our_classes
from turnout.translate.gateways import OpenGateway, gateway_status, parameters_in_use
from turnout.translate.http_routes import ReadRoute, http_route_status
from turnout.translate.inference_pools import inference_pool_status
from turnout.translate.model_servers import model_server_status
from turnout.translate.parameters import gateway_parameters_status
from turnout.translate.pool_policies import PoolPolicies
from turnout.translate.pool_policy_statuses import pool_policy_statuses
from turnout.translate.stored import stored_statuses

Name = tuple[str, str]
"""Kind and key."""


class Found(Struct, frozen=True):
    """What statuses are made from. `attached` and `referring` are as `Laying` has them."""

    resources: ResourceSet
    gateways: Mapping[str, OpenGateway]
    routes: Mapping[str, ReadRoute]
    attached: Mapping[tuple[str, str], tuple[str, ...]]
    referring: Mapping[str, tuple[str, ...]]
    facts: Facts
    accesses: Accesses
    policies: PoolPolicies


class Statuses:
    """`told` are the statuses, sorted by name. One that was worked out again is another object, whatever it says."""

    def __init__(self) -> None:
        self.told: dict[Name, Document] = {}
        self._pools: dict[str, InferencePool] = {}
        self._referring: Mapping[str, tuple[str, ...]] = {}
        self._servers: dict[str, ModelServer] = {}
        self._few: set[Name] = set()
        self._accesses = Accesses()

    def update(self, found: Found, routes: Collection[str], *, few: bool) -> None:
        """Works out those of these routes, of pools and servers that changed, and, where `few`, of all other kinds."""
        fresh: dict[Name, Document | None] = {}
        for key in routes:
            route = found.routes.get(key)
            fresh["HTTPRoute", key] = http_route_status(route, found.facts) if route is not None else None
        fresh.update(self._of_pools(found))
        servers = found.resources.model_servers
        faults = found.accesses.server_faults
        for key in {*changed(self._servers, servers), *_differing(self._accesses.server_faults, faults)}:
            server = servers.get(key)
            fresh["ModelServer", key] = None
            if server is not None:
                fresh["ModelServer", key] = model_server_status(server, found.facts, faults.get(key))
        self._servers, self._accesses = servers, found.accesses
        if few:
            others = dict(_few(found))
            fresh.update(dict.fromkeys(self._few - others.keys()))
            fresh.update(others)
            self._few = set(others)
        self.told = revised(self.told, fresh)

    def _of_pools(self, found: Found) -> Iterator[tuple[Name, Document | None]]:
        pools, old, new = found.resources.inference_pools, self._referring, found.referring
        keys = changed(self._pools, pools)
        if old is not new:
            keys += [key for key in old.keys() | new.keys() if old.get(key) != new.get(key)]
        faults = found.accesses.pool_faults
        for key in {*keys, *_differing(self._accesses.pool_faults, faults)}:
            pool, status = pools.get(key), None
            if pool is not None:
                status = inference_pool_status(pool, new.get(key, ()), found.facts, faults.get(key))
            yield ("InferencePool", key), status
        self._pools, self._referring = pools, new


def _differing(before: Mapping[str, Unresolved], after: Mapping[str, Unresolved]) -> list[str]:
    """The keys whose faults are others."""
    return [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]


def _few(found: Found) -> Iterator[tuple[Name, Document | None]]:
    """The statuses of the kinds of which there are few. None where there is nothing to say."""
    resources, facts = found.resources, found.facts
    parameters = resources.gateway_parameters
    used = parameters_in_use(resources, found.gateways, facts)
    for gateway_class in our_classes(resources, facts).values():
        yield ("GatewayClass", gateway_class.key), gateway_class_status(gateway_class, parameters, facts)
    for key, gateway in found.gateways.items():
        yield ("Gateway", key), gateway_status(gateway, found.attached, facts)
    for key, one in parameters.items():
        yield ("GatewayParameters", key), gateway_parameters_status(one, used, facts)
    yield from stored_statuses(resources, facts)
    yield from pool_policy_statuses(resources, facts, found.accesses, found.policies)
