"""One GET to a model server, and every way it fails."""

import asyncio
import gzip
import socket
import time
from pathlib import Path

import pytest

from tests.support.certificates import Authority, server_context
from tests.support.model_servers import HANG, RESET, ModelServer, answer, vllm_page
from turnout.channels.credentials import Credentials
from turnout.endpoints.health import Failure
from turnout.scrape import probe
from turnout.scrape.probe import PAGE_LIMIT, TOTAL_SECONDS, Answer, Prober

IMPATIENT = 0.3


async def ask(server: ModelServer, total: float = TOTAL_SECONDS) -> Answer | Failure:
    async with Prober.opened(total=total) as prober:
        return await prober.get(server.address, "/metrics")


def asked(said: bytes, total: float = TOTAL_SECONDS) -> Answer | Failure:
    async def scenario() -> Answer | Failure:
        async with ModelServer(page=said) as server:
            return await ask(server, total)

    return asyncio.run(scenario())


def test_a_page_comes_with_its_status() -> None:
    assert asked(answer(200, vllm_page())) == Answer(200, vllm_page())


def test_an_error_is_an_answer() -> None:
    assert asked(answer(503, b"starting")) == Answer(503, b"starting")


def test_a_redirect_is_an_answer_and_nobody_else_is_asked() -> None:
    async def scenario() -> None:
        async with ModelServer() as other:
            away = answer(302, b"", f"Location: http://{other.address}/metrics")
            async with ModelServer(page=away) as server:
                assert await ask(server) == Answer(302, b"")
            assert other.connections == 0

    asyncio.run(scenario())


def test_chunks_are_joined() -> None:
    said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert asked(said) == Answer(200, b"abcde")


def test_a_page_that_is_too_long_is_not_kept() -> None:
    assert asked(answer(200, b"x" * (PAGE_LIMIT + 1))) == Answer(200, None)


def test_an_answer_in_an_encoding_that_was_not_asked_for_is_not_read() -> None:
    packed = gzip.compress(b"x" * (PAGE_LIMIT + 1))
    assert asked(answer(200, packed, "Content-Encoding: gzip")) == Answer(200, None)


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    async def scenario() -> Answer | Failure:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\n\r\nall of it")
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server, Prober.opened() as prober:
            port = server.sockets[0].getsockname()[1]
            return await prober.get(f"127.0.0.1:{port}", "/metrics")

    assert asyncio.run(scenario()) == Answer(200, b"all of it")


def test_an_interim_answer_is_not_the_answer() -> None:
    said = b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + answer(200, b"page")
    assert asked(said) == Answer(200, b"page")


def test_a_probe_that_is_cancelled_is_cancelled() -> None:
    async def scenario() -> None:
        async with ModelServer(page=HANG) as server, Prober.opened() as prober:
            probe = asyncio.create_task(prober.get(server.address, "/metrics"))
            await asyncio.sleep(0.05)
            probe.cancel()
            with pytest.raises(asyncio.CancelledError):
                await probe

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "said",
    [
        RESET,
        b"\x00\xff" * 100 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 abc Nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
    ],
)
def test_what_is_no_http_is_a_broken_connection(said: bytes) -> None:
    assert asked(said) is Failure.BROKEN


def test_no_answer_is_silence() -> None:
    assert asked(HANG, IMPATIENT) is Failure.SILENT


def test_half_an_answer_is_silence() -> None:
    assert asked(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", IMPATIENT) is Failure.SILENT


def test_a_port_that_nobody_listens_on_is_unreachable() -> None:
    async def scenario() -> None:
        server = ModelServer()
        await server.start()
        await server.kill()
        assert await ask(server) is Failure.UNREACHABLE

    asyncio.run(scenario())


def test_a_listener_that_takes_no_more_connections_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = f"127.0.0.1:{full.getsockname()[1]}"
        # The queue of a backlog of 0 holds one connection; what comes after it gets no answer.
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())

        async def scenario() -> Answer | Failure:
            async with Prober.opened() as prober:
                return await prober.get(address, "/health")

        assert asyncio.run(scenario()) is Failure.UNREACHABLE
        for each in waiting:
            each.close()


def test_one_connection_serves_many_probes() -> None:
    async def scenario() -> None:
        async with ModelServer() as server, Prober.opened() as prober:
            for _ in range(5):
                await prober.get(server.address, "/metrics")
            assert server.connections == 1

    asyncio.run(scenario())


def test_a_connection_that_brought_the_start_of_a_second_answer_is_not_used_again() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 No\r\n")
        await reader.read()
        writer.close()
        closed.append(writer)

    async def scenario() -> list[Answer | Failure]:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        async with server, Prober.opened() as prober:
            found = [await prober.get(f"{host}:{port}", "/health") for _ in range(2)]
        while len(closed) < 2:
            await asyncio.sleep(0.001)
        return found

    opened: list[asyncio.StreamWriter] = []
    closed: list[asyncio.StreamWriter] = []
    assert asyncio.run(scenario()) == [Answer(200, b"ok")] * 2
    assert len(opened) == 2


def test_a_kept_connection_that_the_server_closed_meanwhile_costs_no_probe() -> None:
    async def scenario() -> None:
        server = ModelServer()
        await server.start()
        async with Prober.opened() as prober:
            await prober.get(server.address, "/health")
            await server.kill()
            await server.start()
            assert await prober.get(server.address, "/health") == Answer(200, b"")
        await server.kill()

    asyncio.run(scenario())


def test_a_server_that_asks_for_tls_and_a_key_is_asked_with_both(tmp_path: Path) -> None:
    authority = Authority()

    async def scenario() -> list[Answer | Failure]:
        heads: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer(200 if b"\r\nAuthorization: Bearer sk-1\r\n" in heads[-1] else 401))
            writer.close()

        context = server_context(authority.server("llm.test"), tmp_path)
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        found = []
        ca = authority.trust.encode()
        stranger = Authority().trust.encode()
        async with server, Prober.opened() as prober:
            for given in (
                Credentials(tls=True, hostname="llm.test", ca=ca, key=b"sk-1"),
                Credentials(tls=True, hostname="llm.test", ca=ca),
                Credentials(tls=True, hostname="llm.test", ca=stranger, key=b"sk-1"),
            ):
                prober.equip({address: given})
                found.append(await prober.get(address, "/health"))
        assert len(heads) == 2
        return found

    assert asyncio.run(scenario()) == [Answer(200, b""), Answer(401, b""), Failure.UNREACHABLE]


def test_a_probe_that_is_cancelled_when_its_time_is_over_is_cancelled() -> None:
    """Taken for a silent server's, the cancellation of a watch would be lost, and the watch would go on."""

    async def scenario() -> None:
        async with ModelServer(page=HANG) as server, Prober.opened(total=0.2) as prober:
            probe = asyncio.create_task(prober.get(server.address, "/metrics"))
            await asyncio.sleep(0.05)
            time.sleep(0.25)  # the loop is late: both are due when it comes round
            probe.cancel()
            with pytest.raises(asyncio.CancelledError):
                await probe

    asyncio.run(scenario())


def test_a_second_connection_that_two_questions_at_once_made_is_given_up_when_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probe, "IDLE_SECONDS", 0.05)

    async def scenario() -> None:
        async with ModelServer() as server, Prober.opened() as prober:
            await asyncio.gather(prober.get(server.address, "/health"), prober.get(server.address, "/metrics"))
            assert server.open == 2
            deadline = time.monotonic() + 20
            while server.open > 1:
                assert time.monotonic() < deadline
                assert await prober.get(server.address, "/metrics") == Answer(200, vllm_page())

    asyncio.run(scenario())
