"""The ledger: what is kept beside the engine's state."""

import msgspec
from msgspec.structs import replace

from tests.support.driven import spec
from turnout.rollout.events import RouteChanged
from turnout.rollout.instructions import EmitEvent, PatchSpec, SetWeights
from turnout.rollout.plan import planned
from turnout.rollout.state import State, Weights
from turnout.runners.controller.ledger import LONGEST_NAME, Ledger, Pools, Target, entered, read, sent

PLAN = replace(planned(spec()), route="route", stable="old", candidate="new", section="chat")
STATE = State(plan=PLAN, route=RouteChanged("f"), weights=Weights(seq=4))
SAID = EmitEvent("Reason", "message")


def test_a_new_round_begins_with_the_next_weights() -> None:
    assert entered(Ledger(), STATE, replace(STATE, round=1), (), "r", 0.0).round_seq == 5


def test_equal_words_are_two_events() -> None:
    ledger = entered(Ledger(), STATE, STATE, (SAID, SAID), "r", 0.0)
    first, second = ledger.unsent
    assert first.name != second.name


def test_an_event_told_again_after_a_crash_has_the_same_name() -> None:
    once = entered(Ledger(), STATE, STATE, (SAID,), "r", 0.0)
    again = entered(Ledger(), STATE, STATE, (SAID,), "r", 99.0)
    assert once.unsent[0].name == again.unsent[0].name


def test_an_events_name_fits_whatever_the_rollouts() -> None:
    (notice,) = entered(Ledger(), STATE, STATE, (SAID,), "a" * 253, 0.0).unsent
    assert len(notice.name) <= LONGEST_NAME


def test_what_is_sent_is_kept_no_longer() -> None:
    ledger = entered(Ledger(), STATE, STATE, (SAID, EmitEvent("Other", "")), "r", 0.0)
    left = sent(ledger, [ledger.unsent[0].name])
    assert [notice.reason for notice in left.unsent] == ["Other"]
    assert left.numbered == 2


def test_weights_are_about_the_plans_rule_and_pools() -> None:
    ledger = entered(Ledger(), STATE, STATE, (SetWeights(90, 10, 5, 1),), "r", 0.0)
    assert ledger.target == Target("route", "old", "new", "old", "chat", "f")


def test_a_rollout_that_goes_on_from_its_own_promotion_keeps_its_base() -> None:
    before = replace(STATE, weights=Weights(overlay=True))
    after = replace(STATE, plan=replace(PLAN, stable="new", candidate="newer"))
    ledger = Ledger(target=Target("route", "old", "new", "old"))
    found = entered(ledger, before, after, (SetWeights(100, 0, 5, 1),), "r", 0.0).target
    assert found is not None
    assert (found.stable, found.candidate, found.base) == ("new", "newer", "old")


def test_once_released_the_base_is_stable_again() -> None:
    ledger = Ledger(target=Target("route", "older", "old", "older"))
    found = entered(ledger, STATE, STATE, (SetWeights(100, 0, 5, 1),), "r", 0.0).target
    assert found is not None
    assert found.base == "old"


def test_pools_are_to_be_written_into_this_generation_only() -> None:
    state = replace(STATE, generation=7)
    assert entered(Ledger(), state, state, (PatchSpec("new", "old"),), "r", 0.0).pools == Pools("new", "old", 7)


def test_it_comes_back_from_json_equal() -> None:
    ledger = entered(Ledger(retry_token="t"), STATE, STATE, (SAID, SetWeights(90, 10, 5, 1)), "r", 1.5)
    assert read(msgspec.json.decode(msgspec.json.encode(ledger))) == ledger
