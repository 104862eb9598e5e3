"""HTTPS listeners on real sockets: which certificate is shown, who is let in, and what a reload leaves open."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from tests.support.certificates import Authority, rsa_pair
from tests.support.upstream import Conversation, answering, upstream
from tests.support.worker import Answer, Client, Gateway, gateway, run, table, until
from turnout.apiserver.certificates import Issued
from turnout.proxy.limits import Limits
from turnout.proxy.listeners import Listeners
from turnout.table import Certificate, ObjectRef, RoutingTable, Sealed
from turnout.translate.certificates import read_key_pair

CA = Authority()
OTHER_CA = Authority()
PAIRS = {name: CA.server(name) for name in ("a.test", "b.test", "*.b.test", "any.test")}


def certificate(issued: Issued) -> tuple[Certificate, Sealed]:
    chain, key = issued.certificate.encode(), issued.key.encode()
    read = read_key_pair(chain, key)
    assert not isinstance(read, str)
    ref = ObjectRef("", "Secret", "default", read.names[0].replace("*", "star"))
    return Certificate(ref, read.digest, read.names, read.algorithm), Sealed(chain + key)


def https(port: int, shown: Mapping[str, tuple[Issued, ...]]) -> RoutingTable:
    """A table whose listeners at `port` show these certificates by hostname, all with one route to pool `a`."""
    made = table({"a": 1}, port=port)
    (plain,) = made.listeners
    listeners = []
    vault: dict[str, Sealed] = {}
    for number, (hostname, pairs) in enumerate(shown.items()):
        found = [certificate(each) for each in pairs]
        vault |= {each.digest: sealed for each, sealed in found}
        tls = tuple(each for each, _ in found)
        listeners.append(msgspec.structs.replace(plain, name=f"l{number}", hostname=hostname, tls=tls))
    return msgspec.structs.replace(made, listeners=tuple(listeners), vault=vault)


class Door(Gateway):
    """A gateway whose listeners are the worker's own."""

    listeners: Listeners

    async def show(self, shown: Mapping[str, tuple[Issued, ...]]) -> None:
        """Swaps to a table that shows these."""
        self.swap(https(self.port, shown))
        await self.listeners.refresh()


@asynccontextmanager
async def secured(
    shown: Mapping[str, tuple[Issued, ...]], address: str, limits: Limits | None = None
) -> AsyncIterator[Door]:
    made = Door(limits or Limits())
    made.endpoints({"a": [address]})
    made.listeners = Listeners(made.state)
    with socket.create_server(("127.0.0.1", 0)) as kept:
        made.port = kept.getsockname()[1]
        await made.listeners.open()
        await made.listeners.add(made.port, kept.dup())
        await made.show(shown)
        try:
            yield made
        finally:
            await made.listeners.drain()
            for session in list(made.state.sessions):
                session.end()
            await until(lambda: not made.state.sessions)
            await made.state.connections.close()
    assert made.in_flight == 0


@asynccontextmanager
async def client(
    served: Gateway, name: str, context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Client, ssl.SSLObject]]:
    """A TLS connection whose handshake names `name`."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", served.port, ssl=context or CA.client_context(), server_hostname=name
    )
    try:
        yield Client(reader, writer), writer.get_extra_info("ssl_object")
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


async def ask(served: Gateway, name: str, host: str = "") -> Answer:
    async with client(served, name) as (opened, _):
        await opened.send(f"GET / HTTP/1.1\r\nHost: {host or name}\r\n\r\n".encode())
        return await opened.read()


async def names_shown(served: Gateway, name: str, context: ssl.SSLContext | None = None) -> set[str]:
    async with client(served, name, context) as (_, connection):
        found = connection.getpeercert()
        assert found is not None
        names: Any = found["subjectAltName"]
        return {value for _, value in names}


ALL: dict[str, tuple[Issued, ...]] = {
    "a.test": (PAIRS["a.test"],),
    "*.b.test": (PAIRS["*.b.test"],),
    "x.b.test": (CA.server("x.b.test"),),
}


def test_requests_come_in_by_tls() -> None:
    async def main() -> None:
        async with upstream(answering(b"hello")) as up, secured(ALL, up.address) as served:
            answer = await ask(served, "a.test")
            assert (answer.status, answer.body, answer.pool) == (200, b"hello", "a")

    run(main())


def test_the_most_specific_listener_shows_its_certificate() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, secured(ALL, up.address) as served:
            assert await names_shown(served, "a.test") == {"a.test"}
            assert await names_shown(served, "y.b.test") == {"*.b.test"}
            assert await names_shown(served, "x.b.test") == {"x.b.test"}

    run(main())


def test_of_several_certificates_the_one_for_the_name_is_shown() -> None:
    async def main() -> None:
        shown = {"": (PAIRS["any.test"], PAIRS["a.test"], PAIRS["*.b.test"])}
        async with upstream(answering()) as up, secured(shown, up.address) as served:
            assert await names_shown(served, "a.test") == {"a.test"}
            assert await names_shown(served, "q.b.test") == {"*.b.test"}
            context = CA.client_context()
            context.check_hostname = False
            assert await names_shown(served, "none.test", context) == {"any.test"}

    run(main())


def test_a_name_that_no_listener_serves_gets_no_handshake() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, secured(ALL, up.address) as served:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await ask(served, "c.test")
            assert (await ask(served, "a.test")).status == 200

    run(main())


def test_keys_of_two_kinds_for_one_name_serve_clients_of_both() -> None:
    async def main() -> None:
        pair = rsa_pair("a.test")
        shown = {"a.test": (PAIRS["a.test"], pair)}
        async with upstream(answering()) as up, secured(shown, up.address) as served:
            old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            old.load_verify_locations(cadata=pair.certificate)
            old.maximum_version = ssl.TLSVersion.TLSv1_2
            old.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
            assert await names_shown(served, "a.test", old) == {"a.test"}
            assert await names_shown(served, "a.test") == {"a.test"}

    run(main())


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_versions_are_refused(version: ssl.TLSVersion) -> None:
    async def main() -> None:
        async with upstream(answering()) as up, secured(ALL, up.address) as served:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await names_shown(served, "a.test", CA.client_context(version))
            assert await names_shown(served, "a.test", CA.client_context(ssl.TLSVersion.TLSv1_2)) == {"a.test"}

    run(main())


def test_alpn_offers_http_1_1_alone() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            secured(ALL, up.address) as served,
            client(served, "a.test") as (_, connection),
        ):
            assert connection.selected_alpn_protocol() == "http/1.1"

    run(main())


@pytest.mark.parametrize(
    ("name", "host", "code", "reason"),
    [
        ("a.test", "a.test:443", 200, ""),
        ("y.b.test", "z.b.test", 200, ""),
        ("y.b.test", "x.b.test", 421, "misdirected"),
        ("a.test", "y.b.test", 421, "misdirected"),
        ("a.test", "c.test", 404, "no-route"),
    ],
)
def test_a_host_of_another_listener_is_misdirected(name: str, host: str, code: int, reason: str) -> None:
    async def main() -> None:
        async with upstream(answering()) as up, secured(ALL, up.address) as served:
            answer = await ask(served, name, host)
            assert (answer.status, answer.reason) == (code, reason)

    run(main())


def test_a_new_certificate_is_shown_at_once_and_no_open_stream_breaks() -> None:
    async def main() -> None:
        go = asyncio.Event()

        async def stream(conversation: Conversation) -> None:
            await conversation.request()
            await conversation.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
            await conversation.send(b"transfer-encoding: chunked\r\n\r\n5\r\ndata:\r\n")
            await go.wait()
            await conversation.send(b"3\r\nend\r\n0\r\n\r\n")

        async with upstream(stream) as up, secured(ALL, up.address) as served, contextlib.AsyncExitStack() as stack:
            opened = [(await stack.enter_async_context(client(served, "a.test")))[0] for _ in range(8)]
            for each in opened:
                await each.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
            await until(lambda: served.state.streams == 8)
            await served.show({"a.test": (CA.server("a.test", "new.test"),)})
            assert await names_shown(served, "a.test") == {"a.test", "new.test"}
            go.set()
            answers = [await each.read() for each in opened]
            assert [(each.status, each.body, each.whole) for each in answers] == [(200, b"data:end", True)] * 8

    run(main())


def test_a_broken_certificate_takes_no_other_listener_down(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with upstream(answering()) as up, secured(ALL, up.address) as served:
            made = https(served.port, {**ALL, "*.b.test": (CA.server("*.b.test"),)})
            broken = made.listeners[1].tls[0].digest
            served.swap(msgspec.structs.replace(made, vault={**made.vault, broken: Sealed(b"no key at all")}))
            assert (await ask(served, "a.test")).status == 200
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await ask(served, "y.b.test")

    with caplog.at_level(logging.ERROR):
        run(main())
    assert "for listener l1 of Gateway default/g cannot be used" in caplog.text
    assert "no key at all" not in caplog.text


def test_a_plain_client_on_a_port_with_tls_is_closed() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, secured(ALL, up.address) as served:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                assert b"HTTP/" not in await reader.read()
            writer.close()
            assert (await ask(served, "a.test")).status == 200
            assert up.received[0].line == "GET / HTTP/1.1"
            assert len(up.received) == 1

    run(main())


def test_a_client_that_does_not_finish_its_handshake_is_closed() -> None:
    async def main() -> None:
        limits = Limits(handshake=0.05)
        async with upstream(answering()) as up, secured(ALL, up.address, limits) as served:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            with contextlib.suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), 10)
            writer.close()
            assert (await ask(served, "a.test")).status == 200

    run(main())


def test_a_port_that_gets_tls_takes_no_plain_request_any_more() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, secured(ALL, up.address) as served:
            served.swap(table({"a": 1}, port=served.port))
            await served.listeners.refresh()
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            plain = Client(reader, writer)
            await plain.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
            assert (await plain.read()).status == 200
            await served.show(ALL)
            assert await plain.ended()
            writer.close()
            assert (await ask(served, "a.test")).status == 200

    run(main())


def test_an_idle_connection_is_closed_when_the_gateway_drains() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            secured(ALL, up.address) as served,
            client(served, "a.test") as (opened, _),
        ):
            await opened.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
            assert (await opened.read()).status == 200
            served.state.draining = True
            await opened.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
            answer = await opened.read()
            assert (answer.status, answer.headers["connection"]) == (200, "close")
            assert await opened.ended()

    run(main())


def test_plain_requests_are_not_asked_for_their_listener() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            opened = Client(reader, writer)
            await opened.send(b"GET / HTTP/1.1\r\nHost: whatever.test\r\n\r\n")
            assert (await opened.read()).status == 200
            writer.close()

    run(main())


def test_a_long_body_comes_whole_both_ways() -> None:
    body = b'{"model":"m","image":"%b"}' % (b"QUJD" * 1_000_000)

    async def script(conversation: Conversation) -> None:
        await conversation.answer((await conversation.request()).body)

    async def main() -> None:
        async with upstream(script) as up, secured(ALL, up.address) as served, client(served, "a.test") as (opened, _):
            head = b"POST /v1/x HTTP/1.1\r\nHost: a.test\r\nContent-Type: application/json\r\n"
            await opened.send(b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body))
            assert (await opened.read()).body == body

    run(main())
