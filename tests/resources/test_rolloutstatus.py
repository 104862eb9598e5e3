"""Reading an InferenceRollout's status, whatever it holds."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.resource_sets import rollout, stored
from turnout.resources.inferencerollout import InferenceRollout
from turnout.resources.rolloutstatus import holds_rule, is_done, overlay_of

WORDS = ["overlay", "weights", "desired", "target", "effective", "seq", "analysis", "metrics", "name", "threshold",
         "route", "sectionName", "Active", "Suspended", "completionStatus", "fingerprint"]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


def with_status(**status: Any) -> InferenceRollout:
    found = stored({**rollout(), "status": status})
    assert isinstance(found, InferenceRollout)
    return found


def active(**status: Any) -> InferenceRollout:
    return with_status(**{"overlay": "Active", "weights": {"desired": 25, "effective": 10}, **status})


def test_weights_are_in_force_while_the_overlay_is_active() -> None:
    found = overlay_of(active())
    assert found is not None
    assert (found.weight, found.effective, found.epoch) == (25, 10, 0)
    assert (found.route, found.section, found.stable, found.candidate) == ("route", None, "llm", "llm-new")
    assert found.base == "llm"
    for word in ("Suspended", "Released", "", None):
        assert overlay_of(active(overlay=word)) is None


def test_what_workers_are_told_comes_before_what_is_desired() -> None:
    found = overlay_of(active(weights={"desired": 25, "target": 0, "effective": 25, "seq": 7}))
    assert found is not None
    assert (found.weight, found.effective, found.epoch) == (0, 25, 7)


def test_an_overlay_stays_with_what_it_was_made_for() -> None:
    target = {"route": "old", "stable": "a", "candidate": "b", "base": "c", "fingerprint": "f"}
    found = overlay_of(active(target=target))
    assert found is not None
    assert (found.route, found.section, found.fingerprint) == ("old", None, "f")
    assert (found.stable, found.candidate, found.base) == ("a", "b", "c")


def test_thresholds_that_are_fixed_are_read() -> None:
    metrics = [{"name": "a", "threshold": 0.5}, {"name": "b"}, {"name": "c", "threshold": -1}, {"threshold": 1}, "d"]
    found = overlay_of(active(analysis={"metrics": metrics}))
    assert found is not None
    assert found.thresholds == {"a": 0.5}


def test_a_weight_that_is_no_percentage_is_none() -> None:
    for weight in (-1, 101, True, "10", 10.0, None):
        assert overlay_of(active(weights={"desired": weight})) is None


def test_a_rollout_is_done_once_the_route_says_what_it_said() -> None:
    assert is_done({"completionStatus": "Promoted", "overlay": "Released"})
    assert not is_done({"completionStatus": "Promoted", "overlay": "Active"})
    assert not is_done({"completionStatus": "Aborted", "overlay": "Released"})


@given(st.dictionaries(st.sampled_from(WORDS), JSON, max_size=6))
@settings(max_examples=100, deadline=None)
def test_any_status_is_read_without_a_fault(status: dict[str, Any]) -> None:
    found = overlay_of(active(**status))
    assert found is None or 0 <= found.weight <= 100
    assert holds_rule(status) in (True, False)
    assert is_done(status) in (True, False)
