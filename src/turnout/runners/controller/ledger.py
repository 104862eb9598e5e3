"""What the controller must not forget of a rollout beside the engine's state. It is written with it, in one status."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from turnout.rollout.instructions import EmitEvent, Instruction, PatchSpec, SetWeights
from turnout.rollout.state import State

LONGEST_NAME = 253
MOST_UNSENT = 100


class Notice(Struct, frozen=True):
    """A Kubernetes Event under its name. It is created from here, so that a crash loses none and repeats none."""

    name: str
    reason: str
    message: str
    kind: Literal["Normal", "Warning"]
    at: float


class Target(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What the weights in force are about: see `resources.rolloutstatus`."""

    route: str
    stable: str
    candidate: str
    base: str
    section_name: str | None = None
    fingerprint: str = ""


class Answer(Struct, frozen=True):
    """What became of the last thing that a user asked for."""

    id: str
    verb: str
    result: Literal["Accepted", "Refused"]
    message: str


class Pools(Struct, frozen=True):
    """Pools to be written into the spec, as long as its generation is this one."""

    stable: str
    candidate: str
    generation: int


class Ledger(Struct, frozen=True, rename="camel", omit_defaults=True):
    """`status.controller`.

    `round_seq`: weights from this number on belong to the engine's present round. `numbered` counts notices, `unsent`
    are those that may not have been created. `paused` and `retry_token` are the spec's as they were acted upon, None
    before. `unreadable` is the text of the last action that was none.
    """

    round_seq: int = 0
    numbered: int = 0
    unsent: tuple[Notice, ...] = ()
    target: Target | None = None
    answer: Answer | None = None
    pools: Pools | None = None
    paused: bool = False
    retry_token: str | None = None
    unreadable: str = ""


def entered(
    ledger: Ledger, before: State, after: State, done: Iterable[Instruction], rollout: str, now: float
) -> Ledger:
    """The ledger after a turn of the engine. `rollout` is the object's name."""
    if after.round != before.round:
        ledger = replace(ledger, round_seq=before.weights.seq + 1)
    for one in done:
        match one:
            case EmitEvent(reason, message, kind):
                ledger = noticed(ledger, rollout, reason, message, kind, now)
            case SetWeights():
                ledger = replace(ledger, target=aimed(ledger, before, after))
            case PatchSpec(stable, candidate):
                ledger = replace(ledger, pools=Pools(stable, candidate, after.generation))
            case _:
                pass
    return ledger


def noticed(
    ledger: Ledger, rollout: str, reason: str, message: str, kind: Literal["Normal", "Warning"], now: float
) -> Ledger:
    """One more notice. Its name comes from its number and words alone: told again after a crash it is the same one."""
    number = ledger.numbered + 1
    mark = blake2b(f"{number}\x00{reason}\x00{message}".encode(), digest_size=5).hexdigest()
    name = f"{rollout[: LONGEST_NAME - 16].rstrip('.-')}.{number:04x}{mark}"
    unsent = (*ledger.unsent, Notice(name, reason, message, kind, now))[-MOST_UNSENT:]
    return replace(ledger, numbered=number, unsent=unsent)


def aimed(ledger: Ledger, before: State, after: State) -> Target | None:
    """What new weights are about. A rollout that goes on from what it has promoted itself keeps its base."""
    plan, old = after.plan, ledger.target
    if plan is None:
        return old
    goes_on = before.weights.overlay and old is not None and plan.stable in (old.stable, old.candidate)
    return Target(
        route=plan.route,
        section_name=plan.section,
        stable=plan.stable,
        candidate=plan.candidate,
        base=old.base if goes_on and old is not None else plan.stable,
        fingerprint=after.route.fingerprint if after.route is not None else "",
    )


def sent(ledger: Ledger, names: Iterable[str]) -> Ledger:
    """The ledger without the notices that have been created."""
    known = set(names)
    return replace(ledger, unsent=tuple(one for one in ledger.unsent if one.name not in known))


def read(document: object) -> Ledger:
    """The ledger from its JSON. Raises msgspec.ValidationError on what is none."""
    return msgspec.convert(document, Ledger)
