"""HTTP of a simulated server, on real sockets."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from turnout.runners.sim.connection import BODY_LIMIT, HEADERS_LIMIT, Connection, Exchange

DEADLINE = 20


class Echo:
    """Answers each request with its method, path and body; /stream as events; keeps those of /wait."""

    def __init__(self) -> None:
        self.open = 0
        self.waiting: list[Exchange] = []
        self.seen: list[Exchange] = []
        self.gone = asyncio.Event()

    def opened(self, connection: Connection) -> None:
        self.open += 1

    def closed(self, connection: Connection) -> None:
        self.open -= 1

    def request(self, exchange: Exchange) -> None:
        self.seen.append(exchange)
        if exchange.path == "/wait":
            exchange.gone = self.gone.set
            self.waiting.append(exchange)
        elif exchange.path == "/cut":
            exchange.answer(200, b"0123456789", cut=True)
        elif exchange.path == "/stream":
            exchange.begin()
            exchange.send([b"one", b"two"], end=False)
            exchange.send([b"three"], end=True)
        else:
            exchange.answer(200, f"{exchange.method} {exchange.path} {len(exchange.body)}".encode())


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def serve(scene: Callable[[Echo, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
    """Plays a scene with an echo server and one connection to it."""

    async def play() -> None:
        echo = Echo()
        server = await asyncio.get_running_loop().create_server(partial(Connection, echo), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2], limit=2 * HEADERS_LIMIT)
        try:
            async with asyncio.timeout(DEADLINE):
                await scene(echo, reader, writer)
        finally:
            writer.close()
            server.close()

    asyncio.run(play())


async def answer(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """The next answer's head and body, by its content-length."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
    return head, await reader.readexactly(length)


def request(path: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/{version}", "Host: x", *headers, "", "")).encode()


def test_a_connection_is_kept_for_the_next_request() -> None:
    async def scene(_: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for path in ("/a", "/b?c=d"):
            writer.write(request(path))
            head, body = await answer(reader)
            assert head.startswith("HTTP/1.1 200 OK\r\n")
            assert body == f"GET {path.partition('?')[0]} 0".encode()

    serve(scene)


def test_pipelined_requests_are_answered_in_order() -> None:
    async def scene(_: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(request(f"/{number}") for number in range(2000)))
        bodies = [(await answer(reader))[1] for _ in range(2000)]
        assert bodies == [f"GET /{number} 0".encode() for number in range(2000)]

    serve(scene)


def test_a_request_waits_for_the_answer_to_the_one_before_it() -> None:
    async def scene(echo: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/wait") + request("/next"))
        while not echo.waiting:
            await asyncio.sleep(0.001)
        echo.waiting[0].answer(200, b"first")
        assert [(await answer(reader))[1] for _ in range(2)] == [b"first", b"GET /next 0"]

    serve(scene)


def test_a_body_in_pieces_is_one_body() -> None:
    async def scene(_: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/", "Transfer-Encoding: chunked", method="POST"))
        for piece in (b"3\r\nabc\r\n", b"2\r\nde\r\n", b"0\r\n\r\n"):
            writer.write(piece)
            await writer.drain()
        assert (await answer(reader))[1] == b"POST / 5"

    serve(scene)


def test_a_client_that_expects_100_is_told_to_go_on() -> None:
    async def scene(_: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/", "Content-Length: 2", "Expect: 100-continue", method="POST"))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"ab")
        assert (await answer(reader))[1] == b"POST / 2"

    serve(scene)


def test_a_stream_is_chunked_one_event_a_chunk() -> None:
    async def scene(_: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/stream"))
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"transfer-encoding: chunked" in head
        assert await reader.readuntil(b"0\r\n\r\n") == b"3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n"

    serve(scene)


def test_a_stream_to_http_1_0_ends_with_the_connection() -> None:
    async def scene(_: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/stream", version="1.0"))
        data = await reader.read()
        assert b"transfer-encoding" not in data
        assert data.endswith(b"\r\n\r\nonetwothree")

    serve(scene)


def test_connection_close_closes_after_the_answer() -> None:
    async def scene(_: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/", "Connection: close"))
        data = await reader.read()
        assert b"connection: close\r\n" in data
        assert data.endswith(b"GET / 0")

    serve(scene)


def test_a_cut_answer_is_shorter_than_it_says() -> None:
    async def scene(_: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/cut"))
        data = await reader.read()
        assert b"content-length: 10\r\n" in data
        assert data.endswith(b"\r\n\r\n01234")

    serve(scene)


def test_head_is_answered_without_a_body() -> None:
    async def scene(_: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/", "Connection: close", method="HEAD"))
        data = await reader.read()
        assert b"content-length: 8\r\n" in data
        assert data.endswith(b"\r\n\r\n")

    serve(scene)


def test_the_request_id_is_read() -> None:
    async def scene(echo: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/", "X-Request-Id: abc"))
        await answer(reader)
        assert echo.seen[0].request_id == "abc"

    serve(scene)


def test_a_client_that_goes_before_its_answer_is_noticed() -> None:
    async def scene(echo: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/wait"))
        await writer.drain()
        while not echo.waiting:
            await asyncio.sleep(0.001)
        writer.close()
        await echo.gone.wait()
        assert not echo.waiting[0].alive
        while echo.open:
            await asyncio.sleep(0.001)

    serve(scene)


def test_what_is_sent_to_a_client_that_has_gone_goes_nowhere() -> None:
    async def scene(echo: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/wait"))
        await writer.drain()
        while not echo.waiting:
            await asyncio.sleep(0.001)
        writer.close()
        await echo.gone.wait()
        echo.waiting[0].answer(200, b"late")

    serve(scene)


def test_what_is_not_http_is_a_bad_request_and_the_end() -> None:
    async def scene(_: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400 Bad Request\r\n")

    serve(scene)


def test_headers_over_the_limit_are_refused() -> None:
    async def scene(_: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/", f"X: {'x' * HEADERS_LIMIT}"))
        assert (await reader.readline()).startswith(b"HTTP/1.1 431 ")

    serve(scene)


def test_a_body_over_the_limit_is_refused() -> None:
    async def scene(_: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/", f"Content-Length: {BODY_LIMIT + 1}", method="POST"))
        piece = bytes(1 << 20)
        for _piece in range(BODY_LIMIT // len(piece)):
            writer.write(piece)
            await writer.drain()
        writer.write(b"x")
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")

    serve(scene)


def test_a_request_to_upgrade_is_answered_without_upgrading() -> None:
    async def scene(_: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/", "Connection: upgrade", "Upgrade: h2c"))
        data = await reader.read()
        assert data.startswith(b"HTTP/1.1 200 OK\r\n")
        assert data.count(b"HTTP/1.1") == 1

    serve(scene)
