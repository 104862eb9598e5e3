"""`rollout get`: a rollout as its numbers and a tree of what it is made of."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from turnout.cli.printing import aligned
from turnout.cli.rollout.evidence import short_table, troubles
from turnout.cli.rollout.reading import counted, mapping, mappings, number, text
from turnout.cli.rollout.standing import actual_weight, age, set_weight, standing
from turnout.resources.document import Document

WIDTH = 17
"""Columns before a value, as `kubectl describe` and Argo's have it."""

REVISION = 12
"""Letters of a revision that are shown."""


class Backend(Struct, frozen=True):
    """One arm. `share` in percent; None is unknown."""

    role: str
    name: str
    revision: str
    share: float | None
    ready: float | None
    requests: float | None


def lines(rollout: Document, created: Mapping[str, str], now: float) -> Iterator[str]:
    """The whole picture. `created`: by pool, the time when it was made; `now` in seconds since 1970."""
    metadata, state = mapping(rollout, "metadata"), standing(rollout)
    backends = backends_of(rollout)
    yield from field("Name:", [text(metadata.get("name"))])
    yield from field("Namespace:", [text(metadata.get("namespace"))])
    yield from field("Status:", [str(state)])
    yield from field("Message:", state.message.splitlines())
    yield from field("Result:", [each for each in (text(mapping(rollout, "status").get("completionStatus")),) if each])
    yield from field("Strategy:", ["Canary"])
    yield from field("  Step:", [text(mapping(rollout, "status").get("step"), "-")])
    yield from field("  SetWeight:", [set_weight(rollout)])
    yield from field("  ActualWeight:", [actual_weight(rollout)])
    yield from field("Backends:", aligned((f"{each.name} ({each.role})", ready(each)) for each in backends))
    yield from field("Analysis:", short_table(rollout))
    yield from field("Abort:", way_back(state.phase, backends))
    yield from field("Note:", [line for each in troubles(rollout) for line in each.splitlines()])
    yield ""
    yield from tree(rollout, backends, created, now)


def field(name: str, values: list[str]) -> Iterator[str]:
    """The first value beside the name, the others below it; nothing for none."""
    for place, value in enumerate(values):
        yield f"{'' if place else name:<{WIDTH}}{value}"


def tree(rollout: Document, backends: list[Backend], created: Mapping[str, str], now: float) -> list[str]:
    """The rollout, and under it each arm's revision and pool, the candidate first."""
    metadata = mapping(rollout, "metadata")
    born = age(metadata.get("creationTimestamp"), now)
    rows = [
        ("NAME", "KIND", "STATUS", "AGE", "INFO"),
        (f"⟳ {text(metadata.get('name'))}", "InferenceRollout", standing(rollout).short, born, ""),
    ]
    arms = backends[::-1]
    for place, arm in enumerate(arms):
        last = place == len(arms) - 1
        revision = f":{arm.revision[:REVISION]}" if arm.revision else ""
        rows.append((f"{'└' if last else '├'}──# {arm.role}{revision}", "", "", "", ""))
        pool_age = age(created.get(arm.name), now)
        rows.append((f"{' ' if last else '│'}  └──⧉ {arm.name}", "InferencePool", health(arm), pool_age, info(arm)))
    return aligned(rows)


def backends_of(rollout: Document) -> list[Backend]:
    """Stable, then the candidate; by the spec alone where the status does not tell."""
    status, spec = mapping(rollout, "status"), mapping(rollout, "spec")
    told = {text(each.get("role")): each for each in mappings(status.get("backends"))}
    found = []
    for role in ("stable", "candidate"):
        one = told.get(role, {})
        name = text(one.get("name"), text(mapping(spec, role).get("name"), "-"))
        share, ready_count, requests = (number(one.get(each)) for each in ("share", "ready", "requests"))
        found.append(Backend(role, name, text(status.get(f"{role}Revision")), share, ready_count, requests))
    return found


def ready(backend: Backend) -> str:
    """`ready 8`."""
    return f"ready {counted(backend.ready)}"


def health(backend: Backend) -> str:
    """Whether the pool can serve."""
    if backend.ready is None:
        return "? Unknown"
    return "✔ Ready" if backend.ready else "✖ NotReady"


def info(backend: Backend) -> str:
    """The share of the requests, and how many there were at this weight."""
    share = "" if backend.share is None else f"{backend.share:g}%"
    return f"{share}  {backend.requests:g} requests" if backend.requests else share


def way_back(phase: str, backends: list[Backend]) -> list[str]:
    """What an abort would find; nothing where there is nothing to abort."""
    stable = backends[0]
    if phase not in ("Progressing", "Paused") or stable.ready is None:
        return []
    if not stable.ready:
        return [f"not safe: {stable.name} has no ready endpoint"]
    return [f"safe: {stable.name} has {stable.ready:g} ready endpoint{'' if stable.ready == 1 else 's'}"]
