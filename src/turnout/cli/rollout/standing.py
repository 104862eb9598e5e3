"""How a rollout stands, read from its object: in a phase, in a line, in columns."""

from datetime import datetime

import msgspec
from msgspec import Struct

from turnout.apiserver.durations import human
from turnout.cli.rollout.reading import counted, mapping, number, text
from turnout.resources.document import JSON, Document

ANNOTATION = "turnout.dev/action"

ICONS = {"Healthy": "✔", "Degraded": "✖", "Paused": "॥", "Progressing": "◌"}
COLUMNS = ("NAME", "STATUS", "STEP", "SET-WEIGHT", "ACTUAL", "VERDICT", "STABLE", "CANDIDATE", "AGE")


class Standing(Struct, frozen=True):
    """Argo's four phases; `reason` in a word and `message` in a sentence may be empty."""

    phase: str
    reason: str = ""
    message: str = ""

    def __str__(self) -> str:
        return f"{self.short}{f' ({self.reason})' if self.reason else ''}"

    @property
    def short(self) -> str:
        """The phase with its sign."""
        return f"{ICONS.get(self.phase, '?')} {self.phase}"

    @property
    def sentence(self) -> str:
        """All of it."""
        return f"{self}: {self.message}" if self.message else str(self)


def standing(rollout: Document) -> Standing:
    """What the status says, if it is about the object as it stands.

    What the controller has not seen yet (the object, a change of its spec, an action) is progress: whoever waits for
    the outcome must not be told of the one before.
    """
    status = mapping(rollout, "status")
    phase = text(status.get("phase"))
    if not phase:
        return Standing("Progressing", "Pending", "no controller has taken it up yet")
    generation, observed = (
        number(mapping(rollout, "metadata").get("generation")),
        number(status.get("observedGeneration")),
    )
    if generation is not None and observed is not None and observed < generation:
        return Standing("Progressing", "SpecChanged", "the controller has not seen the new spec yet")
    verb = pending(rollout)
    if verb:
        return Standing("Progressing", "ActionPending", f"the controller has not seen `{verb}` yet")
    return Standing(phase, text(status.get("reason")), text(status.get("message")))


def action(rollout: Document) -> dict[str, JSON]:
    """The action that is written on the object; empty if there is none that can be read."""
    written = text(mapping(rollout, "metadata", "annotations").get(ANNOTATION))
    try:
        return mapping(msgspec.json.decode(written)) if written else {}
    except msgspec.DecodeError:
        return {}


def pending(rollout: Document) -> str:
    """The verb of an action that has no answer yet; empty if there is none."""
    asked = action(rollout)
    answered = mapping(rollout, "status", "lastAction").get("id")
    return text(asked.get("verb")) if asked.get("id") != answered else ""


def line(rollout: Document) -> str:
    """The rollout in one line, for a log."""
    state = standing(rollout)
    step = text(mapping(rollout, "status").get("step"), "-")
    parts = (str(state), f"step {step}", f"weight {set_weight(rollout)}", f"actual {actual_weight(rollout)}")
    return "  ".join((*parts, state.message)).rstrip()


def row(rollout: Document, now: float) -> tuple[str, ...]:
    """`COLUMNS` of one rollout."""
    status, spec, metadata = (mapping(rollout, name) for name in ("status", "spec", "metadata"))
    share = number(mapping(status, "weights", "observed").get("share"))
    return (
        text(metadata.get("name")),
        standing(rollout).short,
        text(status.get("step"), "-"),
        set_weight(rollout),
        "-" if share is None else percents(share),
        text(mapping(status, "analysis").get("verdict"), "-"),
        text(mapping(spec, "stable").get("name"), "-"),
        text(mapping(spec, "candidate").get("name"), "-"),
        age(metadata.get("creationTimestamp"), now),
    )


def set_weight(rollout: Document) -> str:
    """The candidate's percent: `25`; `25 (effective 10)` while not every worker does so."""
    weights = mapping(rollout, "status", "weights")
    desired, effective = counted(weights.get("desired")), counted(weights.get("effective"))
    return desired if effective in (desired, "-") else f"{desired} (effective {effective})"


def actual_weight(rollout: Document) -> str:
    """The candidate's percent that was seen, with its interval: `10.2 [8.8, 11.7]`."""
    seen = mapping(rollout, "status", "weights", "observed")
    share, low, high = (number(seen.get(name)) for name in ("share", "low", "high"))
    if share is None:
        return "-"
    return percents(share) if low is None or high is None else f"{percents(share)} [{percents(low)}, {percents(high)}]"


def percents(share: float) -> str:
    """0.1024 is `10.2`."""
    return f"{round(100 * share, 1):g}"


def age(timestamp: JSON, now: float) -> str:
    """How long ago an API's time was, `-` for none; `now` in seconds since 1970."""
    try:
        return human(max(0.0, now - datetime.fromisoformat(text(timestamp)).timestamp()))
    except ValueError:
        return "-"
