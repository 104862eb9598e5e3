"""What users ask of a rollout, by annotation and by spec."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.driven import spec
from turnout.rollout.events import Abort, PauseAction, Promote, Resume, Retry, SetWeightAction, Undo
from turnout.rollout.state import ActionResult, Pause, State
from turnout.runners.controller.ledger import Answer, Ledger
from turnout.runners.controller.wishes import ANNOTATION, Wish, annotated, answered, asked, specified

RUNNING = State(stage="Running")
ABORTED = State(stage="Aborted")
BY_USER = replace(RUNNING, pause=Pause("UserPause", "", 0.0))


def wish(**fields: Any) -> Wish:
    found = annotated({ANNOTATION: json.dumps({"id": "1", **fields})})
    assert isinstance(found, Wish)
    return found


@pytest.mark.parametrize(
    ("fields", "action"),
    [
        ({"verb": "promote"}, Promote("1")),
        ({"verb": "promote", "full": True}, Promote("1", full=True)),
        ({"verb": "pause"}, PauseAction("1")),
        ({"verb": "resume"}, Resume("1")),
        ({"verb": "abort", "reason": "why"}, Abort("1", "why")),
        ({"verb": "retry"}, Retry("1")),
        ({"verb": "undo", "revision": "abc"}, Undo("1", "abc")),
        ({"verb": "undo", "revision": None}, Undo("1")),
        ({"verb": "set-weight", "weight": 0}, SetWeightAction("1", 0)),
    ],
)
def test_each_verb_is_an_action(fields: dict[str, Any], action: object) -> None:
    assert asked(wish(**fields)).action == action


def test_without_the_annotation_nothing_is_wished() -> None:
    assert annotated({"other": "x"}) == ""


def test_paused_holds_as_long_as_it_is_set() -> None:
    ledger, found = specified(spec(paused=True), RUNNING, Ledger())
    assert found is not None
    assert isinstance(found.action, PauseAction)
    assert specified(spec(paused=True), BY_USER, ledger) == (ledger, None)
    _, again = specified(spec(paused=True), RUNNING, replace(ledger, numbered=1))
    assert again is not None
    assert again.action.token != found.action.token


def test_paused_taken_back_resumes_what_it_paused() -> None:
    ledger, found = specified(spec(), BY_USER, Ledger(paused=True))
    assert found is not None
    assert isinstance(found.action, Resume)
    assert not ledger.paused


def test_paused_taken_back_leaves_other_pauses_alone() -> None:
    other = replace(RUNNING, pause=Pause("PauseStep", "", 0.0))
    assert specified(spec(), other, Ledger(paused=True)) == (Ledger(), None)


def test_abort_aborts_what_is_under_way_and_nothing_else() -> None:
    _, found = specified(spec(abort=True), RUNNING, Ledger())
    assert found is not None
    assert isinstance(found.action, Abort)
    assert specified(spec(abort=True), ABORTED, Ledger())[1] is None


def test_a_new_retry_token_retries_once() -> None:
    ledger, found = specified(spec(retryToken="a"), ABORTED, Ledger())
    assert found is not None
    assert isinstance(found.action, Retry)
    assert specified(spec(retryToken="a"), ABORTED, ledger)[1] is None


def test_a_retry_token_from_before_the_end_does_not_retry_after_it() -> None:
    ledger, found = specified(spec(retryToken="a"), RUNNING, Ledger())
    assert found is None
    assert specified(spec(retryToken="a"), ABORTED, ledger)[1] is None


def test_the_answer_bears_the_users_id_and_verb() -> None:
    state = replace(RUNNING, last_action=ActionResult("1", accepted=False, message="no"))
    assert answered(Ledger(), state, "undo", "1").answer == Answer("1", "undo", "Refused", "no")


def test_an_answer_to_another_action_is_none_to_this_one() -> None:
    state = replace(RUNNING, last_action=ActionResult("2", accepted=True, message=""))
    assert answered(Ledger(), state, "undo", "1") == Ledger()
