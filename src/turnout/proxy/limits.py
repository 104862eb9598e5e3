"""What a worker bounds: sizes in bytes, times in seconds."""

from msgspec import Struct


class Limits(Struct, frozen=True):
    """The bounds of one worker.

    `head` and `body` are of a request, `fields` how many header fields it may have. `held` is how much of a streamed
    body waits for its upstream connection, and `pipelined` how many requests wait behind the one being answered, before
    reading stops; both may be passed by what one read brings. `idle_upstream` is below the 5 s after which uvicorn
    closes an idle connection. `quiet` is how long a request may go without a byte in either direction: as long as
    OpenAI's clients wait. A stream that moves is never cut. `linger` is how long a client may go on sending after an
    answer that ends its connection. `slow_body` is how long a client may go without a byte of the body that it
    announced. `bodies` are the bytes that all bodies which come in more than one read may take up together before they
    are sent on. `connections` are those of clients; requests on more are refused. `handshake` is how long a client's
    TLS handshake may take, `farewell` how long a TLS connection waits for the client's own close.
    """

    head: int = 64 * 1024
    fields: int = 200
    body: int = 64 * 1024 * 1024
    bodies: int = 1024 * 1024 * 1024
    connections: int = 100_000
    held: int = 256 * 1024
    pipelined: int = 8
    attempts: int = 4
    connect: float = 2.0
    idle_upstream: float = 4.0
    idle_per_endpoint: int = 512
    idle_client: float = 600.0
    slow_head: float = 60.0
    slow_body: float = 60.0
    quiet: float = 600.0
    linger: float = 2.0
    handshake: float = 10.0
    farewell: float = 2.0


SWEEP = 1.0
"""Seconds between two looks at what is idle or quiet; no request has a timer of its own."""
