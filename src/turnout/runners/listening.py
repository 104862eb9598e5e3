"""The gateway's sockets: one SO_REUSEPORT socket per worker and port, opened and kept by the parent.

A worker that dies leaves its socket, and the connections that wait in its queue, to its successor: closing such a
listener would reset them.
"""

import errno
import socket
from collections.abc import Iterable

BACKLOG = 4096


def bind(host: str, port: int) -> socket.socket:
    """One listening socket that nobody shares. Raises OSError with the address in its text."""
    return _listen(_open(host, port, shared=False))


def bind_shared(host: str, port: int, count: int) -> tuple[socket.socket, ...]:
    """`count` sockets that listen on one port; port 0 means a free one. Raises OSError with the address in its text.

    The port is first bound alone: SO_REUSEPORT would otherwise join another process's port without a word.
    """
    with _open(host, port, shared=False) as alone:
        port = alone.getsockname()[1]
    sockets: list[socket.socket] = []
    try:
        while len(sockets) < count:
            sockets.append(_listen(_open(host, port, shared=True)))
    except OSError:
        close(sockets)
        raise
    return tuple(sockets)


def close(sockets: Iterable[socket.socket]) -> None:
    """Closes every socket."""
    for each in sockets:
        each.close()


def _open(host: str, port: int, *, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        text = "address already in use" if error.errno == errno.EADDRINUSE else (error.strerror or str(error)).lower()
        raise OSError(error.errno, f"{host}:{port}: {text}") from error
    return opened


def _listen(opened: socket.socket) -> socket.socket:
    opened.listen(BACKLOG)
    opened.settimeout(0.0)
    return opened
