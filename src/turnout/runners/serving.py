"""Which port is served by which sockets, and the workers that they are handed to."""

import contextlib
import logging
import os
import socket

from turnout.channels import Bound, Listen, Stop, encode
from turnout.runners import listening

log = logging.getLogger("turnout.runners")


class Serving:
    """The gateway's ports on one host: `count` sockets each, worker i has the i-th of every port.

    `main` is the port that is always served, whether or not a Gateway asks for it. Raises OSError if it cannot be.
    """

    def __init__(self, host: str, main: int, count: int) -> None:
        self.host = host
        self._count = count
        first = listening.bind_shared(host, main, count)
        self.main: int = first[0].getsockname()[1]
        self._sockets: dict[int, tuple[socket.socket, ...]] = {self.main: first}
        self._controls: dict[int, socket.socket] = {}
        self._closed = False

    def attach(self, worker: int) -> int:
        """A new start of a worker: its end of a new control socket, on which its listening sockets wait for it."""
        ours, theirs = socket.socketpair()
        old = self._controls.get(worker)
        if old is not None:
            old.close()
        self._controls[worker] = ours
        for port, sockets in self._sockets.items():
            self._listen(worker, port, sockets[worker])
        return theirs.detach()

    def want(self, ports: tuple[int, ...]) -> Bound:
        """Serves exactly `ports` and the main one from here on; open connections on a port that goes are left alone."""
        failed: dict[int, str] = {}
        if self._closed:
            return Bound(failed)
        for port in sorted(self._sockets.keys() - {*ports, self.main}):
            log.info("port %d is no longer served", port)
            for worker in self._controls:
                self._send(worker, encode(Stop(port)))
            listening.close(self._sockets.pop(port))
        for port in sorted(set(ports) - self._sockets.keys()):
            try:
                self._sockets[port] = listening.bind_shared(self.host, port, self._count)
            except OSError as error:
                log.warning("port %d cannot be served: %s", port, error.strerror)
                failed[port] = error.strerror or str(error)
                continue
            log.info("port %d is served", port)
            for worker in self._controls:
                self._listen(worker, port, self._sockets[port][worker])
        return Bound(failed)

    def control(self, worker: int) -> socket.socket:
        """Our end of a worker's control socket."""
        return self._controls[worker]

    def let_go(self, worker: int) -> None:
        """The worker's control socket is the caller's from here on: a successor attaches beside it."""
        del self._controls[worker]

    def close_ports(self) -> None:
        """Closes our sockets of every port: those that workers hold are the last ones, and nobody succeeds them."""
        self._closed = True
        for sockets in self._sockets.values():
            listening.close(sockets)
        self._sockets.clear()

    def close(self) -> None:
        """Closes every socket; connections that wait in a queue are reset."""
        self.close_ports()
        listening.close(tuple(self._controls.values()))

    def _listen(self, worker: int, port: int, opened: socket.socket) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it died: its successor gets them all
            socket.send_fds(self._controls[worker], [encode(Listen(port))], [opened.fileno()])

    def _send(self, worker: int, frame: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._controls[worker].sendall(frame)


class Lifeline:
    """A pipe that tells children when the parent is gone: they hold the read end, which then reads as ended."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    def attach(self) -> int:
        """A new read end, to hand down."""
        return os.dup(self._read)

    def close(self) -> None:
        """Lets go of both ends."""
        os.close(self._read)
        os.close(self._write)
