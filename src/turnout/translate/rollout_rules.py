"""The rules of an HTTPRoute that a rollout is about, and what their backendRefs say of its pools."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from math import gcd

from msgspec import Struct
from msgspec.json import encode
from msgspec.structs import replace

from turnout.resources.httpfilter import HTTPRouteFilter
from turnout.resources.httproute import HTTPBackendRef, HTTPRoute, HTTPRouteRule
from turnout.resources.inferencerollout import InferenceRollout
from turnout.resources.kinds import INFERENCE_GROUP
from turnout.resources.rolloutstatus import Overlay

Rules = tuple[tuple[int, HTTPRouteRule], ...]
"""Rules of one route, each with its index."""


class Aim(Struct, frozen=True):
    """Rules of the HTTPRoute with key `route`, and pools by name, all in `namespace`.

    `section` None is every rule that names one of `bases`: the pools whose share the rollout moves.
    """

    namespace: str
    route: str
    section: str | None
    bases: frozenset[str]
    candidate: str

    @property
    def pools(self) -> frozenset[str]:
        """All of its pools."""
        return self.bases | {self.candidate}


def aim_of(rollout: InferenceRollout, overlay: Overlay | None) -> Aim:
    """What the spec is about. A rollout that goes on from what it has promoted itself starts at the same base."""
    spec, namespace = rollout.spec, rollout.metadata.namespace
    bases = {spec.stable.name}
    if overlay is not None and spec.stable.name in (overlay.stable, overlay.candidate):
        bases.add(overlay.base)
    route = f"{namespace}/{spec.target_ref.name}"
    return Aim(namespace, route, spec.target_ref.section_name, frozenset(bases), spec.candidate.name)


def aim_of_overlay(rollout: InferenceRollout, overlay: Overlay) -> Aim:
    """What the weights in force are about, whatever has become of the spec since."""
    namespace = rollout.metadata.namespace
    bases = frozenset((overlay.base, overlay.stable))
    return Aim(namespace, f"{namespace}/{overlay.route}", overlay.section, bases, overlay.candidate)


def rules_of(aim: Aim, route: HTTPRoute) -> Rules:
    """The rule with the section's name; without one, those that name a base, or else those that name the candidate."""
    rules = tuple(enumerate(route.spec.rules))
    if aim.section is not None:
        return tuple((index, rule) for index, rule in rules if rule.name == aim.section)
    with_candidate = tuple((index, rule) for index, rule in rules if named(aim, rule) & {aim.candidate})
    return movable(aim, rules) or with_candidate


def movable(aim: Aim, rules: Rules) -> Rules:
    """Those of `rules` that name a base: there is a share to move."""
    return tuple((index, rule) for index, rule in rules if named(aim, rule) & aim.bases)


def named(aim: Aim, rule: HTTPRouteRule) -> set[str]:
    """The names of the InferencePools that the rule names, whatever their weight."""
    return {ref.name for ref in rule.backend_refs if is_pool(ref, aim.namespace)}


def is_pool(ref: HTTPBackendRef, namespace: str) -> bool:
    """Whether the reference is to an InferencePool of `namespace`."""
    return (ref.group, ref.kind, ref.namespace or namespace) == (INFERENCE_GROUP, "InferencePool", namespace)


def divided(aim: Aim, rule: HTTPRouteRule) -> tuple[list[HTTPBackendRef], list[HTTPBackendRef]]:
    """The rule's backendRefs: those to the aim's pools, and the others."""
    ours = [ref for ref in rule.backend_refs if is_pool(ref, aim.namespace) and ref.name in aim.pools]
    return ours, [ref for ref in rule.backend_refs if ref not in ours]


def fingerprint(aim: Aim, rules: Rules) -> str:
    """What the rules' backendRefs say, as a hash; "" for no rule. Neither their order nor the rules' places matter."""
    said = []
    for _, rule in rules:
        weights: dict[tuple[str, str, str, str], int] = {}
        for ref in rule.backend_refs:
            name = (ref.group, ref.kind, ref.namespace or aim.namespace, ref.name)
            weights[name] = weights.get(name, 0) + ref.weight
        said.append(f"{rule.name or ''}{sorted(weights.items())}")
    return blake2b("\n".join(sorted(said)).encode(), digest_size=8).hexdigest() if said else ""


def candidate_only(aim: Aim, rules: Rules) -> bool:
    """Whether in every one of the rules, and in one at least, the candidate has all that the pools have."""
    shares = [{ref.name for ref in divided(aim, rule)[0] if ref.weight} for _, rule in rules]
    return bool(shares) and all(share == {aim.candidate} for share in shares)


def lines(aim: Aim, rules: Rules) -> str:
    """What to write in the HTTPRoute for the candidate to have all that the pools have."""
    return "\n".join(line for index, rule in rules for line in _lines(aim, index, rule))


def _lines(aim: Aim, index: int, rule: HTTPRouteRule) -> Iterable[str]:
    ours, others = divided(aim, rule)
    arms = variants(aim.candidate, ours)
    shares = sum(arm.weight for arm in arms)
    whole = sum(ref.weight for ref in ours) if others else 1
    yield f"spec.rules[{index}].backendRefs:"
    for ref in others:
        yield _line(replace(ref, weight=ref.weight * shares))
    for arm in arms:
        yield _line(replace(arm, weight=arm.weight * whole))


def variants(name: str, ours: Sequence[HTTPBackendRef]) -> list[HTTPBackendRef]:
    """The backendRefs of one arm, pool `name`: those that the rule has of it, or else those whose place it takes.

    Refs with other filters are arms of their own, and share as they are written, or alike where none has a weight.
    """
    shares: dict[tuple[HTTPRouteFilter, ...], int] = {}
    for ref in [ref for ref in ours if ref.name == name] or ours:
        shares[ref.filters] = shares.get(ref.filters, 0) + ref.weight
    if not any(shares.values()):
        shares = dict.fromkeys(shares, 1)
    whole = gcd(*shares.values())
    return [
        HTTPBackendRef(name=name, group=INFERENCE_GROUP, kind="InferencePool", weight=weight // whole, filters=filters)
        for filters, weight in shares.items()
    ]


def _line(ref: HTTPBackendRef) -> str:
    fields = [f"group: {ref.group or repr('')}", f"kind: {ref.kind}", f"name: {ref.name}"]
    fields += [f"namespace: {ref.namespace}"] if ref.namespace is not None else []
    fields += [f"port: {ref.port}"] if ref.port is not None else []
    fields += [f"weight: {ref.weight}"] if ref.weight != 1 else []
    fields += [f"filters: {encode(ref.filters).decode()}"] if ref.filters else []
    return f"- {{{', '.join(fields)}}}"
