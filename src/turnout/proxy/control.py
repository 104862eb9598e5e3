"""A worker's line to its parent: sockets to serve, and when to stop."""

import asyncio
import contextlib
import logging
import socket
from collections import deque
from typing import Protocol

from turnout.channels import Accepting, Decoder, Listen, Renew, StepAside, SteppedAside, Stop, encode

log = logging.getLogger("turnout.proxy")

MOST = 64
"""Descriptors that one read takes at most."""


class Ward(Protocol):
    """What the parent directs."""

    def listen(self, port: int, listener: socket.socket) -> None:
        """Serve `port` on this socket."""

    def stop(self, port: int) -> None:
        """Close `port`."""

    def step_aside(self) -> None:
        """Write no more to the column of requests in flight: a successor takes it over."""

    def drain(self, seconds: float | None = None) -> None:
        """Finish what is open within so many seconds, None for what it was started with; then end."""

    def orphaned(self) -> None:
        """The parent is gone."""


class Control:
    """Reads the control socket; asyncio's transports take no descriptors, so the loop only says when to read."""

    def __init__(self, control: socket.socket, ward: Ward) -> None:
        control.setblocking(False)  # noqa: FBT003 - its only argument
        self._socket = control
        self._ward = ward
        self._decoder = Decoder()
        self._descriptors: deque[int] = deque()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(control.fileno(), self._read)

    def say(self, message: Accepting | SteppedAside | Renew) -> None:
        """Tells the parent, if it is there."""
        with contextlib.suppress(OSError):
            self._socket.send(encode(message))

    def close(self) -> None:
        """Reads no more."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _read(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._socket, 65536, MOST)
        except BlockingIOError:
            return
        except ConnectionError:
            data, descriptors = b"", []
        self._descriptors.extend(descriptors)
        if not data:
            self.close()
            self._ward.orphaned()
            return
        for message in self._decoder.feed(data):
            match message:
                case Listen(port):
                    self._ward.listen(port, socket.socket(fileno=self._descriptors.popleft()))
                case StepAside():
                    self._ward.step_aside()
                    self.say(SteppedAside())
                case Stop(0, seconds):
                    self._ward.drain(seconds)
                case Stop(port):
                    self._ward.stop(port)
                case _:
                    log.error("the parent sent a %s, which is not for a worker", type(message).__name__)
