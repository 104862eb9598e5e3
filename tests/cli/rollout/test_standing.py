import json
from typing import Any

import pytest

from tests.support.rollout_objects import rollout, status
from turnout.cli.rollout.standing import actual_weight, age, line, row, set_weight, standing

NOW = 1_700_000_000.0


def stored(told: dict[str, Any], *, generation: int = 1, **annotations: str) -> dict[str, Any]:
    document = rollout()
    document["metadata"] |= {
        "namespace": "prod",
        "generation": generation,
        "creationTimestamp": "2023-11-14T21:59:20Z",
        "annotations": {f"turnout.dev/{name}": text for name, text in annotations.items()},
    }
    return {**document, "status": told}


@pytest.mark.parametrize(
    ("phase", "short"),
    [("Progressing", "◌ Progressing"), ("Paused", "॥ Paused"), ("Degraded", "✖ Degraded"), ("Healthy", "✔ Healthy")],
)
def test_each_phase_has_its_sign(phase: str, short: str) -> None:
    assert standing(stored(status(phase))).short == short


def test_a_rollout_that_nobody_took_up_is_in_progress() -> None:
    assert standing(stored({})).sentence == "◌ Progressing (Pending): no controller has taken it up yet"


def test_the_outcome_of_an_older_spec_is_not_this_ones() -> None:
    assert standing(stored(status("Healthy"), generation=2)).phase == "Progressing"
    assert standing(stored(status("Healthy", observedGeneration=2), generation=2)).phase == "Healthy"


def test_the_pause_before_an_action_is_not_the_one_after_it() -> None:
    action = json.dumps({"id": "a", "verb": "promote"})
    waiting = standing(stored(status("Paused"), action=action))
    assert (waiting.phase, waiting.reason) == ("Progressing", "ActionPending")
    assert "`promote`" in waiting.message
    answered = status("Paused", lastAction={"id": "a", "verb": "promote", "result": "Refused", "message": "no"})
    assert standing(stored(answered, action=action)).phase == "Paused"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"promote"'])
def test_an_annotation_that_is_no_action_changes_nothing(text: str) -> None:
    assert standing(stored(status("Healthy"), action=text)).phase == "Healthy"


def test_one_line_has_step_and_weights() -> None:
    assert line(stored(status())) == (
        "◌ Progressing (AnalysisRunning)  step 5/11  weight 10  actual 10.2 [8.8, 11.7]"
        "  312/500 samples, no evidence of harm"
    )


def test_a_row_has_every_column() -> None:
    expected = ("llama-v2", "◌ Progressing", "5/11", "10", "10.2", "Running", "llama-a100", "llama-h100", "14m")
    assert row(stored(status()), NOW) == expected


def test_a_weight_that_not_every_worker_has_is_told_apart() -> None:
    assert set_weight(stored(status(weights={"desired": 25, "effective": 10}))) == "25 (effective 10)"


@pytest.mark.parametrize(
    ("seen", "text"),
    [(None, "-"), ({}, "-"), ({"share": 0.5}, "50"), ({"share": 1, "low": 0.999, "high": 1}, "100 [99.9, 100]")],
)
def test_a_weight_is_shown_as_far_as_it_was_seen(seen: Any, text: str) -> None:
    assert actual_weight(stored(status(weights={"observed": seen}))) == text


@pytest.mark.parametrize("odd", ["text", 3, [], None, {"weights": [1], "analysis": "x", "step": {}, "phase": 7}])
def test_a_status_of_another_shape_is_shown_as_unknown(odd: Any) -> None:
    shown = row(stored(odd), NOW)
    assert shown[2:6] == ("-", "-", "-", "-")
    assert shown[1] == "◌ Progressing"


@pytest.mark.parametrize(("made", "text"), [("", "-"), (None, "-"), ("yesterday", "-"), ("2023-11-14T22:13:20Z", "0s")])
def test_an_age_needs_a_time(made: Any, text: str) -> None:
    assert age(made, NOW) == text
