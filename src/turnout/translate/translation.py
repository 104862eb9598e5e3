"""Resources in, table and statuses out."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from turnout.resources.document import Document
from turnout.resources.set import ResourceSet
from turnout.table import RoutingTable
from turnout.translate.destinations import Destinations
from turnout.translate.facts import Facts
from turnout.translate.gateway_classes import gateway_class_status, our_classes
from turnout.translate.gateways import OpenGateway, gateway_status, open_gateways, parameters_in_use, table_listeners
from turnout.translate.http_routes import ReadRoute, attached_routes, http_route_status, read_route
from turnout.translate.inference_pools import inference_pool_status, referring_gateways, table_pools
from turnout.translate.model_servers import model_server_status
from turnout.translate.overlays import overlaid
from turnout.translate.parameters import gateway_parameters_status
from turnout.translate.rollouts import RolloutFacts, Surroundings, read_rollouts
from turnout.translate.stored import stored_statuses


class Translation(Struct, frozen=True):
    """The table, and the whole new `status` of each object that is ours to speak of, by (kind, key).

    A status that says nothing new is equal to the one that the object has. Those of Gateways hold once every worker
    has the table: they say `Programmed`. `rollouts` are the facts of every InferenceRollout by key: its status is its
    engine's to write.
    """

    table: RoutingTable
    statuses: dict[tuple[str, str], Document]
    rollouts: dict[str, RolloutFacts] = {}


def translate(resources: ResourceSet, facts: Facts) -> Translation:
    """The meaning of `resources`. Any of them may be at fault: it says so in its own status, and harms no other."""
    gateways = open_gateways(resources, facts)
    destinations = Destinations.of(resources)
    written = [
        read_route(route, gateways, resources.namespaces, destinations)
        for _, route in sorted(resources.http_routes.items())
    ]
    around = Surroundings({route.resource.key: route for route in written}, destinations)
    rollouts = read_rollouts(resources.inference_rollouts, around)
    routes = [overlaid(route, rollouts, destinations) for route in written]
    attached = attached_routes(routes)
    statuses = _statuses(resources, gateways, routes, facts)
    statuses |= {("Gateway", key): gateway_status(gateway, attached, facts) for key, gateway in gateways.items()}
    return Translation(
        table=RoutingTable(
            listeners=table_listeners(gateways, attached),
            routes={route.resource.key: route.route for route in routes if route.route is not None},
            pools=table_pools(resources.inference_pools),
        ),
        statuses={key: status for key, status in sorted(statuses.items()) if status is not None},
        rollouts={rollout.resource.key: rollout.facts for rollout in rollouts},
    )


def _statuses(
    resources: ResourceSet, gateways: Mapping[str, OpenGateway], routes: Sequence[ReadRoute], facts: Facts
) -> dict[tuple[str, str], Document | None]:
    """The statuses of everything but Gateways, None where there is nothing to say."""
    parameters, referring = resources.gateway_parameters, referring_gateways(routes)
    used = parameters_in_use(resources, gateways, facts)
    found: dict[tuple[str, str], Document | None] = {
        ("GatewayClass", one.key): gateway_class_status(one, parameters, facts)
        for one in our_classes(resources, facts).values()
    }
    found |= {("HTTPRoute", route.resource.key): http_route_status(route, facts) for route in routes}
    found |= {
        ("InferencePool", key): inference_pool_status(pool, referring.get(key, ()), facts)
        for key, pool in resources.inference_pools.items()
    }
    found |= {
        ("ModelServer", key): model_server_status(server, facts) for key, server in resources.model_servers.items()
    }
    found |= {
        ("GatewayParameters", key): gateway_parameters_status(one, used, facts) for key, one in parameters.items()
    }
    return found | dict(stored_statuses(resources, facts))
