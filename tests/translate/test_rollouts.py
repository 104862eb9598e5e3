"""What a rollout's surroundings say of it, and what its overlay means for keys."""

from fractions import Fraction
from typing import Any

import pytest
import yaml

from tests.support.resource_sets import CLASS, backend, gateway, http_route, pool, resource_set, rollout
from turnout.routing import keyed
from turnout.table import Split
from turnout.translate import Facts, RolloutFacts, Translation, translate

Document = dict[str, Any]
FACTS = Facts(gateway_port=8080, now="2026-02-02T02:02:02Z")
ACTIVE = {"overlay": "Active", "weights": {"desired": 10, "effective": 10, "seq": 1}}
BOTH = [backend("llm", 3), backend("llm-new", 0)]


def translated(rules: list[Document], *more: Document) -> Translation:
    pools = [pool(name) for name in ("llm", "llm-new", "other")]
    return translate(resource_set([CLASS, gateway(), *pools, http_route(rules=rules), *more]), FACTS)


def facts_of(rules: list[Document], one: Document) -> RolloutFacts:
    return translated(rules, one).rollouts["default/rollout"]


def splits(translation: Translation) -> list[Split]:
    return [rule.split for rule in translation.table.routes["default/route"].rules]


@pytest.mark.parametrize(
    "same",
    [
        [{"backendRefs": [backend("other")]}, {"backendRefs": BOTH}],
        [{"backendRefs": BOTH[::-1]}],
        [{"backendRefs": [backend("llm", 1), backend("llm", 2), backend("llm-new", 0)]}],
        [{"backendRefs": BOTH, "matches": [{"path": {"value": "/v1"}}]}],
    ],
)
def test_a_write_that_leaves_the_backends_alone_leaves_the_fingerprint(same: list[Document]) -> None:
    before = facts_of([{"backendRefs": BOTH}], rollout())
    assert before.fingerprint
    assert facts_of(same, rollout()).fingerprint == before.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        [{"backendRefs": [backend("llm", 3), backend("llm-new", 1)]}],
        [{"backendRefs": [backend("llm", 3)]}],
        [{"backendRefs": [*BOTH, backend("other")]}],
        [{"backendRefs": BOTH}, {"backendRefs": BOTH}],
    ],
)
def test_a_write_that_changes_them_changes_it(other: list[Document]) -> None:
    assert facts_of(other, rollout()).fingerprint != facts_of([{"backendRefs": BOTH}], rollout()).fingerprint


def test_an_overlay_made_for_the_present_backends_is_in_force() -> None:
    rules = [{"backendRefs": BOTH}]
    mark = facts_of(rules, rollout()).fingerprint
    target = {"route": "route", "stable": "llm", "candidate": "llm-new", "fingerprint": mark}
    assert facts_of(rules, {**rollout(), "status": {**ACTIVE, "target": target}}).overlay
    assert not facts_of(rules, {**rollout(), "status": {**ACTIVE, "target": {**target, "fingerprint": "x"}}}).overlay


def test_the_lines_to_write_keep_the_share_of_the_others() -> None:
    found = facts_of([{"backendRefs": [backend("llm", 3), backend("other"), backend("llm-new", 2)]}], rollout())
    group = "group: inference.networking.k8s.io, kind: InferencePool"
    assert found.lines.splitlines() == [
        "spec.rules[0].backendRefs:",
        f"- {{{group}, name: other}}",
        f"- {{{group}, name: llm-new, weight: 5}}",
    ]


def test_a_route_with_the_lines_names_the_candidate_alone() -> None:
    assert not facts_of([{"backendRefs": BOTH}], rollout()).candidate_only
    assert facts_of([{"backendRefs": [backend("llm", 0), backend("llm-new")]}], rollout()).candidate_only
    assert facts_of([{"backendRefs": [backend("llm-new")]}], rollout()).candidate_only
    assert not facts_of([{"backendRefs": [backend("other")]}], rollout()).candidate_only


def test_a_rule_that_is_not_served_is_no_target() -> None:
    found = facts_of([{"backendRefs": BOTH, "retry": {"attempts": 2}}, {"backendRefs": [backend("other")]}], rollout())
    assert found.refusal is not None
    assert (found.refusal.condition, found.refusal.reason) == ("Accepted", "TargetNotFound")
    assert "Rule 0 of HTTPRoute default/route is not served" in found.refusal.message


def test_a_route_without_a_gateway_is_no_target() -> None:
    found = translate(resource_set([CLASS, pool("llm"), pool("llm-new"), http_route(), rollout()]), FACTS)
    refusal = found.rollouts["default/rollout"].refusal
    assert refusal is not None
    assert refusal.message == "No Gateway of ours accepts HTTPRoute default/route"


def test_who_has_a_rule_keeps_it_from_an_older_one() -> None:
    older, newer = rollout("older", candidate={"name": "other"}), rollout("newer")
    newer["metadata"]["creationTimestamp"] = "2026-01-02T00:00:00Z"
    newer["status"] = ACTIVE
    found = translated([{"backendRefs": BOTH}], older, newer).rollouts
    assert found["default/newer"].overlay
    assert found["default/older"].conflict == "default/newer"


def test_who_is_done_has_no_rule_any_more() -> None:
    done = rollout("a")
    done["status"] = {"overlay": "Released", "completionStatus": "Promoted"}
    found = translated([{"backendRefs": BOTH}], done, rollout("b", candidate={"name": "other"})).rollouts
    assert found["default/b"].refusal is None


def test_rules_without_a_name_are_split_by_salts_of_their_own() -> None:
    found = splits(translated([{"backendRefs": BOTH}, {"backendRefs": BOTH}], {**rollout(), "status": ACTIVE}))
    assert len({split.salt for split in found}) == 2


def test_a_rule_more_before_the_rollouts_own_moves_no_key() -> None:
    active = {**rollout(), "status": ACTIVE}
    (before,) = splits(translated([{"backendRefs": BOTH}], active))
    _, after = splits(translated([{"backendRefs": [backend("other")]}, {"backendRefs": BOTH}], active))
    assert after == before


def test_a_key_changes_side_once_over_a_ramp_and_back_on_abort() -> None:
    ramp = []
    for weight in (0, 1, 10, 25, 50, 100, 0):
        status = {**ACTIVE, "weights": {"desired": weight}}
        (split,) = splits(translated([{"backendRefs": BOTH}], {**rollout(), "status": status}))
        ramp.append([keyed(split, f"key-{n}") for n in range(300)])
    for sides in zip(*ramp, strict=True):
        roles = [side.role for side in sides if side is not None]
        assert sorted(roles[:-1], reverse=True) == roles[:-1]
        assert roles[0] == roles[-1] == "stable"


def tagged(name: str, weight: int, tag: str = "") -> Document:
    change = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x-tag", "value": tag}]}}
    return backend(name, weight, **({"filters": [change]} if tag else {}))


def arms_of(*refs: Document, weight: int) -> dict[tuple[str, str], tuple[str, Fraction]]:
    """(pool, tag) -> (role, share) under a rollout at `weight` percent."""
    status = {"overlay": "Active", "weights": {"desired": weight, "effective": weight, "seq": 1}}
    (split,) = splits(translated([{"backendRefs": list(refs)}], rollout() | {"status": status}))
    total = sum(one.weight for one in split.backends)
    found: dict[tuple[str, str], tuple[str, Fraction]] = {}
    for one in split.backends:
        changes = one.filters.request_headers
        found[one.ref.name, changes[0].set[0][1] if changes else ""] = (one.role, Fraction(one.weight, total))
    return found


def test_a_candidate_that_the_rule_does_not_name_gets_stable_s_filters() -> None:
    assert arms_of(tagged("llm", 1, "a"), weight=10) == {
        ("llm", "a"): ("stable", Fraction(9, 10)),
        ("llm-new", "a"): ("candidate", Fraction(1, 10)),
    }


def test_a_candidate_that_the_rule_names_keeps_its_own_filters() -> None:
    assert arms_of(tagged("llm", 1, "a"), tagged("llm-new", 0, "b"), weight=25) == {
        ("llm", "a"): ("stable", Fraction(3, 4)),
        ("llm-new", "b"): ("candidate", Fraction(1, 4)),
    }


def test_arms_with_other_filters_share_as_they_are_written() -> None:
    found = arms_of(tagged("llm", 2, "a"), tagged("llm", 1), tagged("other", 3), weight=50)
    assert found == {
        ("llm", "a"): ("stable", Fraction(1, 6)),
        ("llm", ""): ("stable", Fraction(1, 12)),
        ("llm-new", "a"): ("candidate", Fraction(1, 6)),
        ("llm-new", ""): ("candidate", Fraction(1, 12)),
        ("other", ""): ("", Fraction(1, 2)),
    }


def test_the_lines_name_namespaces_and_filters() -> None:
    refs = [tagged("llm", 2, "a"), tagged("llm", 1), backend("shared", 1, namespace="team")]
    filters = '[{"type":"RequestHeaderModifier","requestHeaderModifier":{"set":[{"name":"x-tag","value":"a"}]}}]'
    pool_ref = "- {group: inference.networking.k8s.io, kind: InferencePool, name:"
    assert facts_of([{"backendRefs": refs}], rollout()).lines.splitlines()[1:] == [
        f"{pool_ref} shared, namespace: team, weight: 3}}",
        f"{pool_ref} llm-new, weight: 6, filters: {filters}}}",
        f"{pool_ref} llm-new, weight: 3}}",
    ]


def test_the_lines_written_are_the_candidate_alone_with_the_same_shares() -> None:
    refs = [tagged("llm", 2, "a"), tagged("llm", 1), tagged("other", 3)]
    lines = yaml.safe_load(facts_of([{"backendRefs": refs}], rollout()).lines.partition("\n")[2])
    assert facts_of([{"backendRefs": lines}], rollout()).candidate_only
    rule = translated([{"backendRefs": lines}]).table.routes["default/route"].rules[0]
    total = sum(one.weight for one in rule.split.backends)
    assert {(one.identity.rpartition("/")[2], Fraction(one.weight, total)) for one in rule.split.backends} == {
        ("llm-new", Fraction(1, 3)),
        ("llm-new#1", Fraction(1, 6)),
        ("other", Fraction(1, 2)),
    }


AUTH = {"protocol": "HTTP", "http": {}, "backendRef": {"name": "a", "port": 1}}


@pytest.mark.parametrize(
    "guard",
    [
        {"type": "ExternalAuth", "externalAuth": AUTH},
        {"type": "ExtensionRef", "extensionRef": {"group": "a.com", "kind": "Q", "name": "q"}},
    ],
)
def test_no_rollout_opens_a_rule_that_a_guard_closes(guard: Document) -> None:
    closed = {"backendRefs": BOTH, "filters": [guard], "name": "closed"}
    found = translated([closed, {"backendRefs": [backend("other")]}], rollout() | {"status": ACTIVE})
    assert splits(found)[0].backends == ()
    assert not found.rollouts["default/rollout"].overlay
