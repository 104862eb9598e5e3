"""RUN/controller.sock: the workers, the scraper and the parent as the controller meets them."""

import asyncio
import logging
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast

from turnout.channels import Acknowledged, Decoder, Hello, Message, TableVersion, encode
from turnout.runners.controller.parts import changes

log = logging.getLogger("turnout.runners")

ROLES = ("worker", "scraper", "parent")


class Audience(Protocol):
    """Who hears of the peers. Called in the event loop."""

    def joined(self, peer: "Peer") -> None:
        """The peer has said who it is."""

    def left(self, peer: "Peer") -> None:
        """The peer, which had joined, is gone."""

    def received(self, peer: "Peer", message: Message) -> None:
        """The peer, which has joined, says something."""


class Peer(asyncio.Protocol):
    """One connection. `role` is empty until its Hello.

    `acknowledged` is the newest table version that a worker has acknowledged. `late` marks a worker that is no longer
    waited for, until it acknowledges something.
    """

    def __init__(self, audience: Audience) -> None:
        self.role = ""
        self.pid = 0
        self.worker = -1
        self.acknowledged = 0
        self.late = False
        self._audience = audience
        self._decoder = Decoder()
        self._transport: asyncio.Transport | None = None
        self._sent: Mapping[str, bytes] = {}
        self._version = 0
        self._paused = False
        self._waiting: tuple[int, Mapping[str, bytes]] | None = None

    def __str__(self) -> str:
        return f"worker {self.worker}" if self.role == "worker" else self.role or "a peer without a Hello"

    def send(self, message: Message) -> None:
        """Sends a message, unless the peer is going."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encode(message))

    def publish(self, version: int, wanted: Mapping[str, bytes]) -> None:
        """Sends what differs from what this connection has, then the version: the whole table the first time.

        `wanted` is kept: it may not be changed in place.
        A peer that does not read gets the newest table when it reads again, and none of those between.
        """
        if version == self._version:
            return
        if self._paused:
            self._waiting = (version, wanted)
            return
        first = self._version == 0
        frames = [encode(part) for part in changes(self._sent, wanted)]
        frames.append(encode(TableVersion(version, whole=first)))
        self._sent = wanted
        self._version = version
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(frames))

    def close(self) -> None:
        """Hangs up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for the Hello."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hands whole messages on; hangs up on a peer that says what is no message of ours."""
        try:
            for message in self._decoder.feed(data):
                self._take(message)
        except ValueError as error:
            log.warning("%s is hung up on: %s", self, error)
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells that the peer is gone."""
        self._transport = None
        if self.role:
            self._audience.left(self)

    def pause_writing(self) -> None:
        """The peer reads more slowly than we write."""
        self._paused = True

    def resume_writing(self) -> None:
        """The peer has caught up: what it missed is sent as one change."""
        self._paused = False
        if self._waiting is not None:
            version, wanted = self._waiting
            self._waiting = None
            self.publish(version, wanted)

    def _take(self, message: Message) -> None:
        if self.role:
            if isinstance(message, Acknowledged):
                self.acknowledged = max(self.acknowledged, message.version)
                self.late = False
            self._audience.received(self, message)
        elif isinstance(message, Hello) and message.role in ROLES:
            self.role, self.pid, self.worker = message.role, message.pid, message.worker
            self._audience.joined(self)
        else:
            raise ValueError(f"the first message is {message!r}, which is no Hello to a controller")


def bind(path: Path) -> socket.socket:
    """The socket, which only this user may open; one that a predecessor left is taken away first."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    old = os.umask(0o177)
    try:
        path.unlink(missing_ok=True)
        listener.bind(str(path))
    finally:
        os.umask(old)
    return listener


async def serve(path: Path, audience: Audience) -> asyncio.AbstractServer:
    """Takes connections at the socket from here on, each a `Peer` of the audience."""
    listener = bind(path)
    return await asyncio.get_running_loop().create_unix_server(lambda: Peer(audience), sock=listener)
