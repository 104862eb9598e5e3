"""A worker, a scraper or a parent at the controller's socket, played by the test."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from turnout.channels import (
    Acknowledged,
    Bound,
    Decoder,
    Hello,
    Membership,
    Message,
    Ports,
    Programmed,
    TablePart,
    TableVersion,
    encode,
)
from turnout.table import Listener, Route, RoutingTable

DEADLINE = 20.0
Found = TypeVar("Found")


async def until(condition: Callable[[], Found], what: str = "") -> Found:
    """The first true answer of `condition`; fails after a deadline."""
    end = asyncio.get_running_loop().time() + DEADLINE
    while not (found := condition()):
        assert asyncio.get_running_loop().time() < end, f"never: {what or condition}"
        await asyncio.sleep(0.005)
    return found


class Peer:
    """Connects to RUN/controller.sock and keeps all that it is told. A worker acknowledges unless `silent`.

    `swaps` are the tables that a worker was told, each with the keys of the parts that came for it.
    """

    def __init__(self, run: Path, role: str, worker: int = -1, *, silent: bool = False) -> None:
        self.messages: list[Message] = []
        self.swaps: list[tuple[TableVersion, tuple[str, ...]]] = []
        self.parts: dict[str, bytes] = {}
        self.silent = silent
        self.failed_ports: dict[int, str] | None = {}
        self._hello = Hello(role, os.getpid(), worker)
        self._path = run / "controller.sock"
        self._keys: list[str] = []
        self._task: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        end = asyncio.get_running_loop().time() + DEADLINE
        while True:
            try:
                reader, self._writer = await asyncio.open_unix_connection(self._path)
                break
            except (FileNotFoundError, ConnectionRefusedError):
                assert asyncio.get_running_loop().time() < end, "the controller never listened"
                await asyncio.sleep(0.01)
        self._writer.write(encode(self._hello))
        self._task = asyncio.create_task(self._read(reader))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._writer is not None
        assert self._task is not None
        self._writer.close()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    @property
    def gone(self) -> bool:
        """The controller has hung up."""
        return self._task is not None and self._task.done()

    @property
    def version(self) -> int:
        """The newest table's version; 0 before the first."""
        return self.swaps[-1][0].version if self.swaps else 0

    @property
    def table(self) -> RoutingTable:
        """The table that the parts make."""
        decode = msgspec.msgpack.decode
        routes = {
            k.removeprefix("route/"): decode(v, type=Route) for k, v in self.parts.items() if k.startswith("route/")
        }
        listeners = self.parts.get("listeners")
        return RoutingTable(decode(listeners, type=tuple[Listener, ...]) if listeners is not None else (), routes)

    @property
    def programmed(self) -> Programmed:
        """What a parent was told last."""
        return next((each for each in reversed(self.messages) if isinstance(each, Programmed)), Programmed(0, 0))

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that a parent was asked for last."""
        return next((each.ports for each in reversed(self.messages) if isinstance(each, Ports)), ())

    @property
    def members(self) -> dict[str, tuple[str, ...]]:
        """Addresses by pool, as a scraper was told last."""
        found = next((each for each in reversed(self.messages) if isinstance(each, Membership)), Membership({}))
        return {pool: tuple(member.address for member in members) for pool, members in found.pools.items()}

    def weights(self, route: str) -> dict[str, int]:
        """Weights by pool name of a route's first rule; empty before the table has the route."""
        found = self.table.routes.get(route)
        return {each.ref.name: each.weight for each in found.rules[0].split.backends} if found is not None else {}

    def send(self, message: Message) -> None:
        """Says something more."""
        assert self._writer is not None
        self._writer.write(encode(message))

    def send_bytes(self, data: bytes) -> None:
        """Says anything."""
        assert self._writer is not None
        self._writer.write(data)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        decoder = Decoder()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                for message in decoder.feed(data):
                    self._take(message)

    def _take(self, message: Message) -> None:
        self.messages.append(message)
        match message:
            case TablePart(key, value):
                self._keys.append(key)
                if value is None:
                    self.parts.pop(key)
                else:
                    self.parts[key] = value
            case TableVersion(version, whole):
                if whole:
                    self.parts = {key: self.parts[key] for key in self._keys}
                self.swaps.append((message, tuple(self._keys)))
                self._keys = []
                if not self.silent:
                    self.send(Acknowledged(version))
            case Ports() if self.failed_ports is not None:
                self.send(Bound({port: why for port, why in self.failed_ports.items() if port in message.ports}))
            case _:
                pass
