"""What users want of a rollout: the annotation turnout.dev/action, and the spec's paused, abort and retryToken."""

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from turnout.resources.inferencerollout import RolloutSpec
from turnout.rollout.events import Abort, Action, PauseAction, Promote, Resume, Retry, SetWeightAction, Undo
from turnout.rollout.state import ACTIVE, State
from turnout.runners.controller.ledger import Answer, Ledger

ANNOTATION = "turnout.dev/action"
REVERT = "turnout.dev/revert-on-delete"

Verb = Literal["promote", "pause", "resume", "abort", "retry", "undo", "set-weight"]


class Wish(Struct, frozen=True):
    """The annotation's JSON. `id` is new for each wish: one is followed once."""

    id: str
    verb: Verb
    full: bool | None = None
    weight: int | None = None
    revision: str | None = None
    reason: str | None = None


class Asked(Struct, frozen=True):
    """An action for the engine, under the verb that users know it by."""

    verb: str
    action: Action


ACTIONS: dict[Verb, Callable[[Wish], Action]] = {
    "promote": lambda wish: Promote(wish.id, full=bool(wish.full)),
    "pause": lambda wish: PauseAction(wish.id),
    "resume": lambda wish: Resume(wish.id),
    "abort": lambda wish: Abort(wish.id, wish.reason or ""),
    "retry": lambda wish: Retry(wish.id),
    "undo": lambda wish: Undo(wish.id, wish.revision or ""),
    "set-weight": lambda wish: SetWeightAction(wish.id, -1 if wish.weight is None else wish.weight),
}


def annotated(annotations: Mapping[str, str]) -> Wish | str:
    """The wish in the annotations; the fault of one that cannot be read; "" if there is none."""
    text = annotations.get(ANNOTATION, "")
    if not text:
        return ""
    try:
        wish = msgspec.json.decode(text, type=Wish)
    except msgspec.DecodeError as error:
        return f"annotation {ANNOTATION}: {error}"
    if not wish.id:
        return f"annotation {ANNOTATION}: id: must not be empty"
    if wish.verb == "set-weight" and wish.weight is None:
        return f"annotation {ANNOTATION}: weight: Required value: set-weight needs one"
    return wish


def asked(wish: Wish) -> Asked:
    """The action of a wish."""
    return Asked(wish.verb, ACTIONS[wish.verb](wish))


def specified(spec: RolloutSpec, state: State, ledger: Ledger) -> tuple[Ledger, Asked | None]:
    """What the spec's switches ask of the rollout as it stands, and the ledger that knows of it.

    `paused` and `abort` hold for as long as they are set; a `retryToken` counts when it changes after the end.
    """
    fresh = spec.retry_token != ledger.retry_token
    ledger = replace(ledger, retry_token=spec.retry_token) if fresh else ledger
    # Every action of the engine's leaves a notice: no two tellings have the same number.
    token = f"{ledger.numbered}/{state.round}/{state.generation}"
    active = state.stage in ACTIVE
    if fresh and spec.retry_token and state.stage in ("Aborted", "RolledBack"):
        return ledger, Asked("retry", Retry(f"spec.retryToken/{spec.retry_token}"))
    if spec.abort and active:
        return ledger, Asked("abort", Abort(f"spec.abort/{token}", "spec.abort is true"))
    if spec.paused and active and state.pause is None:
        return replace(ledger, paused=True), Asked("pause", PauseAction(f"spec.paused/{token}"))
    if ledger.paused and not spec.paused:
        ledger = replace(ledger, paused=False)
        if state.pause is not None and state.pause.reason == "UserPause":
            return ledger, Asked("resume", Resume(f"spec.paused/{token}/false"))
    return ledger, None


def answered(ledger: Ledger, state: State, verb: str, token: str) -> Ledger:
    """The ledger with the engine's answer to an action; unchanged if the engine had answered it before."""
    last = state.last_action
    if last is None or last.token != token:
        return ledger
    return replace(ledger, answer=Answer(token, verb, "Accepted" if last.accepted else "Refused", last.message))
