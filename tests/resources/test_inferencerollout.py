"""InferenceRollout: defaults, and what must hold between its fields."""

import math
from typing import Any

import msgspec
import pytest

from tests.support.admission import KIND, admission, document, faults, spec_of
from turnout.resources.admit import admit
from turnout.resources.decode import decode
from turnout.resources.inferencerollout import DEFAULT_METRICS, InferenceRollout

STEPS = "spec.strategy.canary.steps"


def steps(*found: dict[str, Any]) -> dict[str, Any]:
    return {"canary": {"steps": list(found)}}


def metric(builtin: str, **more: Any) -> dict[str, Any]:
    return {"metrics": [{"name": "m", "builtin": builtin, **more}]}


def test_a_rollout_needs_its_three_references_and_nothing_more() -> None:
    assert spec_of("InferenceRollout", strategy=None, analysis=None) == {
        "targetRef": {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "route"},
        "stable": {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "llm"},
        "candidate": {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "llm-new"},
        "analysis": {
            "alpha": 0.01,
            "onInsufficientData": "Pause",
            "onEnvironmentDegraded": "Pause",
            "coldGrace": "30s",
        },
        "rollback": {"drainTimeoutSeconds": 600, "quarantine": True},
        "paused": False,
        "abort": False,
        "progressDeadlineSeconds": 3600,
    }


@pytest.mark.parametrize("name", ["targetRef", "stable", "candidate"])
def test_a_reference_that_is_missing_is_named(name: str) -> None:
    assert faults("InferenceRollout", **{name: None}) == [f"spec.{name}: Required value"]


def test_a_pool_is_not_rolled_out_to_itself() -> None:
    assert faults("InferenceRollout", candidate={"name": "llm"}) == [
        'spec.candidate.name: Invalid value: "llm": must not be the stable pool'
    ]


def test_only_an_http_route_is_a_target() -> None:
    assert faults("InferenceRollout", targetRef={"name": "r", "kind": "GRPCRoute", "group": "x.dev"}) == [
        'spec.targetRef.group: Unsupported value: "x.dev": supported values: "gateway.networking.k8s.io"',
        'spec.targetRef.kind: Unsupported value: "GRPCRoute": supported values: "HTTPRoute"',
    ]


@pytest.mark.parametrize("arm", ["stable", "candidate"])
def test_only_an_inference_pool_is_an_arm(arm: str) -> None:
    assert faults("InferenceRollout", **{arm: {"name": "other", "kind": "Service", "group": ""}}) == [
        f'spec.{arm}.group: Unsupported value: "": supported values: "inference.networking.k8s.io"',
        f'spec.{arm}.kind: Unsupported value: "Service": supported values: "InferencePool"',
    ]


def test_a_pool_of_another_namespace_cannot_be_named() -> None:
    result = admission("InferenceRollout", stable={"name": "llm", "namespace": "team"})
    assert result.unknown == ("spec.stable.namespace",)


def test_weights_may_stay_and_never_decrease() -> None:
    found = steps({"setWeight": 10}, {"pause": {}}, {"setWeight": 10}, {"setWeight": 5})
    assert faults("InferenceRollout", strategy=found) == [
        f"{STEPS}[3].setWeight: Invalid value: 5: must not be less than 10, the weight before it"
    ]


@pytest.mark.parametrize(("weight", "what"), [(101, "less than or equal to 100"), (-1, "greater than or equal to 0")])
def test_a_weight_is_a_percentage(weight: int, what: str) -> None:
    (fault,) = faults("InferenceRollout", strategy=steps({"setWeight": weight}))
    assert fault == f"{STEPS}[0].setWeight: Invalid value: {weight}: {STEPS}[0].setWeight in body should be {what}"


@pytest.mark.parametrize("step", [{}, {"setWeight": 1, "pause": {}}, {"pause": {}, "analysis": {}}])
def test_a_step_is_exactly_one_thing(step: dict[str, Any]) -> None:
    assert faults("InferenceRollout", strategy=steps({"setWeight": 1}, step)) == [
        f'{STEPS}[1]: Invalid value: "object": exactly one of setWeight, pause, analysis must be given'
    ]


def test_a_verb_that_is_not_known_is_named() -> None:
    result = admission("InferenceRollout", strategy=steps({"setMirrorRoute": {"name": "shadow"}}))
    assert result.unknown == (f"{STEPS}[0].setMirrorRoute",)
    assert [fault.field for fault in result.faults] == [f"{STEPS}[0]"]


def test_an_analysis_step_is_written_out_whole() -> None:
    stored = spec_of("InferenceRollout", strategy=steps({"analysis": {}}))
    analysis = {"minDuration": "0s", "minSamples": 50, "require": "noHarm"}
    assert stored["strategy"]["canary"]["steps"] == [{"analysis": analysis}]


def test_an_analysis_may_not_end_before_it_may_pass() -> None:
    assert faults("InferenceRollout", strategy=steps({"analysis": {"minDuration": "2m", "maxDuration": "90s"}})) == [
        f'{STEPS}[0].analysis.maxDuration: Invalid value: "90s": must not be shorter than minDuration 2m'
    ]


@pytest.mark.parametrize("duration", ["10", "1d", "1.5h", "", "-1s"])
def test_a_duration_is_one_of_gep_2257(duration: str) -> None:
    (fault,) = faults("InferenceRollout", strategy=steps({"pause": {"duration": duration}}))
    assert fault.startswith(f"{STEPS}[0].pause.duration: Invalid value: ")


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.7, -1.0])
def test_alpha_lies_between_0_and_a_half(alpha: float) -> None:
    (fault,) = faults("InferenceRollout", analysis={"alpha": alpha})
    assert fault.startswith(f"spec.analysis.alpha: Invalid value: {alpha}: ")


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_is_finite(number: float) -> None:
    assert faults("InferenceRollout", analysis={"alpha": number}) == [
        f'spec.analysis.alpha: Invalid value: "{number}": spec.analysis.alpha in body must be a finite number'
    ]


def test_metrics_have_names_of_their_own() -> None:
    twice = {"metrics": [{"name": "m", "builtin": "ErrorRate"}, {"name": "m", "builtin": "BrokenStream"}]}
    assert faults("InferenceRollout", analysis=twice) == ['spec.analysis.metrics[1].name: Duplicate value: "m"']


def test_a_builtin_is_one_of_the_list() -> None:
    (fault,) = faults("InferenceRollout", analysis=metric("Latency"))
    assert fault.startswith('spec.analysis.metrics[0].builtin: Unsupported value: "Latency": supported values: ')


@pytest.mark.parametrize("builtin", ["TTFT", "TPOT"])
def test_a_time_needs_a_bound(builtin: str) -> None:
    assert faults("InferenceRollout", analysis=metric(builtin)) == [
        f"spec.analysis.metrics[0].threshold: Required value: {builtin} needs threshold or baselineQuantile"
    ]
    assert faults("InferenceRollout", analysis=metric(builtin, threshold="800ms")) == []
    assert faults("InferenceRollout", analysis=metric(builtin, baselineQuantile=0.95)) == []


def test_a_time_has_one_bound_only() -> None:
    (fault,) = faults("InferenceRollout", analysis=metric("TTFT", threshold="1s", baselineQuantile=0.95))
    assert fault.startswith("spec.analysis.metrics[0]: ")


@pytest.mark.parametrize("bound", [{"threshold": "1s"}, {"baselineQuantile": 0.5}])
def test_what_is_no_time_has_no_bound(bound: dict[str, Any]) -> None:
    (fault,) = faults("InferenceRollout", analysis=metric("ErrorRate", **bound))
    assert fault == (
        f"spec.analysis.metrics[0].{next(iter(bound))}: Forbidden: "
        "ErrorRate has no time; a limit on its share is objective.maxMissRate"
    )


@pytest.mark.parametrize(
    ("number", "duration"), [(0.8, "800ms"), (2, "2s"), (1.25, "1s250ms"), (120.0, "120s"), (99999, "99999s")]
)
def test_a_threshold_that_is_a_number_is_one_of_seconds(number: float, duration: str) -> None:
    result = admission("InferenceRollout", analysis=metric("TTFT", threshold=number))
    assert result.faults == ()
    assert result.document["spec"]["analysis"]["metrics"][0]["threshold"] == duration
    assert result.warnings == (
        f"spec.analysis.metrics[0].threshold: {number} is read as {duration}; the standard form has a unit",
    )


@pytest.mark.parametrize("number", [0, -1, 1e9, 10**400, True, math.nan])
def test_a_number_that_is_no_time_is_no_threshold(number: float) -> None:
    (fault,) = faults("InferenceRollout", analysis=metric("TTFT", threshold=number))
    assert fault.startswith("spec.analysis.metrics[0].threshold: Invalid value: ")


@pytest.mark.parametrize("share", [0, 1])
def test_an_objective_can_be_kept_and_broken(share: float) -> None:
    (fault,) = faults("InferenceRollout", analysis=metric("ErrorRate", compare={}, objective={"maxMissRate": share}))
    assert fault.startswith("spec.analysis.metrics[0].objective.maxMissRate: Invalid value: ")


def test_an_objective_alone_is_enough() -> None:
    assert faults("InferenceRollout", analysis=metric("ErrorRate", objective={"maxMissRate": 0.1})) == []


def test_a_key_is_exactly_one_thing() -> None:
    keys = [{"header": "x-user"}, {"bodyField": "user"}, {"prefixHash": {}}, {"clientIP": {}}]
    stored = spec_of("InferenceRollout", sessionAffinity={"keys": keys})
    assert stored["sessionAffinity"]["keys"] == [*keys[:2], {"prefixHash": {"messages": 2}}, {"clientIP": {}}]
    for key in ({}, {"header": "x-user", "clientIP": {}}):
        (fault,) = faults("InferenceRollout", sessionAffinity={"keys": [key]})
        assert fault.startswith("spec.sessionAffinity.keys[0]: ")


def test_parts_of_later_versions_are_named_as_unknown() -> None:
    later = {"webhooks": [], "adapter": {}, "capacity": {}, "weightMode": "Write"}
    assert set(admission("InferenceRollout", **later).unknown) == {f"spec.{name}" for name in later}


def test_what_is_not_written_is_decoded_as_its_default() -> None:
    stored = admit(KIND["InferenceRollout"], document("InferenceRollout", analysis={})).document
    found = decode(KIND["InferenceRollout"], stored)
    assert isinstance(found, InferenceRollout)
    assert found.spec.analysis.metrics == ()
    assert found.spec.strategy.canary.bake is None


def test_the_default_metrics_would_be_admitted() -> None:
    assert (
        faults("InferenceRollout", analysis={"metrics": [msgspec.to_builtins(metric) for metric in DEFAULT_METRICS]})
        == []
    )


def test_the_columns_are_those_that_tell_how_it_goes() -> None:
    columns = KIND["InferenceRollout"].columns
    assert [column.name for column in columns if not column.priority] == [
        "Phase",
        "Step",
        "Weight",
        "Actual",
        "Verdict",
        "Candidate",
        "Age",
    ]
    assert [column.name for column in columns if column.priority] == ["Stable", "Reason", "Message"]
