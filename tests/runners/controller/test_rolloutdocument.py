"""A rollout's status as it is stored."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.support.driven import Driven, spec
from turnout.resources.inferencerollout import InferenceRollout
from turnout.resources.metadata import ObjectMeta
from turnout.resources.rolloutstatus import overlay_of
from turnout.rollout.state import Pause, State
from turnout.runners.controller.ledger import Answer, Ledger, Target
from turnout.runners.controller.rolloutdocument import (
    Kept,
    UnreadableError,
    fault_document,
    meant,
    restored,
    status_document,
)

NOW = 1000.0


def running() -> State:
    return Driven().begin().acknowledge().quiet(5).state


def document(state: State, ledger: Ledger | None = None, old: dict[str, Any] | None = None) -> dict[str, Any]:
    stored = status_document(Kept(state, ledger or Ledger()), NOW, old or {})
    whole: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(stored))
    assert whole == stored
    return whole


@pytest.mark.parametrize("state", [State(), running(), Driven().begin().run().state])
def test_the_state_comes_back_equal(state: State) -> None:
    ledger = Ledger(numbered=3, answer=Answer("1", "pause", "Accepted", ""))
    assert restored(document(state, ledger)) == Kept(state, ledger)


def test_a_status_without_an_engine_is_the_beginning() -> None:
    assert restored({"phase": "Healthy"}) == Kept()


@pytest.mark.parametrize("status", [{"engine": {"stage": "Nowhere"}}, {"engine": 5}, {"engine": {}, "controller": []}])
def test_an_engine_that_cannot_be_read_is_told(status: dict[str, Any]) -> None:
    with pytest.raises(UnreadableError):
        restored(status)


def test_translation_reads_the_weights_that_the_engine_wants() -> None:
    state = running()
    target = Target("other-route", "a", "b", "base", "chat", "f")
    rollout = InferenceRollout(
        metadata=ObjectMeta(name="r"), spec=spec(), status=document(state, Ledger(target=target))
    )
    overlay = overlay_of(rollout)
    assert overlay is not None
    assert (overlay.weight, overlay.effective, overlay.epoch) == (10, 10, state.weights.seq)
    assert (overlay.route, overlay.section, overlay.fingerprint) == ("other-route", "chat", "f")
    assert (overlay.stable, overlay.candidate, overlay.base) == ("a", "b", "base")


def test_an_overlay_that_a_route_suspended_says_so() -> None:
    state = running()
    released = replace(state, weights=replace(state.weights, overlay=False))
    assert document(state)["overlay"] == "Active"
    assert document(replace(released, pause=Pause("RouteChanged", "", 0.0)))["overlay"] == "Suspended"
    assert document(released)["overlay"] == "Released"


def test_a_conditions_time_changes_with_its_status_only() -> None:
    first = document(running())
    old = {**first, "conditions": [{**one, "lastTransitionTime": "then"} for one in first["conditions"]]}
    paused = replace(running(), pause=Pause("UserPause", "", 0.0))
    times = {one["type"]: one["lastTransitionTime"] for one in document(paused, old=old)["conditions"]}
    assert times["Accepted"] == "then"
    assert times["Paused"] != "then"


def test_every_condition_is_whole() -> None:
    for state in (State(), running()):
        for one in document(state)["conditions"]:
            assert one["reason"]
            assert one["status"] in ("True", "False", "Unknown")
            assert {"message", "observedGeneration", "lastTransitionTime"} <= one.keys()


def test_a_fault_leaves_the_rest_of_the_status_alone() -> None:
    old = document(running())
    new = fault_document(old, "broken", 1, NOW)
    assert {**new, "conditions": []} == {**old, "conditions": []}
    assert [one["status"] for one in new["conditions"] if one["type"] == "ControllerFault"] == ["True"]


def test_a_count_means_nothing_to_tables_and_a_weight_does() -> None:
    metadata, wanted = {"uid": "u"}, {"x": 1}
    status = document(running())
    before = meant({"metadata": metadata, "spec": wanted, "status": status})
    counted = {**status, "message": "other", "backends": [], "engine": {}}
    assert meant({"metadata": metadata, "spec": wanted, "status": counted}) == before
    moved = {**status, "weights": {**status["weights"], "target": 11}}
    assert meant({"metadata": metadata, "spec": wanted, "status": moved}) != before
