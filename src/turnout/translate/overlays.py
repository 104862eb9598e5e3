"""Overlays: the weights of an InferenceRollout's status in place of those of an HTTPRoute's rules."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from turnout.resources.durations import milliseconds
from turnout.resources.httproute import HTTPRouteRule
from turnout.resources.inferencerollout import DEFAULT_METRICS, AffinityKey, InferenceRollout, Metric
from turnout.resources.kinds import INFERENCE_GROUP
from turnout.resources.rolloutstatus import Overlay
from turnout.table import Backend, ObjectRef, Rule, Split, SplitKey, Watch, WatchedMetric
from turnout.translate.backend_refs import resolve
from turnout.translate.conditions import Condition, met
from turnout.translate.destinations import Destinations
from turnout.translate.filters import Scope
from turnout.translate.http_routes import ReadRoute
from turnout.translate.rollout_rules import Aim, aim_of_overlay, divided, variants
from turnout.translate.rollouts import ReadRollout

OVERRIDDEN = "turnout.dev/WeightsOverridden"


def owners_of(rollouts: Iterable[ReadRollout]) -> dict[str, dict[int, ReadRollout]]:
    """Route keys, and which rollout sets the weights of which of the route's rules."""
    found: dict[str, dict[int, ReadRollout]] = {}
    for one in rollouts:
        for key, index in one.overlaid:
            found.setdefault(key, {})[index] = one
    return found


def overlaid(route: ReadRoute, ours: Mapping[int, ReadRollout], destinations: Destinations) -> ReadRoute:
    """The route with the weights that rollouts set in its rules, and a condition that says so."""
    if route.route is None or not ours:
        return route
    rules = tuple(
        _overlaid(rule, route.resource.spec.rules[rule.index], ours[rule.index], destinations)
        if rule.index in ours
        else rule
        for rule in route.route.rules
    )
    namespace = route.resource.metadata.namespace
    candidates = {f"{namespace}/{one.overlay.candidate}" for one in ours.values() if one.overlay}
    return replace(
        route,
        route=replace(route.route, rules=rules),
        conditions=(*route.conditions, _condition(rules, ours, destinations)),
        pools=tuple(sorted({*route.pools, *(candidates & destinations.pools.keys())})),
    )


def _overlaid(rule: Rule, written: HTTPRouteRule, rollout: ReadRollout, destinations: Destinations) -> Rule:
    """The pair has in sum what it has in the route; so every other backend keeps its share."""
    overlay, resource = rollout.overlay, rollout.resource
    assert overlay is not None
    aim = aim_of_overlay(resource, overlay)
    weight = told(overlay, aim, destinations)
    ours, others = divided(aim, written)
    whole = sum(ref.weight for ref in ours)
    part = whole if any(ref.weight for ref in others) else min(whole, 1)
    stable, candidate = (variants(name, ours) for name in (overlay.stable, overlay.candidate))
    of_stable, of_candidate = (sum(ref.weight for ref in refs) for refs in (stable, candidate))
    refs = [
        *(replace(ref, weight=ref.weight * 100 * of_stable * of_candidate) for ref in others),
        *(replace(ref, weight=ref.weight * part * (100 - weight) * of_candidate) for ref in stable),
        *(replace(ref, weight=ref.weight * part * weight * of_stable) for ref in candidate),
    ]
    scope = Scope(aim.namespace, destinations, prefixes=True, of_backend=True)
    split = Split(
        salt=_salt(rule, written, rollout),
        backends=tuple(_with_role(one, aim, overlay) for one in resolve(refs, "", scope).backends),
        watch=_watch(resource, overlay),
        keys=_keys(resource),
    )
    return replace(rule, split=split)


def told(overlay: Overlay, aim: Aim, destinations: Destinations) -> int:
    """The candidate's percent. A pool that is not there or cannot be spoken to gets nothing, whatever the status."""
    ref = ObjectRef(INFERENCE_GROUP, "InferencePool", aim.namespace, overlay.candidate)
    return overlay.weight if destinations.fault_of(ref, aim.namespace) is None else 0


def _salt(rule: Rule, written: HTTPRouteRule, rollout: ReadRollout) -> str:
    """Of its own for each rule. One without a name is known by its place among the overlaid ones.

    Its place in the route may change with rules that are none of the rollout's, and no key may change its side then.
    """
    places = [index for _, index in rollout.overlaid]
    return f"{rollout.resource.metadata.uid}/{written.name or f'#{places.index(rule.index)}'}"


def _with_role(backend: Backend, aim: Aim, overlay: Overlay) -> Backend:
    ref = backend.ref
    if (ref.group, ref.kind, ref.namespace) != (INFERENCE_GROUP, "InferencePool", aim.namespace):
        return backend
    if ref.name == overlay.stable:
        return replace(backend, role="stable")
    return replace(backend, role="candidate") if ref.name == overlay.candidate else backend


def _watch(rollout: InferenceRollout, overlay: Overlay) -> Watch:
    analysis = rollout.spec.analysis
    return Watch(
        rollout=rollout.key,
        uid=rollout.metadata.uid,
        epoch=overlay.epoch,
        metrics=tuple(_watched(metric, overlay) for metric in analysis.metrics or DEFAULT_METRICS),
        strata=analysis.stratify_by,
        cold_grace=milliseconds(analysis.cold_grace) / 1000,
    )


def _watched(metric: Metric, overlay: Overlay) -> WatchedMetric:
    if metric.threshold is not None:
        return WatchedMetric(metric.name, metric.builtin, milliseconds(metric.threshold) / 1000)
    threshold = overlay.thresholds.get(metric.name, 0.0) if metric.baseline_quantile is not None else 0.0
    return WatchedMetric(metric.name, metric.builtin, threshold)


def _keys(rollout: InferenceRollout) -> tuple[SplitKey, ...]:
    affinity = rollout.spec.session_affinity
    return tuple(map(_key, affinity.keys)) if affinity is not None else ()


def _key(key: AffinityKey) -> SplitKey:
    if key.header is not None:
        return SplitKey("header", name=key.header.lower())
    if key.body_field is not None:
        return SplitKey("bodyField", name=key.body_field)
    if key.prefix_hash is not None:
        return SplitKey("prefixHash", messages=key.prefix_hash.messages)
    return SplitKey("clientIP")


def _condition(rules: Iterable[Rule], rollouts: Mapping[int, ReadRollout], destinations: Destinations) -> Condition:
    said: dict[str, list[str]] = {}
    for rule in rules:
        rollout = rollouts.get(rule.index)
        if rollout is not None and rollout.overlay is not None:
            said.setdefault(_shares(rollout.resource, rollout.overlay, destinations), []).append(rule.name)
    parts = [f"{what} (rule {', '.join(names)})" for what, names in said.items()]
    return met(OVERRIDDEN, "RolloutActive", f"Weights are set by {'; '.join(parts)}")


def _shares(rollout: InferenceRollout, overlay: Overlay, destinations: Destinations) -> str:
    """What every worker does: the status tells, once they all have acknowledged it."""
    effective = (
        overlay.effective if told(overlay, aim_of_overlay(rollout, overlay), destinations) == overlay.weight else 0
    )
    shares = f"{overlay.stable} {100 - effective} %, {overlay.candidate} {effective} %"
    return f"InferenceRollout {rollout.key}: {shares}"
