from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from turnout.judge import SplitCount
from turnout.rollout.observations import Assigned, Count
from turnout.rollout.observe import ENDED, Rule, assignments, deadline, judge, tallied
from turnout.rollout.records import Record, unit_of_key, unit_of_stretch

TTFT = Rule("ttft", "TTFT", 0.8)
TPOT = Rule("tpot", "TPOT", 0.05)
ERRORS = Rule("errors", "ErrorRate")
BROKEN = Rule("broken", "BrokenStream")

GOOD = Record(
    arm="candidate",
    weight=0.1,
    weight_since=0.0,
    unit=7,
    keyed=True,
    first_seen=100.0,
    assigned=100.0,
    complete=100.0,
    stream=True,
    status=200,
    first_token=100.5,
    last_token=102.0,
    ended=102.0,
    finish_reason="stop",
    terminated=True,
    completion_tokens=100,
    content=True,
)


def found(rule: Rule, now: float = 200.0, **fields: Any) -> str:
    return judge(replace(GOOD, **fields), rule, now)


def of(builtin: str, **fields: Any) -> str:
    return found(Rule("it", builtin), **fields)


def test_a_good_answer_misses_nothing() -> None:
    for builtin in ENDED:
        expected = "none" if builtin == "InvalidJSON" else "hit"
        assert of(builtin) == expected, builtin
    assert found(TTFT) == "hit"
    assert found(TPOT) == "hit"


@pytest.mark.parametrize("status", [500, 502, 503, 404, 408, 429])
def test_the_servers_failures_are_errors(status: int) -> None:
    assert of("ErrorRate", status=status) == "miss"


@pytest.mark.parametrize("reason", ["upstream-connect", "upstream-reset", "timeout", "no-endpoints"])
def test_failures_of_the_chosen_arm_are_errors(reason: str) -> None:
    assert of("ErrorRate", status=503, reason=reason) == "miss"


def test_an_error_inside_a_stream_of_200_is_an_error() -> None:
    assert of("ErrorRate", stream_error=True) == "miss"


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_clients_error_is_a_metric_of_its_own(status: int) -> None:
    assert of("ErrorRate", status=status) == "none"
    assert of("ClientError", status=status) == "miss"


@pytest.mark.parametrize("reason", ["saturated", "queue-timeout", "draining"])
def test_what_the_gateway_sheds_is_neither_arms(reason: str) -> None:
    assert all(of(builtin, status=429, reason=reason) == "none" for builtin in ENDED)
    assert found(TTFT, reason=reason) == "none"


def test_probes_are_neither_arms() -> None:
    assert all(of(builtin, status=500, probe=True) == "none" for builtin in ENDED)


def test_an_answer_of_the_gateway_itself_is_not_the_servers() -> None:
    assert of("ErrorRate", status=404, reason="model-not-found") == "none"


def test_a_first_token_is_late_when_it_comes_after_the_deadline() -> None:
    assert found(TTFT, first_token=100.8) == "hit"
    assert found(TTFT, first_token=100.81) == "miss"


def test_a_deadline_is_missed_when_it_passes_and_not_when_the_token_comes() -> None:
    waiting: dict[str, Any] = {"first_token": None, "ended": None, "status": 0}
    assert found(TTFT, now=100.8, **waiting) == "pending"
    assert found(TTFT, now=100.81, **waiting) == "miss"
    assert deadline(replace(GOOD, **waiting), TTFT) == 100.8
    assert deadline(GOOD, TTFT) is None
    assert deadline(replace(GOOD, **waiting), ERRORS) is None


def test_a_client_that_is_gone_before_the_deadline_says_nothing() -> None:
    gone: dict[str, Any] = {"first_token": None, "ended": None}
    assert found(TTFT, client_gone=100.4, **gone) == "none"
    assert found(TTFT, client_gone=101.4, **gone) == "miss"
    assert of("ErrorRate", client_gone=100.4, **gone) == "none"
    assert of("BrokenStream", client_gone=100.4, **gone, finish_reason=None, terminated=False) == "none"


def test_a_request_that_failed_before_its_deadline_is_no_slow_one() -> None:
    assert found(TTFT, first_token=None, ended=100.2, status=500) == "none"


def test_only_streams_have_a_first_token() -> None:
    assert found(TTFT, stream=False) == "none"


def test_times_count_only_keys_first_seen_after_the_weight_took_effect_and_after_the_grace() -> None:
    assert found(TTFT, weight_since=69.0, first_seen=70.0) == "hit"
    assert found(TTFT, weight_since=69.0, first_seen=68.0) == "none"
    assert found(TTFT, weight_since=71.0, first_seen=100.0) == "none"
    assert found(TPOT, weight_since=71.0, first_seen=100.0) == "none"
    assert of("ErrorRate", weight_since=99.0, first_seen=1.0, status=500) == "miss"


def test_without_a_threshold_a_time_says_nothing() -> None:
    assert found(Rule("ttft", "TTFT", None), first_token=190.0) == "none"


def test_time_per_token_needs_usage_of_two_tokens() -> None:
    assert found(TPOT, completion_tokens=2) == "miss"
    assert found(TPOT, completion_tokens=1) == "none"
    assert found(TPOT, completion_tokens=None) == "none"
    assert found(TPOT, ended=None) == "pending"


def test_a_stream_breaks_when_neither_finish_reason_nor_terminator_came() -> None:
    assert of("BrokenStream", finish_reason=None, terminated=False) == "miss"
    assert of("BrokenStream", finish_reason="stop", terminated=False) == "hit"
    assert of("BrokenStream", ended=None, finish_reason=None, terminated=False) == "pending"
    assert of("BrokenStream", status=500) == "none"


def test_output_can_be_empty_or_no_json_or_end_unnaturally() -> None:
    assert of("EmptyOutput", content=False) == "miss"
    assert of("InvalidJSON", json_asked=True, json_valid=False) == "miss"
    assert of("InvalidJSON", json_asked=False, json_valid=False) == "none"
    assert of("FinishReason", finish_reason="length") == "miss"
    assert of("FinishReason", finish_reason="tool_calls") == "hit"


optional = st.one_of(st.none(), st.floats(100, 103))


@given(
    builtin=st.sampled_from([*ENDED, "TTFT", "TPOT"]),
    now=st.floats(100, 110),
    later=st.floats(0, 10),
    first=optional,
    ended=optional,
    gone=optional,
    status=st.sampled_from([0, 200, 400, 500]),
)
def test_what_is_judged_once_is_judged_for_good(
    builtin: str, now: float, later: float, first: float | None, ended: float | None, gone: float | None, status: int
) -> None:
    record = replace(GOOD, first_token=first, ended=ended, client_gone=gone, status=status)
    rule = Rule("it", builtin, 0.8)
    before = judge(record, rule, now)
    assert before == "pending" or judge(record, rule, now + later) == before


def test_records_become_counts_and_misses() -> None:
    bad = replace(GOOD, status=500, arm="stable", unit=8)
    result = tallied([(GOOD, 103.0), (bad, 103.0), (bad, 104.0)], [ERRORS, BROKEN])
    assert Count("errors", "stable", 2, 2) in result.counts
    assert Count("errors", "candidate", 1, 0) in result.counts
    assert Count("broken", "candidate", 1, 0) in result.counts
    assert [(one.metric, one.arm, one.unit, one.weight) for one in result.misses] == [("errors", "stable", 8, 0.1)] * 2


def test_assignments_are_counted_by_kind_and_weight() -> None:
    drawn = [(True, 0.1, "stable"), (True, 0.1, "candidate"), (False, 0.1, "stable"), (False, 0.25, "candidate")]
    assert assignments(drawn) == (  # type: ignore[arg-type]  # the literals are arms
        Assigned(keyed=False, split=SplitCount(0.1, 0, 1)),
        Assigned(keyed=False, split=SplitCount(0.25, 1, 0)),
        Assigned(keyed=True, split=SplitCount(0.1, 1, 1)),
    )


def test_units_of_keys_and_stretches_are_stable_and_apart() -> None:
    assert unit_of_key("salt", "a") == unit_of_key("salt", "a")
    assert unit_of_key("salt", "a") != unit_of_key("other", "a")
    assert unit_of_stretch("salt", "w0", 1) != unit_of_stretch("salt", "w1", 1)
    assert 0 <= unit_of_key("salt", "\udcff") < 2**32
