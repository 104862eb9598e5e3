"""A split that a rollout watches, compiled; and which of its requests are told apart how."""

from zlib import crc32

from turnout.proxy.tally import Tally
from turnout.rollout.observations import Arm
from turnout.rollout.observe import Rule
from turnout.table import Split, Watch

SIZES = ((1024, "<1k"), (4096, "1k-4k"), (16384, "4k-16k"), (65536, "16k-64k"))
"""Strata of `promptLength`: bytes of the body. They are fixed before a request is routed."""


class Watched:
    """What stays the same for all requests of one split in one table. `since` is when the share took effect here."""

    __slots__ = (
        "grace",
        "keeps_text",
        "mix",
        "reads_whole",
        "rules",
        "salt",
        "share",
        "since",
        "strata",
        "tag",
        "tally",
        "watch",
    )

    def __init__(self, split: Split, watch: Watch, tally: Tally, since: float) -> None:
        self.watch = watch
        self.tally = tally
        self.since = since
        self.salt = split.salt
        self.share = share_of(split)
        self.grace = watch.cold_grace
        self.strata = watch.strata
        # An epoch's tag must differ from the one before and must not be 0, which stands for no tag.
        self.tag = watch.epoch % 0xFFFFFFFF + 1
        self.mix = mixed(f"{watch.uid}/{split.salt}")
        self.rules = tuple(Rule(each.name, each.builtin, each.threshold or None) for each in watch.metrics)
        builtins = {each.builtin for each in watch.metrics}
        self.keeps_text = "InvalidJSON" in builtins
        self.reads_whole = not builtins.isdisjoint({"InvalidJSON", "EmptyOutput", "FinishReason"})

    def stratum(self, size: int) -> str:
        """The stratum of a request of that many bytes."""
        if not self.strata:
            return ""
        return ",".join(_length(size) if each == "promptLength" else "" for each in self.strata)


def arm_of(role: str) -> Arm | None:
    """The arm that a backend of this role is; None for a backend that the rollout is not about."""
    return "stable" if role == "stable" else "candidate" if role == "candidate" else None


def share_of(split: Split) -> float:
    """The candidate's share of the two arms."""
    weights = {"stable": 0, "candidate": 0, "": 0}
    for backend in split.backends:
        weights[backend.role] += backend.weight
    both = weights["stable"] + weights["candidate"]
    return weights["candidate"] / both if both else 0.0


def mixed(name: str) -> int:
    """64 bits of a name, the same in every process."""
    return (crc32(name.encode()) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF


def _length(size: int) -> str:
    return next((name for limit, name in SIZES if size < limit), ">=64k")
