"""The record of one request: what was decided for it and how it ended."""

from msgspec import Struct


class Record(Struct, frozen=True, gc=False):
    """One request that a worker took, whole.

    `time` is Unix seconds at its head; `ttfb`, `ttft` and `duration` are seconds since then: the first byte of the
    answer, the first bytes of a streamed answer's body, and the end. None is something that never came.
    `route` and `pool` are `NS/NAME`, `endpoint` `IP:PORT`; each is empty when the request did not get that far.
    `weight` of `weight_total` is what the pool had when the request was assigned to it.
    `unit` is what was assigned: `key:` and the key's hash, or `stretch:` and its number.
    `code` is the status that the client was sent, 499 when it left before one. `reason` is empty for an answer that was
    relayed to its end, a reason of `answers`, `upstream-reset` or `timeout` for one that was cut, or `client-gone`.
    `role` is that of the pool in a rollout. `model` is what the request asked for. `first_token` are the seconds to a
    stream's first event with content, `asked` those to the whole request. `usage` begins with what the answer says of
    its tokens, empty where that was not seen. `epoch` is -1 and `stratum` empty where no rollout watches.
    `logged`: the share of requests that get a line in the access log, those that failed aside; negative is none at all,
    None where the Gateway does not say.
    """

    time: float
    route: str
    rule: str
    pool: str
    endpoint: str
    table_version: int
    weight: int
    weight_total: int
    unit: str
    code: int
    reason: str
    stream: bool
    ttfb: float | None
    ttft: float | None
    duration: float
    attempts: int
    role: str = ""
    model: str = ""
    first_token: float | None = None
    asked: float = 0.0
    usage: bytes = b""
    id: bytes = b""
    epoch: int = -1
    stratum: str = ""
    logged: float | None = None
