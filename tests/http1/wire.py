"""Sends a case to a proxy and says what came of it, from the client's side and from the server's."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import h11

from tests.http1.case import SENTINEL, SENTINEL_ANSWER, WAIT, Case, Outcome

LARGEST = 1024 * 1024


class Recorder:
    """A server that does what the present case says and notes what h11 reads of the requests."""

    def __init__(self) -> None:
        self.case: Case | None = None
        self.seen: list[str] = []
        self.raw = b""
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()

    def begin(self, case: Case) -> None:
        """The next requests are of this case."""
        self.case, self.seen, self.raw = case, [], b""

    def close(self) -> None:
        """Ends all connections."""
        for writer in self._writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._writers.add(writer)
        left = b""
        try:
            with contextlib.suppress(ConnectionError):
                while (rest := await self._request(reader, writer, left)) is not None:
                    left = rest
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: bytes) -> bytes | None:
        """Reads and answers one request; returns what came behind it, None at the connection's end."""
        parser = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST)
        if left:
            parser.receive_data(left)
        line, body, early = "", b"", False
        while not isinstance(event := await self._event(parser, reader), h11.EndOfMessage):
            if isinstance(event, h11.Request):
                line = f"{event.method.decode()} {event.target.decode('latin-1')}"
                early = self.case is not None and self.case.early and not line.endswith("/sentinel")
                if early:
                    await self._play(writer)
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                self.seen += [line] if early else []
                return None
        if line.endswith("/sentinel"):
            writer.write(SENTINEL_ANSWER)
        else:
            text = body.decode("latin-1") if len(body) < 32 else f"<{len(body)} bytes>"
            self.seen.append(f"{line} {text}".strip())
            if not early and not await self._play(writer):
                return None
        await writer.drain()
        return bytes(parser.trailing_data[0])

    async def _event(self, parser: h11.Connection, reader: asyncio.StreamReader) -> h11.Event | None:
        """What h11 reads next; None at the connection's end, or where it cannot read on."""
        while True:
            try:
                event = parser.next_event()
            except h11.RemoteProtocolError as error:
                self.seen.append(f"unreadable ({error})")
                return None
            if isinstance(event, h11.Event):
                return event
            if event is not h11.NEED_DATA:
                return None
            data = await reader.read(65536)
            self.raw += data
            parser.receive_data(data)

    async def _play(self, writer: asyncio.StreamWriter) -> bool:
        """Sends the case's answer; False when that is the end of the connection."""
        assert self.case is not None
        for piece in self.case.script:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if self.case.after == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return self.case.after == "keep"


@asynccontextmanager
async def recorder() -> AsyncIterator[Recorder]:
    """A server on an ephemeral port."""
    made = Recorder()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.close()


async def probe(port: int, case: Case, server: Recorder, *, patience: float = 5.0, pause: float = 0.0) -> Outcome:
    """The outcome of `case` at a proxy. `pause`: seconds between pieces, for proxies that reset what they refuse."""
    server.begin(case)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    transcript = bytearray()
    end = "closed"
    arrived = asyncio.Event()

    async def listen() -> str:
        try:
            while data := await reader.read(65536):
                transcript.extend(data)
                arrived.set()
        except ConnectionError:
            return "reset"
        finally:
            arrived.set()
        return "closed"

    listening = asyncio.create_task(listen())
    try:
        with contextlib.suppress(ConnectionError):
            for piece in (*case.send, SENTINEL):
                if piece == WAIT:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(arrived.wait(), min(patience, 1.0))
                    continue
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
        end = await asyncio.wait_for(listening, patience)
    except TimeoutError:
        end = "hang"
    finally:
        listening.cancel()
        writer.transport.abort()
    answers, reached = read_answers(bytes(transcript), case.methods, clean=end != "reset")
    end = "open" if reached else "hang" if end == "hang" else "closed"
    return Outcome(" ".join(answers), end, ", ".join(server.seen), bytes(transcript), server.raw)


def read_answers(data: bytes, methods: tuple[str, ...], *, clean: bool) -> tuple[list[str], bool]:
    """The answers in a transcript in short, and whether the last is the sentinel's. `clean`: it ended without reset."""
    answers: list[str] = []
    finals = 0
    while data:
        head, separator, rest = data.partition(b"\r\n\r\n")
        if not separator or not head.startswith(b"HTTP/1."):
            answers.append("garbage")
            break
        line, *fields = head.split(b"\r\n")
        status = line.split(b" ")[1].decode()
        headers = {each.partition(b":")[0].lower(): each.partition(b":")[2].strip() for each in fields}
        if status.startswith("1"):
            answers.append(status)
            data = rest
            continue
        method = methods[finals] if finals < len(methods) else "GET"
        finals += 1
        body, whole, data = _body(method, status, headers, rest, clean=clean)
        if body == b"sentinel":
            return answers, True
        shown = body.decode("latin-1") if len(body) < 24 else f"<{len(body)} bytes>"
        answers.append((f"{status}:{shown}" if status < "300" and body else status) + ("" if whole else "!"))
    return answers, False


def _body(
    method: str, status: str, headers: dict[bytes, bytes], rest: bytes, *, clean: bool
) -> tuple[bytes, bool, bytes]:
    """An answer's body, whether it is whole, and what comes behind it (RFC 9112, 6.3)."""
    if method == "HEAD" or status in {"204", "304"}:
        return b"", True, rest
    if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
        body = b""
        while True:
            size, found, after = rest.partition(b"\r\n")
            length = int(size.partition(b";")[0], 16) if found else 0
            if not found or len(after) < length + 2:
                return body + after[:length], False, b""
            if not length:
                return body, True, after.partition(b"\r\n")[2]
            body, rest = body + after[:length], after[length + 2 :]
    if b"content-length" in headers:
        length = int(headers[b"content-length"])
        return rest[:length], len(rest) >= length, rest[length:]
    return rest, clean, b""
