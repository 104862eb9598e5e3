"""HTTPRoutes: what they mean for the table, and their status."""

from collections.abc import Mapping

from msgspec import Struct

from turnout.resources.document import Document
from turnout.resources.httproute import HTTPRoute
from turnout.resources.kinds import GATEWAY_GROUP
from turnout.resources.namespace import Namespace
from turnout.resources.references import ParentReference
from turnout.table import ObjectRef, Route, Rule
from turnout.translate.attachment import Attachment, attach
from turnout.translate.conditions import Condition, Stamp, met, unmet
from turnout.translate.destinations import Destinations, resolved_refs
from turnout.translate.facts import Facts
from turnout.translate.gateways import OpenGateway
from turnout.translate.parents import Parent, with_parents
from turnout.translate.rules import ReadRule, read_rules
from turnout.translate.unserved import reason_of, said


class ReadRoute(Struct, frozen=True):
    """An HTTPRoute as Turnout sees it.

    `route` is its part of the table, None when no Gateway of ours accepts it. `served` are the indices of the rules
    that are served whole. `pools` are the keys of the existing pools that these name, in mirrors too.
    """

    resource: HTTPRoute
    attachments: tuple[Attachment, ...]
    conditions: tuple[Condition, ...]
    route: Route | None
    served: frozenset[int]
    pools: tuple[str, ...]


def read_route(
    resource: HTTPRoute,
    gateways: Mapping[str, OpenGateway],
    namespaces: Mapping[str, Namespace],
    destinations: Destinations,
) -> ReadRoute:
    """The route's attachments, rules and conditions. Rules that Turnout cannot serve whole are dropped, and named."""
    attachments = attach(resource, gateways, namespaces)
    read = read_rules(resource, destinations)
    conditions = [resolved_refs([fault for one in read for fault in one.unresolved])]
    dropped = [one for one in read if one.unserved]
    if len(dropped) == len(read):
        unserved = [fault for one in dropped for fault in one.unserved]
        refusal = unmet("Accepted", reason_of(unserved), f"No rule can be served: {said(unserved)}")
        attachments = tuple(_refuse(attachment, refusal) for attachment in attachments)
    elif dropped:
        conditions.append(_partially_invalid(dropped))
    is_accepted = any(attachment.accepted.holds for attachment in attachments)
    rules = tuple(one.rule for one in read if one.rule is not None)
    return ReadRoute(
        resource=resource,
        attachments=attachments,
        conditions=tuple(conditions),
        route=_route(resource, rules) if is_accepted else None,
        served=frozenset(one.index for one in read if not one.unserved),
        pools=tuple(sorted({key for one in read for key in one.pools})),
    )


def _partially_invalid(dropped: list[ReadRule]) -> Condition:
    """The spec has the message begin with `Dropped Rule`, and no other reason than this one."""
    indices = ", ".join(str(one.index) for one in dropped)
    message = f"Dropped Rule {indices}: {said([fault for one in dropped for fault in one.unserved])}"
    closed = ", ".join(str(one.index) for one in dropped if one.rule is not None)
    if closed:
        message += f"; requests that match Rule {closed} are answered 500, because they must not pass by its filters"
    return met("PartiallyInvalid", "UnsupportedValue", message)


def attached_routes(routes: list[ReadRoute]) -> dict[tuple[str, str], tuple[str, ...]]:
    """The keys of the routes that are attached to each (Gateway key, listener name), sorted."""
    found: dict[tuple[str, str], set[str]] = {}
    for route in routes:
        for attachment in route.attachments:
            for listener in attachment.listeners:
                found.setdefault((attachment.gateway, listener), set()).add(route.resource.key)
    return {listener: tuple(sorted(keys)) for listener, keys in found.items()}


def http_route_status(route: ReadRoute, facts: Facts) -> Document | None:
    """The whole new status; None when no parent is or was ours."""
    parents = [
        Parent(_parent_ref(attachment.ref), _conditions(attachment, route.conditions))
        for attachment in route.attachments
    ]
    stamp = Stamp(route.resource.metadata.generation, facts.now)
    return with_parents(route.resource.status, parents, facts.controller_name, stamp)


def _conditions(attachment: Attachment, of_route: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """A part of a route that is not served at all is not worth a condition."""
    kept = [one for one in of_route if attachment.accepted.holds or one.type != "PartiallyInvalid"]
    return (attachment.accepted, *kept)


def _refuse(attachment: Attachment, refusal: Condition) -> Attachment:
    """An attachment that fails already keeps its own reason."""
    if not attachment.accepted.holds:
        return attachment
    return Attachment(attachment.ref, attachment.gateway, (), refusal)


def _route(resource: HTTPRoute, rules: tuple[Rule, ...]) -> Route:
    metadata = resource.metadata
    return Route(
        ref=ObjectRef(GATEWAY_GROUP, "HTTPRoute", metadata.namespace, metadata.name),
        uid=metadata.uid,
        created=metadata.creation_timestamp,
        hostnames=tuple(sorted(set(resource.spec.hostnames))),
        rules=rules,
    )


def _parent_ref(ref: ParentReference) -> Document:
    optional = {"namespace": ref.namespace, "sectionName": ref.section_name, "port": ref.port}
    return {
        "group": ref.group,
        "kind": ref.kind,
        "name": ref.name,
        **{name: value for name, value in optional.items() if value is not None},
    }
