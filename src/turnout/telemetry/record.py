"""The record of one request: what was decided for it and how it ended."""

from msgspec import Struct


class Place(Struct, frozen=True, eq=False, gc=False):
    """Where a request went, as far as that is the same for many: one value for all of them, told apart by identity.

    `route` and `pool` are `NS/NAME`; each is empty when the request did not get that far. `role` is that of the pool in
    a rollout. `weight` of `weight_total` is what the pool had when the request was assigned to it. `logged`: the share
    of requests that get a line in the access log, those that failed aside; negative is none at all, None where the
    Gateway does not say.
    """

    route: str = ""
    rule: str = ""
    pool: str = ""
    role: str = ""
    weight: int = 0
    weight_total: int = 0
    table_version: int = 0
    logged: float | None = None


class Record(Struct, frozen=True, gc=False):
    """One request that a worker took, whole.

    `time` is Unix seconds at its head, `began` the same moment on the worker's clock, `duration` the seconds to its
    end. `first_byte`, `first_body` and `first_content` are moments of that clock: of the answer's first byte, of a
    stream's first piece, of its first event with content; `sent` is when the request had come whole and was first
    tried. 0 is something that never came. `endpoint` is `IP:PORT`, empty when the request did not get that far.
    `unit` is what was assigned: `key:` and the key's hash, or `stretch:` and its number.
    `code` is the status that the client was sent, 499 when it left before one. `reason` is empty for an answer that was
    relayed to its end, a reason of `answers`, `upstream-reset` or `timeout` for one that was cut, or `client-gone`.
    `model` is what the request asked for. `usage` begins with what the answer says of its tokens, empty where that was
    not seen. `rollout` is the `NS/NAME` of the one that watches, empty where none does; `epoch` is -1 and `stratum`
    empty then. `judged` is what its metrics say of the request: (name, whether it missed), for those that say anything.
    """

    time: float
    place: Place
    endpoint: str
    unit: str
    code: int
    reason: str
    stream: bool
    duration: float
    attempts: int
    began: float = 0.0
    first_byte: float = 0.0
    first_body: float = 0.0
    first_content: float = 0.0
    sent: float = 0.0
    model: str = ""
    usage: bytes = b""
    id: bytes = b""
    epoch: int = -1
    stratum: str = ""
    rollout: str = ""
    judged: tuple[tuple[str, bool], ...] = ()

    @property
    def ttfb(self) -> float | None:
        """Seconds to the answer's first byte."""
        return self.first_byte - self.began if self.first_byte else None

    @property
    def ttft(self) -> float | None:
        """Seconds to the first bytes of a streamed answer's body."""
        return self.first_body - self.began if self.first_body else None
