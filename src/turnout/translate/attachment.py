"""Attachment: which listeners of which Gateways a route is attached to, and why not (Gateway API, `parentRefs`)."""

from collections.abc import Mapping

from msgspec import Struct

from turnout.resources.httproute import HTTPRoute
from turnout.resources.kinds import GATEWAY_GROUP, INFERENCE_GROUP
from turnout.resources.namespace import Namespace
from turnout.resources.references import ParentReference
from turnout.translate.conditions import Condition, met, unmet
from turnout.translate.gateways import OpenGateway
from turnout.translate.hostnames import intersect
from turnout.translate.listeners import HTTP_ROUTE, OpenListener
from turnout.translate.selectors import selects

GATEWAY_KINDS = {(GATEWAY_GROUP, "Gateway"), (INFERENCE_GROUP, "InferenceGateway")}
"""The second is no upstream kind: manifests in the wild name a Gateway by it."""


class Attachment(Struct, frozen=True):
    """What came of one parentRef to a Gateway of ours. `listeners` (names) is empty when it was refused."""

    ref: ParentReference
    gateway: str
    listeners: tuple[str, ...]
    accepted: Condition


def attach(
    route: HTTPRoute, gateways: Mapping[str, OpenGateway], namespaces: Mapping[str, Namespace]
) -> tuple[Attachment, ...]:
    """One attachment per distinct parentRef to a Gateway of ours. Other parents are none of our business."""
    found = []
    for ref in dict.fromkeys(route.spec.parent_refs):
        key = f"{ref.namespace or route.metadata.namespace}/{ref.name}"
        gateway = gateways.get(key) if (ref.group, ref.kind) in GATEWAY_KINDS else None
        if gateway is not None:
            found.append(_attach(route, ref, gateway, namespaces))
    return tuple(found)


def _attach(
    route: HTTPRoute, ref: ParentReference, gateway: OpenGateway, namespaces: Mapping[str, Namespace]
) -> Attachment:
    key = gateway.gateway.key
    named = [listener for listener in gateway.listeners if _names(ref, listener)]
    allowed = [listener for listener in named if _allows(listener, gateway, route, namespaces)]
    common = [listener for listener in allowed if intersect(listener.hostname, route.spec.hostnames)]
    if common:
        served = gateway.refused is None and any(listener.serves for listener in common)
        tail = "" if served else ", none of which is served: see its status"
        if route.spec.use_default_gateways == "All":
            tail += "; useDefaultGateways has no effect: no Gateway is a default one"
        accepted = met("Accepted", "Accepted", f"Attached to listeners of Gateway {key}{tail}")
    elif allowed:
        hosts = ", ".join(dict.fromkeys(listener.hostname for listener in allowed))
        message = f"No hostname of the route is within the listeners' ({hosts})"
        accepted = unmet("Accepted", "NoMatchingListenerHostname", message)
    elif named:
        names = ", ".join(listener.spec.name for listener in named)
        message = (
            f"No listener of Gateway {key} that is meant ({names}) allows this route: see protocol and allowedRoutes"
        )
        accepted = unmet("Accepted", "NotAllowedByListeners", message)
    else:
        accepted = unmet("Accepted", "NoMatchingParent", f"Gateway {key} has no listener with {_wanted(ref)}")
    return Attachment(ref, key, tuple(listener.spec.name for listener in common), accepted)


def _names(ref: ParentReference, listener: OpenListener) -> bool:
    return ref.section_name in (None, listener.spec.name) and ref.port in (None, listener.spec.port)


def _wanted(ref: ParentReference) -> str:
    wanted = {"sectionName": ref.section_name, "port": ref.port}
    return " and ".join(f"{name} {value}" for name, value in wanted.items() if value is not None)


def _allows(
    listener: OpenListener, gateway: OpenGateway, route: HTTPRoute, namespaces: Mapping[str, Namespace]
) -> bool:
    if HTTP_ROUTE not in listener.kinds:
        return False
    name = route.metadata.namespace
    allowed = listener.spec.allowed_routes.namespaces
    match allowed.from_:
        case "All":
            return True
        case "Same":
            return name == gateway.gateway.metadata.namespace
        case "Selector":
            namespace = namespaces.get(f"/{name}")
            # The API server sets this label on every namespace; a selector may rely on it.
            labels = {**(namespace.metadata.labels if namespace else {}), "kubernetes.io/metadata.name": name}
            return allowed.selector is not None and selects(allowed.selector, labels)
