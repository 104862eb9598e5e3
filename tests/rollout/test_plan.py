import msgspec
import pytest

from tests.support.driven import canary, document, spec
from turnout.resources.inferencerollout import RolloutSpec
from turnout.rollout.plan import Gate, Hold, SetWeight, faults_of, planned


def faults(**fields: object) -> list[str]:
    return [str(fault) for fault in faults_of(msgspec.convert(document(**fields), RolloutSpec))]


def test_without_steps_the_ramp_is_1_10_25_50_100_each_but_the_last_with_an_analysis() -> None:
    steps = planned(spec(strategy={})).steps
    assert [step.weight for step in steps if isinstance(step, SetWeight)] == [1, 10, 25, 50, 100]
    assert sum(isinstance(step, Gate) for step in steps) == 4


def test_steps_that_stop_short_of_everything_go_on_to_it() -> None:
    assert planned(spec(strategy=canary({"setWeight": 30}))).steps == (SetWeight(30), SetWeight(100))


def test_steps_are_read_in_seconds() -> None:
    gate = {"minDuration": "1m30s", "minSamples": 7, "maxDuration": "1h", "require": "nonInferior"}
    plan = planned(spec(strategy=canary({"setWeight": 100}, {"pause": {"duration": "500ms"}}, {"analysis": gate})))
    assert plan.steps == (SetWeight(100), Hold(0.5), Gate(90.0, 7, 3600.0, "nonInferior"))


def test_alpha_is_split_over_the_metrics() -> None:
    metrics = [
        {"name": "a", "builtin": "ErrorRate"},
        {"name": "b", "builtin": "TTFT", "threshold": "800ms", "compare": {"maxRelativeIncrease": 0.25}},
        {"name": "c", "builtin": "EmptyOutput", "objective": {"maxMissRate": 0.1}},
    ]
    plan = planned(spec(analysis={"alpha": 0.03, "metrics": metrics}))
    assert plan.alpha_each == pytest.approx(0.01)
    assert [metric.tolerance for metric in plan.metrics] == [1.0, 1.25, 1.0]
    assert plan.metrics[1].threshold == 0.8


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"candidate": {"name": "llm"}}, "spec.candidate.name"),
        ({"strategy": canary({"setWeight": 50}, {"setWeight": 10})}, "spec.strategy.canary.steps[1].setWeight"),
        ({"strategy": canary({"setWeight": 50, "pause": {}})}, "spec.strategy.canary.steps[0]"),
        (
            {"strategy": canary({"analysis": {"minDuration": "2m", "maxDuration": "1m"}})},
            "spec.strategy.canary.steps[0].analysis.maxDuration",
        ),
        ({"analysis": {"alpha": 0}}, "spec.analysis.alpha"),
        ({"analysis": {"metrics": [{"name": "a", "builtin": "TTFT"}]}}, "spec.analysis.metrics[0].threshold"),
        ({"stable": {"name": "x", "kind": "Service"}}, "spec.stable.kind"),
    ],
)
def test_a_fault_names_its_field(fields: dict[str, object], fault: str) -> None:
    assert any(one.startswith(f"{fault}: ") for one in faults(**fields)), faults(**fields)


def test_a_right_spec_has_no_fault() -> None:
    assert not faults()


@pytest.mark.parametrize("weight", [-1, 101])
def test_a_weight_past_the_whole_is_no_spec(weight: int) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"steps\[0\]\.setWeight"):
        spec(strategy=canary({"setWeight": weight}))
