"""GatewayClasses: those that name our controller, and whether we can serve them."""

from collections.abc import Mapping

from turnout.resources.document import JSON, Document
from turnout.resources.gatewayclass import GatewayClass
from turnout.resources.gatewayparameters import GatewayParameters
from turnout.resources.set import ResourceSet
from turnout.translate.conditions import Condition, Stamp, met, stamped
from turnout.translate.facts import Facts
from turnout.translate.features import SUPPORTED
from turnout.translate.parameters import of_class


def our_classes(resources: ResourceSet, facts: Facts) -> dict[str, GatewayClass]:
    """The classes that name our controller, by name. All others are left alone, with all their Gateways."""
    return {
        gateway_class.metadata.name: gateway_class
        for _, gateway_class in sorted(resources.gateway_classes.items())
        if gateway_class.spec.controller_name == facts.controller_name
    }


def accepted(gateway_class: GatewayClass, parameters: Mapping[str, GatewayParameters]) -> Condition:
    """Whether Gateways of the class can be served."""
    refusal = of_class(gateway_class, parameters).refusal
    return refusal or met("Accepted", "Accepted", "Turnout serves Gateways of this class")


def gateway_class_status(
    gateway_class: GatewayClass, parameters: Mapping[str, GatewayParameters], facts: Facts
) -> Document:
    """The whole new status of a class of ours."""
    status = gateway_class.status
    stamp = Stamp(gateway_class.metadata.generation, facts.now)
    conditions = stamped([accepted(gateway_class, parameters)], status.get("conditions"), stamp)
    features: list[JSON] = [{"name": name} for name in SUPPORTED]
    return {**status, "conditions": conditions, "supportedFeatures": features}
