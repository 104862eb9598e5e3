"""The data plane in this process: a table in a few words, a listening worker, and a strict client."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import h11
import msgspec
import uvloop

from turnout.channels import Decoder, EndpointStates, Message, TablePart, TableVersion, encode
from turnout.endpoints import Endpoint
from turnout.proxy.connections import Connections
from turnout.proxy.downstream import Downstream
from turnout.proxy.limits import Limits
from turnout.proxy.state import State
from turnout.table import (
    DEFAULT_PARAMETERS,
    NO_FILTERS,
    Backend,
    Filters,
    Listener,
    Match,
    ObjectRef,
    Parameters,
    PathMatch,
    Pool,
    Route,
    RoutingTable,
    Rule,
    Split,
    Timeouts,
)
from turnout.telemetry.record import Record

T = TypeVar("T")
PORT = 80
"""The port that the table's listener is said to be served at."""
ANY = Match(PathMatch("PathPrefix", "/"))


def run(work: Coroutine[object, object, T]) -> T:
    """Runs it on uvloop; what the loop complains of fails the test."""
    complaints: list[dict[str, Any]] = []

    async def watched() -> T:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        return await asyncio.wait_for(work, 30)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(watched())
    assert complaints == []
    return result


async def until(holds: Callable[[], object], seconds: float = 10.0) -> None:
    """Returns once it holds; fails after `seconds`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not holds():
        assert loop.time() < deadline, "it never held"
        await asyncio.sleep(0.002)


def pool_ref(name: str) -> ObjectRef:
    return ObjectRef("inference.networking.k8s.io", "InferencePool", "default", name)


def table(
    weights: Mapping[str, int],
    *,
    path: str = "/",
    invalid: Sequence[str] = (),
    hostnames: tuple[str, ...] = (),
    port: int = PORT,
) -> RoutingTable:
    """One listener, one route `default/r`, one rule that splits between pools of namespace `default`."""
    gateway = ObjectRef("gateway.networking.k8s.io", "Gateway", "default", "g")
    backends = tuple(
        Backend(pool_ref(name), weight, "BackendNotFound" if name in invalid else "")
        for name, weight in sorted(weights.items())
    )
    rule = Rule("0", 0, (Match(PathMatch("PathPrefix", path)),), Split("uid/0", backends))
    route = Route(ObjectRef("gateway.networking.k8s.io", "HTTPRoute", "default", "r"), "uid", "", hostnames, (rule,))
    return RoutingTable(
        (Listener(gateway, "http", port, port, "", ("default/r",)),),
        {"default/r": route},
        {f"default/{name}": Pool(pool_ref(name)) for name in weights},
    )


def serving(
    filters: Filters = NO_FILTERS,
    *,
    match: Match = ANY,
    own: Filters = NO_FILTERS,
    timeouts: Timeouts | None = None,
    parameters: Parameters = DEFAULT_PARAMETERS,
    port: int = PORT,
) -> RoutingTable:
    """One rule with `filters` for `match`, and one backend, pool `a`, with filters of its `own`."""
    made = table({"a": 1}, port=port)
    (route,), (listener,) = made.routes.values(), made.listeners
    split = Split("uid/0", (Backend(pool_ref("a"), 1, filters=own),) if filters.redirect is None else ())
    rule = Rule("0", 0, (match,), split, filters, timeouts)
    return RoutingTable(
        (msgspec.structs.replace(listener, parameters=parameters),),
        {"default/r": msgspec.structs.replace(route, rules=(rule,))},
        made.pools,
    )


class Cells:
    """The in-flight counters of a worker that is alone."""

    def __init__(self) -> None:
        self.cells = [0] * 64

    def add(self, slot: int, delta: int) -> None:
        self.cells[slot] += delta

    def total(self, slot: int) -> int:
        return self.cells[slot]


class Gateway:
    """A worker's data plane that listens on `port`."""

    def __init__(self, limits: Limits) -> None:
        self.records: list[Record] = []
        self.cells = Cells()
        self.port = 0
        self.state = State(asyncio.get_running_loop(), self.records.append, self.cells, self.cells.total, limits)
        self._slots: dict[str, int] = {}
        self._version = 0

    def endpoints(self, pools: Mapping[str, Sequence[str]]) -> None:
        """Which addresses each pool has, all ready."""
        self.state.endpoints = {f"default/{name}": tuple(map(self._endpoint, each)) for name, each in pools.items()}

    def swap(self, routing_table: RoutingTable) -> None:
        self._version += 1
        self.state.swap(routing_table, self._version)

    @property
    def in_flight(self) -> int:
        return sum(self.cells.cells)

    def slot(self, address: str) -> int:
        return self._slots[address]

    def _endpoint(self, address: str) -> Endpoint:
        slot = self._slots.setdefault(address, len(self._slots))
        return Endpoint(f"default/{address}", address, slot, ready=True, checked=0.0)


@asynccontextmanager
async def gateway(
    pools: Mapping[str, Sequence[str]],
    weights: Mapping[str, int] | None = None,
    *,
    limits: Limits | None = None,
    routing_table: RoutingTable | None = None,
) -> AsyncIterator[Gateway]:
    """Serves a split of `pools`, alike unless `weights` says otherwise. Nothing may be in flight at the end."""
    made = Gateway(limits or Limits())
    made.endpoints(pools)
    made.swap(routing_table or table(weights or dict.fromkeys(pools, 1)))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Downstream(made.state, PORT), "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for session in list(made.state.sessions):
            session.end()
        await until(lambda: not made.state.sessions)
        await made.state.connections.close()
    assert made.in_flight == 0
    assert made.state.streams == 0
    assert made.state.held == 0


class Answer(NamedTuple):
    """An answer as a strict client reads it. Header names are in lower case; `whole` is False when it broke off."""

    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool = True
    pieces: tuple[bytes, ...] = ()

    @property
    def pool(self) -> str:
        return self.headers.get("x-turnout-pool", "")

    @property
    def reason(self) -> str:
        return self.headers.get("x-turnout-reason", "")


class Client:
    """A raw connection whose answers h11 reads."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._left = b""

    async def send(self, *parts: bytes) -> None:
        """Sends each part by itself."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            await asyncio.sleep(0)

    async def read(self, method: str = "GET") -> Answer:
        """The next answer, interim ones passed over."""
        parser = h11.Connection(h11.CLIENT)
        # h11 wants to have sent what it reads the answer to.
        parser.send(h11.Request(method=method, target="/", headers=[("host", "x")]))
        parser.send(h11.EndOfMessage())
        if self._left:
            parser.receive_data(self._left)
        status = 0
        headers: dict[str, str] = {}
        pieces: list[bytes] = []
        while True:
            try:
                event = parser.next_event()
            except h11.RemoteProtocolError:
                return Answer(status, headers, b"".join(pieces), whole=False, pieces=tuple(pieces))
            if event is h11.NEED_DATA:
                try:
                    parser.receive_data(await self.reader.read(65536))
                except ConnectionError:
                    return Answer(status, headers, b"".join(pieces), whole=False, pieces=tuple(pieces))
            elif isinstance(event, h11.Response):
                status = event.status_code
                headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
            elif isinstance(event, h11.Data):
                pieces.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                self._left = parser.trailing_data[0]
                return Answer(status, headers, b"".join(pieces), pieces=tuple(pieces))
            elif isinstance(event, h11.ConnectionClosed):
                return Answer(status, headers, b"".join(pieces), whole=False, pieces=tuple(pieces))

    async def ended(self) -> bool:
        """Whether the gateway ends the connection without another byte."""
        try:
            return not self._left and await self.reader.read(1) == b""
        except ConnectionError:
            return True

    def leave(self) -> None:
        """Ends the connection at once."""
        self.writer.transport.abort()


@asynccontextmanager
async def client(served: Gateway) -> AsyncIterator[Client]:
    """A connection to the gateway."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def get(path: str = "/", *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    """A request without a body."""
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: x", *headers, "", ""]).encode()


def post(body: bytes, *headers: str, path: str = "/", media: str = "application/json") -> bytes:
    """A request with a Content-Length."""
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Type: {media}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def ask(served: Gateway, raw: bytes, method: str = "GET") -> Answer:
    """The answer to one request on a connection of its own."""
    async with client(served) as opened:
        await opened.send(raw)
        return await opened.read(method)


class Peer:
    """A controller or a scraper at a Unix socket, as a worker meets it. `heard` is what was said on every line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[Message] = []
        self.writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listens from here on."""
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    def stop(self) -> None:
        """Hangs up on everyone and listens no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self.path.unlink(missing_ok=True)
        for writer in self.writers:
            writer.close()

    def say(self, *messages: Message) -> None:
        """Sends these on the newest line."""
        self.writers[-1].write(b"".join(map(encode, messages)))

    def publish(self, version: int, routing_table: RoutingTable) -> None:
        """Sends a whole table on the newest line."""
        part = msgspec.msgpack.Encoder().encode
        self.say(
            TablePart("listeners", part(routing_table.listeners)),
            *(TablePart(f"route/{key}", part(route)) for key, route in routing_table.routes.items()),
            *(TablePart(f"pool/{key}", part(pool)) for key, pool in routing_table.pools.items()),
            TableVersion(version, whole=True),
        )

    def of(self, kind: type[T]) -> list[T]:
        """What was said of one kind."""
        return [each for each in self.heard if isinstance(each, kind)]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        decoder = Decoder()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                self.heard += decoder.feed(data)
        writer.close()


def states(**pools: str) -> EndpointStates:
    """One ready endpoint for each pool of namespace `default`."""
    return EndpointStates(
        {
            f"default/{name}": (Endpoint(f"default/{name}", address, slot, ready=True, checked=0.0),)
            for slot, (name, address) in enumerate(sorted(pools.items()))
        }
    )


class GatedLoop:
    """A loop whose connections are made as a test wants them."""

    def __init__(self, gate: asyncio.Event) -> None:
        self._gate = gate

    def create_task(self, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        return asyncio.get_running_loop().create_task(work)

    async def create_connection(
        self, factory: Callable[[], asyncio.Protocol], host: str, port: int, **_: object
    ) -> object:
        await self._gate.wait()
        return await asyncio.get_running_loop().create_connection(factory, host, port)


def gated(served: Gateway) -> asyncio.Event:
    """No connection is made before the event is set."""
    gate = asyncio.Event()
    loop = cast("asyncio.AbstractEventLoop", GatedLoop(gate))
    served.state.connections = Connections(loop, served.state.limits)
    return gate
