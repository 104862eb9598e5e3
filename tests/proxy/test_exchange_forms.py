"""Forms on their way: routed once their model is known, and not kept for that."""

import asyncio

from tests.support.upstream import Conversation, answering, upstream
from tests.support.worker import client, gateway, post, run, table, until
from turnout.proxy.limits import Limits
from turnout.routing import keyed
from turnout.table import RoutingTable, SplitKey

MEDIA = "multipart/form-data; boundary=b"
MODEL = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n%b\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n'
END = b"\r\n--b--\r\n"


def by_model(weights: dict[str, int]) -> RoutingTable:
    """Splits by what the request names as its model."""
    made = table(weights)
    route = made.routes["default/r"]
    rule = route.rules[0]
    split = type(rule.split)(rule.split.salt, rule.split.backends, keys=(SplitKey("bodyField", "model"),))
    rule = type(rule)(rule.name, rule.index, rule.matches, split)
    route = type(route)(route.ref, route.uid, route.created, route.hostnames, (rule,))
    return RoutingTable(made.listeners, {"default/r": route}, made.pools)


async def read_up_to(conversation: Conversation, end: bytes) -> None:
    """Reads until what was read ends so."""
    read = b""
    while not read.endswith(end):
        more = await conversation.reader.read(65536)
        assert more
        read = read[-len(end) :] + more


def test_a_form_keeps_to_the_backend_of_its_model() -> None:
    async def main() -> None:
        routes = by_model({"a": 1, "b": 1})
        split = routes.routes["default/r"].rules[0].split
        async with (
            upstream(answering()) as up,
            gateway({"a": [up.address], "b": [up.address]}, routing_table=routes) as served,
            client(served) as opened,
        ):
            for model in (b"whisper", b"tiny", b"base", b"large", b"turbo", b"gpt"):
                body = MODEL % model + FILE + b"sound" + END
                head = post(body, media=MEDIA)[: -len(body)]
                await opened.send(head, *(body[at : at + 7] for at in range(0, len(body), 7)))
                answer = await opened.read("POST")
                backend = keyed(split, model.decode())
                assert backend is not None
                assert answer.pool == backend.ref.name
            assert [each.body.count(b"sound") for each in up.received] == [1] * 6
            assert len({each.unit for each in served.records}) == 6

    run(main())


def test_a_form_goes_on_as_it_comes_once_its_model_is_known() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.head()
        await read_up_to(conversation, b"first")
        seen.set()
        await read_up_to(conversation, b"last" + END)
        await conversation.answer()

    seen = asyncio.Event()

    async def main() -> None:
        body = MODEL % b"whisper" + FILE + b"first" + b"s" * 300_000 + b"last" + END
        begin = body.index(b"first") + len(b"first")
        raw = post(body, media=MEDIA)
        async with upstream(script) as up, gateway({"a": [up.address]}) as served, client(served) as opened:
            await opened.send(raw[: -len(body)] + body[:10])
            await until(lambda: served.state.sessions)
            assert not up.conversations
            await opened.send(body[10:begin])
            await seen.wait()
            await opened.send(body[begin:])
            assert (await opened.read("POST")).status == 200

    run(main())


def test_a_form_whose_model_comes_late_goes_on_without_it() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.head()
        await conversation.reader.readexactly(60_000)
        seen.set()
        await read_up_to(conversation, END)
        await conversation.answer()

    seen = asyncio.Event()

    async def main() -> None:
        body = FILE + b"s" * 200_000 + b"\r\n" + (MODEL % b"whisper")[:-2] + END
        raw = post(body, media=MEDIA)
        async with (
            upstream(script) as up,
            gateway({"a": [up.address]}, routing_table=by_model({"a": 1}), limits=Limits(held=1024)) as served,
            client(served) as opened,
        ):
            await opened.send(raw[:80_000])
            await seen.wait()
            await opened.send(raw[80_000:])
            assert (await opened.read("POST")).status == 200
            assert served.records[0].unit.startswith("stretch:")

    run(main())
