"""GatewayParameters: what a Gateway's, and behind it its class's, say for the Gateway's listeners."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec import Struct

from turnout.resources.document import Document
from turnout.resources.durations import milliseconds
from turnout.resources.gatewayclass import GatewayClass, ParametersReference
from turnout.resources.gatewayparameters import AccessLog, GatewayParameters, GatewayParametersSpec
from turnout.resources.kinds import TURNOUT_GROUP
from turnout.resources.references import LocalObjectReference
from turnout.table import DEFAULT_PARAMETERS, Parameters
from turnout.translate.conditions import Condition, Stamp, met, stamped, unknown, unmet
from turnout.translate.facts import Facts

T = TypeVar("T")

KIND = (TURNOUT_GROUP, "GatewayParameters")


class Found(Struct, frozen=True):
    """What a parametersRef leads to: an object, or why it leads nowhere (condition `Accepted`)."""

    parameters: GatewayParameters | None = None
    refusal: Condition | None = None


def of_class(gateway_class: GatewayClass, known: Mapping[str, GatewayParameters]) -> Found:
    """What the class's parametersRef leads to. It needs a namespace, because a class is in none."""
    ref = gateway_class.spec.parameters_ref
    if ref is not None and ref.namespace is None and (ref.group, ref.kind) == KIND:
        return Found(refusal=_refusal(f"parametersRef: {ref.kind} {ref.name} needs a namespace"))
    return _found(ref, ref.namespace or "" if ref is not None else "", known)


def of_gateway(ref: LocalObjectReference | None, namespace: str, known: Mapping[str, GatewayParameters]) -> Found:
    """What a Gateway's own infrastructure.parametersRef leads to."""
    return _found(ref, namespace, known)


def _found(
    ref: ParametersReference | LocalObjectReference | None, namespace: str, known: Mapping[str, GatewayParameters]
) -> Found:
    if ref is None:
        return Found()
    if (ref.group, ref.kind) != KIND:
        kind = f"{ref.group}/{ref.kind}" if ref.group else ref.kind
        return Found(refusal=_refusal(f"parametersRef: {kind} {ref.name} is not supported: only {'/'.join(KIND)} is"))
    parameters = known.get(f"{namespace}/{ref.name}")
    if parameters is None:
        return Found(refusal=_refusal(f"parametersRef: {ref.kind} {namespace}/{ref.name} not found"))
    return Found(parameters)


def _refusal(message: str) -> Condition:
    return unmet("Accepted", "InvalidParameters", message)


def merged(*specs: GatewayParametersSpec | None) -> Parameters:
    """What the specs say in sum; of each field the first that has it counts."""
    given = [spec for spec in specs if spec is not None]
    body = (spec.limits.request_body_bytes for spec in given if spec.limits is not None)
    timeouts = [spec.timeouts for spec in given if spec.timeouts is not None]
    headers = (spec.response_headers for spec in given)
    log = _first(spec.access_log for spec in given)
    found = Parameters(
        body_bytes=_first(body),
        idle=_seconds(each.idle for each in timeouts),
        response_headers=_first(headers) != "Disabled",
        first_byte=_seconds(each.first_byte for each in timeouts),
        stream_idle=_seconds(each.stream_idle for each in timeouts),
        access_log=_logged(log) if log is not None else None,
    )
    # The very object is what an encoder leaves out.
    return DEFAULT_PARAMETERS if found == DEFAULT_PARAMETERS else found


def _logged(log: AccessLog) -> float:
    """The share of requests that get a line, those that failed aside; negative is none at all."""
    return {"Off": -1.0, "Errors": 0.0, "Sampled": log.sample_ratio, "All": 1.0}[log.mode]


def _seconds(durations: Iterable[str | None]) -> float | None:
    found = _first(durations)
    return None if found is None else milliseconds(found) / 1000


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def idle_fields(spec: GatewayParametersSpec) -> tuple[str, ...]:
    """The fields of it that are stored and not acted on."""
    asked = {"spec.explainHeader": spec.explain_header is not None}
    return tuple(field for field, is_asked in asked.items() if is_asked)


def gateway_parameters_status(parameters: GatewayParameters, used: frozenset[str], facts: Facts) -> Document:
    """The whole new status. `used`: the keys of those that a Gateway or class of ours names."""
    status = parameters.status
    if parameters.key not in used:
        accepted = unknown("Accepted", "Pending", "No Gateway and no GatewayClass of ours names this object")
    else:
        fields = idle_fields(parameters.spec)
        message = "The settings are in force"
        message += f"; stored and not acted on yet: {', '.join(fields)}" if fields else ""
        accepted = met("Accepted", "Accepted", message)
    stamp = Stamp(parameters.metadata.generation, facts.now)
    return {**status, "conditions": stamped([accepted], status.get("conditions"), stamp)}
