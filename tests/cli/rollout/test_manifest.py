from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from turnout.cli.rollout.manifest import MANUAL, Between, Wanted, manifest, steps
from turnout.cli.rollout.objects import KIND
from turnout.resources.admit import admit

MINUTE = {"analysis": {"minDuration": "1m", "minSamples": 50, "maxDuration": "1h"}}


def wanted(weights: Sequence[int] = (), between: Between | None = None, rule: str = "", bake: str = "") -> Wanted:
    return Wanted("x", "llama", "old", "new", rule=rule, weights=weights, between=between, bake=bake)


def test_few_words_leave_the_plan_to_its_defaults() -> None:
    spec = manifest(wanted())["spec"]
    assert (spec["targetRef"]["name"], spec["stable"]["name"], spec["candidate"]["name"]) == ("llama", "old", "new")
    assert "strategy" not in spec
    assert "sectionName" not in spec["targetRef"]


def test_a_rule_is_the_targets_section() -> None:
    assert manifest(wanted(rule="chat"))["spec"]["targetRef"]["sectionName"] == "chat"


def test_weights_alone_are_judged_one_by_one() -> None:
    assert manifest(wanted((5, 100)))["spec"]["strategy"]["canary"]["steps"] == [
        {"setWeight": 5},
        MINUTE,
        {"setWeight": 100},
    ]


@pytest.mark.parametrize(
    ("between", "found"),
    [
        (Between(pause="5m"), [{"pause": {"duration": "5m"}}]),
        (Between(pause=MANUAL), [{"pause": {}}]),
        (Between(analysis="30s"), [{"analysis": {"minDuration": "30s", "minSamples": 50, "maxDuration": "1h"}}]),
        (
            Between("10s", "90m", 9),
            [
                {"pause": {"duration": "10s"}},
                {"analysis": {"minDuration": "90m", "minSamples": 9, "maxDuration": "90m"}},
            ],
        ),
        (Between(), [MINUTE]),
    ],
)
def test_between_two_weights_is_what_was_asked_for(between: Between, found: list[object]) -> None:
    assert steps((10, 100), between) == [{"setWeight": 10}, *found, {"setWeight": 100}]


def test_what_stands_between_default_weights_can_be_chosen() -> None:
    found = manifest(wanted(between=Between(pause="5m"), bake="1h"))["spec"]["strategy"]["canary"]
    assert [one["setWeight"] for one in found["steps"] if "setWeight" in one] == [1, 10, 25, 50, 100]
    assert found["bake"] == {"duration": "1h"}


DURATIONS = some.sampled_from(["500ms", "30s", "5m", "1h30m", "2h"])
BETWEEN = some.builds(
    Between, some.sampled_from(["", MANUAL, "5m"]), some.just("") | DURATIONS, some.integers(1, 10_000)
)


@settings(max_examples=50)
@given(some.lists(some.integers(0, 100), max_size=6).map(sorted), some.none() | BETWEEN, some.just("") | DURATIONS)
def test_weights_that_rise_are_always_admitted(weights: list[int], between: Between | None, bake: str) -> None:
    admission = admit(KIND, manifest(wanted(weights, between, bake=bake)))
    assert (admission.faults, admission.unknown) == ((), ())
