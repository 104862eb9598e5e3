"""Model servers that ask for TLS or for a key, on real sockets."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from tests.support.certificates import Authority, server_context
from tests.support.upstream import Conversation, Script, Upstream, answering, upstream
from tests.support.worker import Answer, ask, client, gateway, get, post, run, table, until
from turnout.endpoints import Endpoint
from turnout.proxy.doors import Doors
from turnout.table import Access, Pool, RoutingTable, Sealed

CA = Authority()
OTHER_CA = Authority()


def spoken(access: Access | None = None, servers: dict[str, Access] | None = None, **vault: str) -> RoutingTable:
    """A table whose pool `a` and servers are spoken to like this."""
    made = table({"a": 1})
    pools = {key: Pool(pool.ref, access) for key, pool in made.pools.items()}
    sealed = {digest: Sealed(text.encode()) for digest, text in vault.items()}
    return msgspec.structs.replace(made, pools=pools, servers=servers or {}, vault=sealed)


class SecureUpstream(Upstream):
    """An upstream behind TLS."""

    def __init__(self, script: Script, context: ssl.SSLContext) -> None:
        super().__init__(script)
        self.context = context

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=self.context)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def secure_upstream(script: Script, folder: Path, *names: str) -> AsyncIterator[SecureUpstream]:
    server = SecureUpstream(script, server_context(CA.server(*names), folder))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
    assert server.faults == []


def test_a_server_that_asks_for_tls_is_spoken_to_with_tls(tmp_path: Path) -> None:
    async def main() -> None:
        tls = spoken(Access(tls=True, hostname="llm.test", ca="ca"), ca=CA.trust)
        async with (
            secure_upstream(answering(b"hello"), tmp_path, "llm.test") as up,
            gateway({"a": [up.address]}, routing_table=tls) as served,
        ):
            answer = await ask(served, get())
            assert (answer.status, answer.body) == (200, b"hello")
            assert (await ask(served, post(b"x" * 500_000))).status == 200
            assert up.received[-1].body == b"x" * 500_000
            assert len(up.conversations) == 1

    run(main())


def test_without_a_name_the_certificate_must_be_for_the_address(tmp_path: Path) -> None:
    async def main() -> None:
        tls = spoken(Access(tls=True, ca="ca"), ca=CA.trust)
        async with (
            secure_upstream(answering(), tmp_path, "127.0.0.1") as up,
            gateway({"a": [up.address]}, routing_table=tls) as served,
        ):
            assert (await ask(served, get())).status == 200

    run(main())


@pytest.mark.parametrize(
    ("access", "why"),
    [
        (Access(tls=True, hostname="llm.test", ca="other"), "CERTIFICATE_VERIFY_FAILED"),
        (Access(tls=True, hostname="else.test", ca="ca"), "Hostname mismatch"),
        (Access(tls=True, hostname="llm.test"), "CERTIFICATE_VERIFY_FAILED"),
    ],
    ids=["another-authority", "another-name", "the-system's-authorities"],
)
def test_a_server_that_is_not_who_it_should_be_gets_no_request(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, access: Access, why: str
) -> None:
    async def main() -> tuple[str, Answer]:
        tls = spoken(access, ca=CA.trust, other=OTHER_CA.trust)
        async with (
            secure_upstream(answering(), tmp_path, "llm.test") as up,
            gateway({"a": [up.address]}, routing_table=tls) as served,
        ):
            answer = await ask(served, get(), "GET")
            assert up.received == []
            return up.address, answer

    with caplog.at_level(logging.WARNING):
        address, answer = run(main())
    assert answer.status == 503
    assert answer.reason in {"upstream-connect", "no-endpoints"}
    assert f"no TLS connection to {address} ({access.hostname})" in caplog.text
    assert why in caplog.text


def test_a_plain_server_is_no_server_with_tls() -> None:
    async def main() -> None:
        tls = spoken(Access(tls=True, ca="ca"), ca=CA.trust)

        async def script(conversation: Conversation) -> None:
            await conversation.reader.read(64)

        async with upstream(script) as up, gateway({"a": [up.address]}, routing_table=tls) as served:
            assert (await ask(served, get())).status == 503

    run(main())


def test_the_key_is_sent_in_place_of_the_clients() -> None:
    async def main() -> None:
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address]}, routing_table=spoken(Access(key="k"), k="sk-1")) as served,
        ):
            await ask(served, get("/", "Authorization: Bearer of-the-client", "X-Other: stays"))
            (received,) = up.received
            assert received.raw.lower().count(b"authorization") == 1
            assert received.headers["authorization"] == "Bearer sk-1"
            assert received.headers["x-other"] == "stays"

    run(main())


def test_without_a_key_the_clients_own_passes() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            await ask(served, get("/", "Authorization: Bearer of-the-client"))
            assert up.received[0].headers["authorization"] == "Bearer of-the-client"

    run(main())


def test_a_servers_own_key_comes_before_its_pools() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            own = {f"default/{up.address}": Access(key="own")}
            served.swap(spoken(Access(key="pools"), own, own="sk-own", pools="sk-pools"))
            await ask(served, get())
            assert up.received[0].headers["authorization"] == "Bearer sk-own"

    run(main())


def test_a_new_key_is_sent_at_once_and_open_streams_go_on() -> None:
    async def main() -> None:
        go = asyncio.Event()

        async def script(conversation: Conversation) -> None:
            received = await conversation.request()
            if received.headers["authorization"] == "Bearer old":
                await conversation.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
                await conversation.send(b"transfer-encoding: chunked\r\n\r\n")
                await go.wait()
                await conversation.send(b"3\r\nend\r\n0\r\n\r\n")
            await conversation.answer(b"new")

        async with (
            upstream(script) as up,
            gateway({"a": [up.address]}, routing_table=spoken(Access(key="k"), k="old")) as served,
            client(served) as stream,
        ):
            await stream.send(get())
            await until(lambda: served.state.streams == 1)
            served.swap(spoken(Access(key="k2"), k2="new"))
            assert (await ask(served, get())).body == b"new"
            assert up.received[-1].headers["authorization"] == "Bearer new"
            go.set()
            answer = await stream.read()
            assert (answer.body, answer.whole) == (b"end", True)

    run(main())


def test_a_new_authority_is_for_new_connections_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        trusted = spoken(Access(tls=True, hostname="llm.test", ca="ca"), ca=CA.trust)
        async with (
            secure_upstream(answering(), tmp_path, "llm.test") as up,
            gateway({"a": [up.address]}, routing_table=trusted) as served,
        ):
            assert (await ask(served, get())).status == 200
            served.swap(spoken(Access(tls=True, hostname="llm.test", ca="other"), other=OTHER_CA.trust))
            assert (await ask(served, get())).status == 503
            served.swap(trusted)
            served.state.outliers = type(served.state.outliers)()
            assert (await ask(served, get())).status == 200

    run(main())


def test_an_endpoint_that_is_known_before_its_credentials_is_not_spoken_to() -> None:
    async def main() -> None:
        async with upstream(answering()) as up, gateway({"a": [up.address]}) as served:
            known = served.state.endpoints["default/a"]
            served.state.endpoints = {"default/a": tuple(msgspec.structs.replace(each, secured=True) for each in known)}
            assert (await ask(served, get())).status == 503
            assert up.conversations == []

    run(main())


def test_credentials_that_the_vault_lacks_are_no_credentials() -> None:
    doors = Doors(spoken(Access(tls=True, ca="gone")))
    assert not doors.open
    assert doors.to("default/a", Endpoint("default/s", "127.0.0.1:1", 0, ready=True, checked=0.0)) is None


def test_a_table_without_credentials_is_open() -> None:
    assert Doors(table({"a": 1})).open
