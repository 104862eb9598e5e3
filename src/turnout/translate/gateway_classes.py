"""GatewayClasses: those that name our controller, and whether we can serve them."""

from turnout.resources.document import Document
from turnout.resources.gatewayclass import GatewayClass
from turnout.resources.set import ResourceSet
from turnout.translate.conditions import Condition, Stamp, met, stamped, unmet
from turnout.translate.facts import Facts


def our_classes(resources: ResourceSet, facts: Facts) -> dict[str, GatewayClass]:
    """The classes that name our controller, by name. All others are left alone, with all their Gateways."""
    return {
        gateway_class.metadata.name: gateway_class
        for _, gateway_class in sorted(resources.gateway_classes.items())
        if gateway_class.spec.controller_name == facts.controller_name
    }


def accepted(gateway_class: GatewayClass) -> Condition:
    """Whether Gateways of the class can be served."""
    parameters = gateway_class.spec.parameters_ref
    if parameters is not None:
        message = f"parametersRef is not supported: {parameters.kind} {parameters.name}"
        return unmet("Accepted", "InvalidParameters", message)
    return met("Accepted", "Accepted", "Turnout serves Gateways of this class")


def gateway_class_status(gateway_class: GatewayClass, facts: Facts) -> Document:
    """The whole new status of a class of ours."""
    status = gateway_class.status
    stamp = Stamp(gateway_class.metadata.generation, facts.now)
    return {**status, "conditions": stamped([accepted(gateway_class)], status.get("conditions"), stamp)}
