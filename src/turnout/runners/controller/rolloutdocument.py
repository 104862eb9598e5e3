"""A rollout's `status` as it is stored: what its engine says, in the words of `resources.rolloutstatus`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from turnout.resources.document import Document
from turnout.resources.rolloutstatus import thresholds_of
from turnout.rollout.state import ACTIVE, State, dumped, loaded
from turnout.rollout.status import status_of
from turnout.runners.controller.ledger import Ledger, read

LONGEST = 32768
"""Characters: the API's maximum for a condition's message."""

FAULT = "ControllerFault"


class UnreadableError(Exception):
    """A status that holds an engine's state which this program cannot go on from."""


class Kept(Struct, frozen=True):
    """All that is known of a rollout between two turns."""

    state: State = State()
    ledger: Ledger = Ledger()


def restored(status: Mapping[str, Any]) -> Kept:
    """What a status holds of the engine; the beginning for one that holds nothing. Raises UnreadableError."""
    if "engine" not in status:
        return Kept()
    try:
        state = loaded(msgspec.json.encode(status["engine"]))
        return Kept(state, read(status.get("controller", {})))
    except msgspec.ValidationError as error:
        raise UnreadableError(str(error)) from error


def status_document(kept: Kept, now: float, old: Mapping[str, Any], fault: str = "") -> Document:
    """The whole status. `old` is the one before: conditions that say the same keep their time. `fault`: of ours."""
    state, ledger = kept.state, kept.ledger
    document: Document = msgspec.to_builtins(status_of(state, now))
    weights = document["weights"]
    weights.update(desired=state.weights.desired, target=state.weights.target, seq=state.weights.seq)
    weights.pop("overlay", None)
    document["overlay"] = overlay(state)
    document["target"] = msgspec.to_builtins(ledger.target)
    document["lastAction"] = msgspec.to_builtins(ledger.answer)
    conditions = [*document["conditions"], fault_condition(fault)]
    document["conditions"] = dated(conditions, old.get("conditions", ()), state.generation, now)
    document["engine"] = msgspec.json.decode(dumped(state))
    document["controller"] = msgspec.to_builtins(ledger)
    whole: Document = without_nulls(document)
    return whole


def overlay(state: State) -> Literal["Active", "Suspended", "Released"]:
    """Whether the weights are in force in place of the route's, are to be again, or are done with."""
    if state.weights.overlay:
        return "Active"
    suspended = state.stage in ACTIVE and state.pause is not None and state.pause.reason == "RouteChanged"
    return "Suspended" if suspended else "Released"


def fault_condition(fault: str) -> Document:
    """Whether this program has failed on the rollout, which then stands still."""
    if fault:
        return {"type": FAULT, "status": "True", "reason": "InternalError", "message": fault}
    return {"type": FAULT, "status": "False", "reason": "NoFault", "message": ""}


def fault_document(old: Mapping[str, Any], fault: str, generation: int, now: float) -> Document:
    """The status as it was, but for the fault."""
    before = old.get("conditions")
    others = [one for one in before if one.get("type") != FAULT] if isinstance(before, list) else []
    return {**old, "conditions": [*others, *dated([fault_condition(fault)], before, generation, now)]}


def dated(conditions: list[Document], old: Any, generation: int, now: float) -> list[Document]:
    """The conditions with their times and the generation that they are about."""
    before = {one.get("type"): one for one in old if isinstance(one, dict)} if isinstance(old, list) else {}
    stamp = rfc3339(now)
    found = []
    for one in conditions:
        known = before.get(one["type"], {})
        same = known.get("status") == one["status"] and "lastTransitionTime" in known
        found.append(
            {
                **one,
                "reason": one["reason"] or "Unknown",
                "message": one["message"][:LONGEST],
                "observedGeneration": generation,
                "lastTransitionTime": known["lastTransitionTime"] if same else stamp,
            }
        )
    return found


def without_nulls(value: Any) -> Any:
    """The value as a store gives it back: without the fields that are null, and with lists for tuples."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list | tuple) else value


def meant(document: Document) -> tuple[Any, ...]:
    """What tables and other objects' statuses are made from: as long as it is equal, neither changes."""
    metadata, status = document["metadata"], document.get("status", {})
    weights = status.get("weights")
    told = {name: weights.get(name) for name in ("desired", "target", "effective", "seq")} if weights else {}
    ended = status.get("completionStatus")
    return (
        metadata.get("uid"),
        document.get("spec"),
        status.get("overlay"),
        told,
        status.get("target"),
        ended,
        (thresholds_of(status)),
    )


def rfc3339(seconds: float) -> str:
    """The time as the API writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
