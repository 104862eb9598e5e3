"""Before the first weight: five conditions, each with its evidence."""

from collections.abc import Iterator

from msgspec import Struct

from turnout.rollout.events import Check


class ServedModel(Struct, frozen=True):
    """A name that a server lists under `/v1/models`; `context` is its `max_model_len`, None where it does not say."""

    name: str
    context: int | None = None


class Server(Struct, frozen=True):
    """One ready endpoint as it answered. `models` is None when it did not; `connections` are those open to it."""

    address: str
    models: tuple[ServedModel, ...] | None = None
    connections: int = 0


class Probe(Struct, frozen=True):
    """One prompt sent to the candidate: what came back. `text` is the error where it is none."""

    address: str
    status: int
    text: str = ""


class Facts(Struct, frozen=True):
    """What was gathered: ready endpoints of both pools, and a probe of each of the candidate's."""

    stable: tuple[Server, ...]
    candidate: tuple[Server, ...]
    probes: tuple[Probe, ...]


def checked(facts: Facts) -> tuple[Check, ...]:
    """CandidateReady, ModelsServed, ContextLength, ProbeAnswered and Connected: always all five."""
    return (
        ready(facts),
        models_served(facts),
        context_length(facts),
        probe_answered(facts),
        connected(facts),
    )


def ready(facts: Facts) -> Check:
    """The candidate has ready endpoints."""
    count = len(facts.candidate)
    reason = "EndpointsReady" if count else "NoReadyEndpoints"
    return Check("CandidateReady", count > 0, reason, f"{count} endpoints of the candidate are ready")


def models_served(facts: Facts) -> Check:
    """Every endpoint of the candidate serves every model name that any of stable's serves."""
    silent = [one.address for one in (*facts.stable, *facts.candidate) if one.models is None]
    wanted = {model.name for one in facts.stable for model in one.models or ()}
    missing = [
        f"{one.address} lacks {', '.join(sorted(lacking))}"
        for one in facts.candidate
        if one.models is not None and (lacking := wanted - {model.name for model in one.models})
    ]
    if silent:
        return Check(
            "ModelsServed", passed=False, reason="ModelsUnknown", message=f"no model list from {', '.join(silent)}"
        )
    if missing or not facts.candidate:
        return Check(
            "ModelsServed", passed=False, reason="ModelMissing", message="; ".join(missing) or "no endpoint to ask"
        )
    return Check(
        "ModelsServed",
        passed=True,
        reason="ModelsServed",
        message=f"serves {', '.join(sorted(wanted)) or 'what stable serves'}",
    )


def context_length(facts: Facts) -> Check:
    """No model's context is smaller on the candidate than the smallest on stable. Unknown lengths say nothing."""
    shorter = list(shortened(facts))
    return Check(
        "ContextLength",
        not shorter,
        "ContextShorter" if shorter else "ContextKept",
        "; ".join(shorter) or "no model's context is smaller than on stable",
    )


def shortened(facts: Facts) -> Iterator[str]:
    """Each model of each endpoint whose context is smaller."""
    wanted: dict[str, int] = {}
    for one in facts.stable:
        for model in one.models or ():
            if model.context is not None:
                wanted[model.name] = min(model.context, wanted.get(model.name, model.context))
    for one in facts.candidate:
        for model in one.models or ():
            if model.context is not None and model.context < wanted.get(model.name, 0):
                yield f"{model.name} on {one.address}: {model.context} tokens, stable has {wanted[model.name]}"


def probe_answered(facts: Facts) -> Check:
    """A prompt is answered by every endpoint of the candidate that was asked, and one at least was."""
    failed = [f"{one.address}: {one.status} {one.text}".rstrip() for one in facts.probes if not 200 <= one.status < 300]
    passed = bool(facts.probes) and not failed
    message = "; ".join(failed) or (f"{len(facts.probes)} endpoints answered" if passed else "no probe was sent")
    return Check("ProbeAnswered", passed, "ProbeAnswered" if passed else "ProbeFailed", message)


def connected(facts: Facts) -> Check:
    """A connection is open to every endpoint of the candidate: no first request waits for one."""
    closed = [one.address for one in facts.candidate if one.connections < 1]
    passed = bool(facts.candidate) and not closed
    message = f"no connection to {', '.join(closed)}" if closed else f"connected to {len(facts.candidate)} endpoints"
    return Check("Connected", passed, "Connected" if passed else "NotConnected", message)
