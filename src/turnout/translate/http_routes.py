"""HTTPRoutes: what they mean for the table, and their status."""

from collections.abc import Mapping

from msgspec import Struct

from turnout.resources.document import Document
from turnout.resources.httproute import HTTPRoute, HTTPRouteMatch, HTTPRouteRule
from turnout.resources.kinds import GATEWAY_GROUP
from turnout.resources.references import ParentReference
from turnout.resources.set import ResourceSet
from turnout.table import Match, ObjectRef, PathMatch, Route, Rule, Split
from turnout.translate.attachment import Attachment, attach
from turnout.translate.backend_refs import ResolvedRefs, resolve, resolved_refs
from turnout.translate.conditions import Condition, Stamp, met, unmet
from turnout.translate.facts import Facts
from turnout.translate.gateways import OpenGateway
from turnout.translate.parents import Parent, with_parents
from turnout.translate.rules import unsupported


class ReadRoute(Struct, frozen=True):
    """An HTTPRoute as Turnout sees it.

    `route` is its part of the table, None when no Gateway of ours accepts it. `pools` are the keys of the existing
    pools that its served rules name.
    """

    resource: HTTPRoute
    attachments: tuple[Attachment, ...]
    conditions: tuple[Condition, ...]
    route: Route | None
    pools: tuple[str, ...]


def read_route(resource: HTTPRoute, gateways: Mapping[str, OpenGateway], resources: ResourceSet) -> ReadRoute:
    """The route's attachments, rules and conditions. Rules that Turnout cannot serve whole are dropped, and named."""
    attachments = attach(resource, gateways, resources.namespaces)
    namespace = resource.metadata.namespace
    refs = [
        resolve(rule.backend_refs, f"rules[{index}].backendRefs", namespace, resources.inference_pools)
        for index, rule in enumerate(resource.spec.rules)
    ]
    unserved = [unsupported(rule, f"rules[{index}]") for index, rule in enumerate(resource.spec.rules)]
    rules = tuple(
        _rule(resource, index, rule, refs[index])
        for index, rule in enumerate(resource.spec.rules)
        if not unserved[index]
    )
    conditions = [resolved_refs([fault for one in refs for fault in one.unresolved])]
    fields = ", ".join(field for fields in unserved for field in fields)
    if not rules:
        message = f"No rule can be served; not supported: {fields}"
        attachments = tuple(_refuse(attachment, "UnsupportedValue", message) for attachment in attachments)
    elif fields:
        dropped = ", ".join(str(index) for index, fields in enumerate(unserved) if fields)
        message = f"Dropped Rule {dropped}: not supported: {fields}"
        conditions.append(met("PartiallyInvalid", "UnsupportedValue", message))
    is_accepted = any(attachment.accepted.holds for attachment in attachments)
    return ReadRoute(
        resource=resource,
        attachments=attachments,
        conditions=tuple(conditions),
        route=_route(resource, rules) if is_accepted else None,
        pools=tuple(sorted({key for rule in rules for key in refs[rule.index].pools})),
    )


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


def _refuse(attachment: Attachment, reason: str, message: str) -> Attachment:
    """An attachment that fails already keeps its own reason."""
    if not attachment.accepted.holds:
        return attachment
    return Attachment(attachment.ref, attachment.gateway, (), unmet("Accepted", reason, message))


def _route(resource: HTTPRoute, rules: tuple[Rule, ...]) -> Route:
    metadata = resource.metadata
    return Route(
        ref=ObjectRef(GATEWAY_GROUP, "HTTPRoute", metadata.namespace, metadata.name),
        uid=metadata.uid,
        created=metadata.creation_timestamp,
        hostnames=tuple(sorted(set(resource.spec.hostnames))),
        rules=rules,
    )


def _rule(resource: HTTPRoute, index: int, rule: HTTPRouteRule, refs: ResolvedRefs) -> Rule:
    name = rule.name or str(index)
    return Rule(
        name=name,
        index=index,
        matches=tuple(_match(match) for match in rule.matches or (HTTPRouteMatch(),)),
        split=Split(salt=f"{resource.metadata.uid}/{name}", backends=refs.backends),
    )


def _match(match: HTTPRouteMatch) -> Match:
    # A rule with a RegularExpression has been dropped.
    return Match(PathMatch("Exact" if match.path.type == "Exact" else "PathPrefix", match.path.value))


def _parent_ref(ref: ParentReference) -> Document:
    optional = {"namespace": ref.namespace, "sectionName": ref.section_name, "port": ref.port}
    return {
        "group": ref.group,
        "kind": ref.kind,
        "name": ref.name,
        **{name: value for name, value in optional.items() if value is not None},
    }
