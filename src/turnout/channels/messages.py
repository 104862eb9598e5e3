"""The messages between the processes of one gateway. Times are seconds of CLOCK_MONOTONIC: one clock per machine."""

from msgspec import Struct

from turnout.channels.credentials import Credentials
from turnout.channels.observations import ArmCount, ArmLoad, Assigned, KeyLoad, Miss, Times
from turnout.endpoints import Endpoint

MISSES = 1000
"""Misses that one report lists."""


class Hello(Struct, frozen=True, tag="hello"):
    """First message on every connection to the controller or the scraper.

    `role` is `parent`, `worker`, `scraper` or `controller`; `worker` is the worker's number, -1 for the others.
    """

    role: str
    pid: int
    worker: int = -1


class TablePart(Struct, frozen=True, tag="part"):
    """One changed part of the table.

    `key` is `listeners`, `servers`, `route/NS/NAME`, `pool/NS/NAME` or `sealed/DIGEST`. `value` is its msgpack; None
    removes it. It may be a private key's, and is not shown.
    """

    key: str
    value: bytes | None = None

    def __repr__(self) -> str:
        return f"TablePart({self.key!r})"


class TableVersion(Struct, frozen=True, tag="version"):
    """Ends the parts of one table: swap now. `whole` says that parts not sent before it on this connection are gone."""

    version: int
    whole: bool


class Acknowledged(Struct, frozen=True, tag="ack"):
    """Every request that this worker begins from now on uses table `version` or a later one."""

    version: int


class Count(Struct, frozen=True, omit_defaults=True):
    """Requests of one kind that ended since the last report. `reason` is empty for a relayed answer.

    Times are observations by bucket (`telemetry.buckets`) and the sum of their seconds.
    """

    route: str
    rule: str
    pool: str
    code: int
    reason: str
    requests: int
    role: str = ""
    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    duration: tuple[dict[int, int], float] = ({}, 0.0)
    ttft: tuple[dict[int, int], float] = ({}, 0.0)
    tpot: tuple[dict[int, int], float] = ({}, 0.0)


class Report(Struct, frozen=True, tag="report", omit_defaults=True):
    """What a worker saw since its last report. `seq` grows by 1 per report: a gap is missing data, never success.

    From `arms` on it is about requests that rollouts watch. At most MISSES are listed; `misses_left_out` counts those
    that are not, which `arms` counts all the same: they are missing data too.
    `lag` is how late its event loop was, by bucket and in sum; `log_dropped` are lines of the access log.
    """

    seq: int
    counts: tuple[Count, ...]
    streams_open: int
    table_version: int
    arms: tuple[ArmCount, ...] = ()
    misses: tuple[Miss, ...] = ()
    misses_left_out: int = 0
    assignments: tuple[Assigned, ...] = ()
    loads: tuple[ArmLoad, ...] = ()
    keys: tuple[KeyLoad, ...] = ()
    times: tuple[Times, ...] = ()
    lag: tuple[dict[int, int], float] = ({}, 0.0)
    longest_lag: float = 0.0
    log_dropped: int = 0


class Member(Struct, frozen=True):
    """A model server that a pool's selector selects. `address` is `IP:PORT`; `name` is the ModelServer's `NS/NAME`.

    `secured`: it is spoken to with TLS or a key, and never without.
    """

    name: str
    address: str
    engine: str = "vllm"
    secured: bool = False


class Membership(Struct, frozen=True, tag="membership"):
    """Which endpoints each pool (`NS/NAME`) has, whole. A pool that is absent no longer exists.

    `credentials` are those of the secured addresses; of pools that differ on one, the first's.
    """

    pools: dict[str, tuple[Member, ...]]
    credentials: dict[str, Credentials] = {}


class EndpointStates(Struct, frozen=True, tag="endpoints"):
    """What the scraper knows of every endpoint of every pool, whole."""

    pools: dict[str, tuple[Endpoint, ...]]


class Ports(Struct, frozen=True, tag="ports"):
    """The ports that the table's listeners want served, on the gateway's host."""

    ports: tuple[int, ...]


class Bound(Struct, frozen=True, tag="bound"):
    """The parent's answer to `Ports`: the ports among them that cannot be bound, each with the system's reason."""

    failed: dict[int, str]


class Programmed(Struct, frozen=True, tag="programmed"):
    """Every live worker has acknowledged table `version`; its statuses are written.

    It was built from everything that the store held up to `resource_version`. `workers` are the numbers of those that
    acknowledged it.
    """

    version: int
    resource_version: int
    workers: tuple[int, ...] = ()


class Listen(Struct, frozen=True, tag="listen"):
    """Parent to worker: serve `port` on the socket that travels beside this message (SCM_RIGHTS)."""

    port: int


class Stop(Struct, frozen=True, tag="stop"):
    """Parent to worker: close `port` (open connections go on); port 0 means drain, then exit 0.

    What is open gets `seconds` for that, as many as the worker was started with if None. The last word counts.
    """

    port: int = 0
    seconds: float | None = None


class StepAside(Struct, frozen=True, tag="aside"):
    """Parent to worker: a successor is about to start, whose the column of requests in flight is from now on."""


class SteppedAside(Struct, frozen=True, tag="stepped"):
    """The worker's answer: it writes no more to its column, and serves until it is told to stop."""


class Accepting(Struct, frozen=True, tag="accepting"):
    """Worker to parent: it has a table and knows endpoints, and accepts connections."""


class Renew(Struct, frozen=True, tag="renew"):
    """Worker to parent: it was asked to have a successor take its place."""


Message = (
    Hello
    | TablePart
    | TableVersion
    | Acknowledged
    | Report
    | Membership
    | EndpointStates
    | Ports
    | Bound
    | Programmed
    | Listen
    | Stop
    | StepAside
    | SteppedAside
    | Accepting
    | Renew
)
