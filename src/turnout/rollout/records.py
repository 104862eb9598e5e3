"""One request as the data plane saw it: what the metrics are read from."""

from hashlib import blake2b

from msgspec import Struct

from turnout.rollout.observations import Arm


class Record(Struct, frozen=True, kw_only=True):
    """One request, during it or after it. Times are seconds of one clock, the reporter's own.

    `arm` is the first that was drawn (a retry does not change it); `weight` the candidate's share (0..1) then, in
    force since `weight_since`. `unit` identifies the key or the stretch; `first_seen` is when the key was first seen,
    for keyless requests `assigned`. `complete` is when the whole request was there. `status` is what the client got,
    0 for nothing yet; `reason` the gateway's own (`x-turnout-reason`), "" for a relayed answer. None is "not so far".
    """

    arm: Arm
    weight: float
    weight_since: float
    unit: int
    keyed: bool
    first_seen: float
    assigned: float
    complete: float
    stream: bool = False
    status: int = 0
    reason: str = ""
    stream_error: bool = False
    first_token: float | None = None
    last_token: float | None = None
    ended: float | None = None
    client_gone: float | None = None
    finish_reason: str | None = None
    terminated: bool = False
    completion_tokens: int | None = None
    content: bool | None = None
    json_asked: bool = False
    json_valid: bool | None = None
    probe: bool = False


def unit_of_key(salt: str, key: str) -> int:
    """32 bits that a key has in every process. Two keys that share them count as one: an event less, no bias."""
    return _hash(f"{salt}\x00key\x00{key}")


def unit_of_stretch(salt: str, place: str, stretch: int) -> int:
    """32 bits of one stretch of keyless requests; `place` identifies the sequence: a worker's, since it began."""
    return _hash(f"{salt}\x00stretch\x00{place}\x00{stretch}")


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).digest(), "big")
