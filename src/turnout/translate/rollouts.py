"""InferenceRollouts: which of them has which rules, and what only their surroundings can say of them."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from turnout.resources.inferencerollout import InferenceRollout
from turnout.resources.kinds import INFERENCE_GROUP
from turnout.resources.rolloutstatus import Overlay, holds_rule, is_done, overlay_of
from turnout.table import ObjectRef
from turnout.translate.destinations import Destinations
from turnout.translate.http_routes import ReadRoute
from turnout.translate.rollout_rules import (
    Aim,
    Rules,
    aim_of,
    aim_of_overlay,
    candidate_only,
    fingerprint,
    lines,
    movable,
    rules_of,
)
from turnout.translate.rules import name_of

RuleKey = tuple[str, int]
"""The key of an HTTPRoute and the index of a rule in it."""


class RolloutRefusal(Struct, frozen=True):
    """Why a rollout cannot be followed although its own fields are right.

    `condition` is `Accepted` (reasons `TargetNotFound`, `StableNotInRoute`, `Conflicted`) or `ResolvedRefs` (reasons as
    an HTTPRoute's).
    """

    condition: str
    reason: str
    message: str


class RolloutFacts(Struct, frozen=True):
    """What the objects around a rollout say of it.

    `route` is the HTTPRoute's key, `rules` are the names of its rules that name stable. `fingerprint` identifies the
    backendRefs of those rules, and no other write changes it. `candidate_only`: the candidate has all that the two
    have. `lines` are what to write there for that. `overlay`: the weights of its status are in the table. `conflict` is
    the key of the rollout that has one of its rules.
    """

    route: str
    rules: tuple[str, ...] = ()
    fingerprint: str = ""
    candidate_only: bool = False
    lines: str = ""
    refusal: RolloutRefusal | None = None
    conflict: str = ""
    overlay: bool = False


class ReadRollout(Struct, frozen=True):
    """A rollout as translation sees it. `overlay` is in force on `overlaid`; None when nothing is."""

    resource: InferenceRollout
    facts: RolloutFacts
    overlay: Overlay | None
    overlaid: tuple[RuleKey, ...]


class Surroundings(Struct, frozen=True):
    """What rollouts are read by. `routes` are by `NAMESPACE/NAME`."""

    routes: Mapping[str, ReadRoute]
    destinations: Destinations


def read_rollouts(rollouts: Mapping[str, InferenceRollout], around: Surroundings) -> tuple[ReadRollout, ...]:
    """Every rollout, by key. One per rule: of several the oldest (then by key) has it, and the others are refused.

    Whose weights are in force keeps its rules from others that come to them later; who is done has none any more.
    """
    owners: dict[RuleKey, str] = {}
    found = {}
    for rollout in sorted(rollouts.values(), key=_precedence):
        found[rollout.key] = _read(rollout, around, owners)
    return tuple(read for _, read in sorted(found.items()))


def _precedence(rollout: InferenceRollout) -> tuple[bool, str, str]:
    return not holds_rule(rollout.status), rollout.metadata.creation_timestamp, rollout.key


def _read(rollout: InferenceRollout, around: Surroundings, owners: dict[RuleKey, str]) -> ReadRollout:
    """One rollout. The rules that it has from then on are added to `owners`."""
    overlay = overlay_of(rollout)
    aim = aim_of(rollout, overlay)
    route = around.routes.get(aim.route)
    rules = rules_of(aim, route.resource) if route is not None else ()
    overlaid = _overlaid(rollout, overlay, around) if overlay is not None else ()
    wanted = {*overlaid, *((aim.route, index) for index, _ in movable(aim, rules))}
    conflict = min((owners[rule] for rule in wanted if rule in owners), default="")
    if conflict:
        overlaid = ()
    elif not is_done(rollout.status):
        owners.update(dict.fromkeys(wanted, rollout.key))
    facts = RolloutFacts(
        route=aim.route,
        rules=_names(route, aim, rules),
        fingerprint=fingerprint(aim, rules),
        candidate_only=candidate_only(aim, rules),
        lines=lines(aim, rules),
        refusal=next(_refusals(rollout, aim, rules, conflict, around), None),
        conflict=conflict,
        overlay=bool(overlaid),
    )
    return ReadRollout(rollout, facts, overlay if overlaid else None, overlaid)


def _overlaid(rollout: InferenceRollout, overlay: Overlay, around: Surroundings) -> tuple[RuleKey, ...]:
    """The rules in the table whose weights the overlay sets. Other backendRefs than it was made for suspend it."""
    aim = aim_of_overlay(rollout, overlay)
    read = around.routes.get(aim.route)
    if read is None or read.route is None:
        return ()
    rules = rules_of(aim, read.resource)
    if overlay.fingerprint not in ("", fingerprint(aim, rules)):
        return ()
    return tuple((aim.route, index) for index, _ in movable(aim, rules) if index in read.served)


def _refusals(
    rollout: InferenceRollout, aim: Aim, rules: Rules, conflict: str, around: Surroundings
) -> Iterator[RolloutRefusal]:
    """Everything that is amiss, the first thing to be mended first."""
    route = around.routes.get(aim.route)
    if route is None:
        yield RolloutRefusal("Accepted", "TargetNotFound", f"HTTPRoute {aim.route} not found")
        return
    if route.route is None:
        yield RolloutRefusal("Accepted", "TargetNotFound", f"No Gateway of ours accepts HTTPRoute {aim.route}")
    stable = rollout.spec.stable.name
    if aim.section is not None and not rules:
        yield RolloutRefusal("Accepted", "TargetNotFound", f"HTTPRoute {aim.route} has no rule named {aim.section}")
    elif not movable(aim, rules):
        if not (candidate_only(aim, rules) and rollout.status.get("completionStatus") == "Promoted"):
            where = f"Rule {aim.section}" if aim.section is not None else "No rule"
            verb = "does not name" if aim.section is not None else "names"
            message = f"{where} of HTTPRoute {aim.route} {verb} stable (InferencePool {stable})"
            yield RolloutRefusal("Accepted", "StableNotInRoute", message)
    elif route.route is not None:
        yield from _unserved(aim, rules, route)
    if conflict:
        message = f"InferenceRollout {conflict} has a rule of HTTPRoute {aim.route} already: one rollout per rule"
        yield RolloutRefusal("Accepted", "Conflicted", message)
    yield from _unresolved(rollout, around.destinations)


def _unserved(aim: Aim, rules: Rules, route: ReadRoute) -> Iterator[RolloutRefusal]:
    dropped = _names(route, aim, tuple((index, rule) for index, rule in rules if index not in route.served))
    if dropped:
        message = f"Rule {', '.join(dropped)} of HTTPRoute {aim.route} is not served: see the HTTPRoute's status"
        yield RolloutRefusal("Accepted", "TargetNotFound", message)


def _names(route: ReadRoute | None, aim: Aim, rules: Rules) -> tuple[str, ...]:
    """The names of those that there is a share to move in."""
    return tuple(name_of(route.resource.spec.rules, index) for index, _ in movable(aim, rules)) if route else ()


def _unresolved(rollout: InferenceRollout, destinations: Destinations) -> Iterator[RolloutRefusal]:
    namespace = rollout.metadata.namespace
    for field, pool in (("stable", rollout.spec.stable), ("candidate", rollout.spec.candidate)):
        fault = destinations.fault_of(ObjectRef(INFERENCE_GROUP, "InferencePool", namespace, pool.name), namespace)
        if fault is not None:
            yield RolloutRefusal("ResolvedRefs", fault.reason, f"spec.{field}: {fault.message}")
