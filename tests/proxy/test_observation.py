"""What counts: each rule over real sockets, from the request to what the worker tells of it."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.support.upstream import Conversation, Script, answering, refused, upstream
from tests.support.watching import METRICS, Clock, Told, slowed, watched
from tests.support.worker import Answer, Gateway, ask, client, gateway, get, post, run, until
from turnout.proxy.limits import Limits
from turnout.table import WatchedMetric

CHAT = "/v1/chat/completions"
ROLE = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]}
WORD = {"choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": None}]}
STOP = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
DONE = b"data: [DONE]\n\n"


def event(document: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(document, separators=(",", ":")).encode() + b"\n\n"


def usage(tokens: int) -> bytes:
    return event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": tokens}})


GOOD = (event(ROLE), event(WORD), event(WORD), event(STOP), DONE)


def body(*, stream: bool = True, **fields: object) -> bytes:
    return json.dumps({"model": "m", "messages": [], "stream": stream, **fields}).encode()


def streaming(*events: bytes, media: str = "text/event-stream", cut: bool = False) -> Script:
    """Sends these events as chunks of their own; `cut`: and then breaks the connection."""

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {media}\r\ntransfer-encoding: chunked\r\n\r\n"
        await conversation.send(head.encode())
        for each in events:
            await conversation.send(b"%x\r\n%b\r\n" % (len(each), each))
        if cut:
            conversation.reset()
        else:
            await conversation.send(b"0\r\n\r\n")

    return script


def stalling(*events: bytes) -> Script:
    """Sends these events and then nothing, until the gateway hangs up."""

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        if events:
            await conversation.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n", *events)
        await conversation.gone()

    return script


def whole(text: str | None = "hi", finish: str = "stop", **more: object) -> Script:
    """A chat completion in one piece."""
    message = {"role": "assistant", "content": text, **more}
    answer = {"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": {"completion_tokens": 2}}
    return answering(json.dumps(answer).encode(), "content-type: application/json")


def observed(
    script: Script,
    *,
    raw: bytes | None = None,
    metrics: Sequence[WatchedMetric] = METRICS,
    **options: Any,
) -> tuple[Answer, Told]:
    """What one request to a candidate was answered, and what was told of it."""

    async def main() -> tuple[Answer, Told]:
        split = watched({"candidate": 1}, metrics, **options)
        async with upstream(script) as up, gateway({"candidate": [up.address]}, routing_table=split) as served:
            told = Told(served.state.observer)
            answer = await ask(served, raw or post(body(), path=CHAT), "POST")
            await until(lambda: served.records)
            return answer, told.listen()

    return run(main())


# -- a request without a fault


def test_a_good_stream_counts_once_for_every_metric_that_can_judge_it() -> None:
    _, told = observed(streaming(*GOOD[:-1], usage(2), DONE))

    assert told.judged() == dict.fromkeys(
        ("ttft", "tpot", "errors", "client-errors", "broken", "empty", "finish"), (1, 0)
    )
    assert told.misses == []
    assert {(each.rollout, each.uid, each.epoch, each.arm) for each in told.arms} == {
        ("default/r", "uid-1", 1, "candidate")
    }


def test_of_a_good_whole_answer_no_time_is_taken() -> None:
    _, told = observed(whole(), raw=post(body(stream=False), path=CHAT))

    assert told.judged() == dict.fromkeys(("errors", "client-errors", "empty", "finish"), (1, 0))


@pytest.mark.parametrize("cut", range(1, 7))
def test_a_stream_is_relayed_byte_for_byte(cut: int) -> None:
    data = b"".join((*GOOD[:-1], event({"error": None}), usage(2), DONE)).replace(b"\n\n", b"\r\n\r\n", 2)
    size = len(data) * cut // 37 + 1

    answer, _ = observed(streaming(*(data[at : at + size] for at in range(0, len(data), size))))

    assert answer.whole
    assert answer.body == data


# -- time to first token


def told_of_a_stall(*events: bytes) -> Told:
    """What is told of a stream that is still open when its threshold passes."""

    async def main() -> Told:
        clock = Clock()
        async with upstream(stalling(*events)) as up, gateway({"candidate": [up.address]}) as served:
            slowed(served, clock)
            served.swap(watched({"candidate": 1}, [WatchedMetric("ttft", "TTFT", 0.8)]))
            told = Told(served.state.observer)
            async with client(served) as opened:
                await opened.send(post(body(), path=CHAT))
                await until(lambda: up.received)
                if events:
                    await opened.reader.readuntil(events[-1])
                assert told.judged() == {}
                clock.now += 1.0
                assert told.judged()
                assert served.records == []
            await until(lambda: served.records)
            return told.listen()

    return run(main())


def test_a_miss_is_told_when_the_deadline_passes_and_only_then() -> None:
    told = told_of_a_stall()

    assert told.judged() == {"ttft": (1, 1)}
    [miss] = told.misses
    assert (miss.rollout, miss.uid, miss.epoch, miss.arm, miss.metric, miss.share) == (
        "default/r", "uid-1", 1, "candidate", "ttft", 1.0,
    )  # fmt: skip


def test_a_role_is_no_content() -> None:
    assert told_of_a_stall(event(ROLE)).judged() == {"ttft": (1, 1)}


def test_content_that_comes_in_time_is_no_miss() -> None:
    assert told_of_a_stall(event(ROLE), event(WORD)).judged() == {"ttft": (1, 0)}


def test_a_client_that_leaves_before_the_deadline_counts_for_neither_arm() -> None:
    async def main() -> None:
        async with upstream(stalling(event(ROLE))) as up:
            split = watched({"candidate": 1})
            async with gateway({"candidate": [up.address]}, routing_table=split) as served:
                told = Told(served.state.observer)
                async with client(served) as opened:
                    await opened.send(post(body(), path=CHAT))
                    await until(lambda: served.state.streams)
                    opened.leave()
                await until(lambda: served.records)
                assert told.judged() == {}

    run(main())


def test_a_stream_that_ends_without_content_says_nothing_of_its_time() -> None:
    _, told = observed(streaming(event(ROLE), event(STOP), DONE))

    assert "ttft" not in told.judged()


# -- time per token


@pytest.mark.parametrize(("tokens", "judged"), [(b"", False), (usage(1), False), (usage(2), True)])
def test_time_per_token_needs_a_usage_of_two_tokens(tokens: bytes, judged: bool) -> None:
    _, told = observed(streaming(*GOOD[:-1], tokens, DONE) if tokens else streaming(*GOOD))

    assert ("tpot" in told.judged()) is judged


def test_a_slow_token_is_a_miss() -> None:
    _, told = observed(streaming(*GOOD[:-1], usage(2), DONE), metrics=[WatchedMetric("tpot", "TPOT", 1e-9)])

    assert told.judged() == {"tpot": (1, 1)}


def test_a_metric_without_a_threshold_tells_its_times() -> None:
    metrics = [WatchedMetric("ttft", "TTFT"), WatchedMetric("tpot", "TPOT")]

    _, told = observed(streaming(*GOOD[:-1], usage(2), DONE), metrics=metrics)

    assert told.judged() == {}
    assert [(each.metric, each.arm, len(each.seconds)) for each in told.times] == [
        ("ttft", "candidate", 1),
        ("tpot", "candidate", 1),
    ]
    assert all(each.seconds[0] > 0 for each in told.times)


def test_times_that_would_not_count_are_not_told() -> None:
    _, told = observed(streaming(*GOOD), metrics=[WatchedMetric("ttft", "TTFT")], cold_grace=3600.0)

    assert told.times == []


def test_the_last_token_is_that_of_the_finish_reason() -> None:
    async def main() -> None:
        go_on = asyncio.Event()

        async def script(conversation: Conversation) -> None:
            await conversation.request()
            await conversation.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n", event(WORD))
            await conversation.send(event(STOP))
            await go_on.wait()
            await conversation.send(usage(2), DONE)

        clock = Clock()
        async with upstream(script) as up, gateway({"candidate": [up.address]}) as served:
            slowed(served, clock)
            served.swap(watched({"candidate": 1}, [WatchedMetric("tpot", "TPOT", 1.0)]))
            async with client(served) as opened:
                await opened.send(post(body(), path=CHAT))
                await opened.reader.readuntil(b'"stop"')
                clock.now += 5.0
                go_on.set()
                await until(lambda: served.records)
            assert Told(served.state.observer).judged() == {"tpot": (1, 0)}

    run(main())


# -- errors


@pytest.mark.parametrize("status", ["500 Broken", "503 Busy", "404 Not Found", "408 Timeout", "429 Too Many"])
def test_an_error_of_the_server_is_an_error(status: str) -> None:
    _, told = observed(answering(b"{}", status=status))

    assert told.judged()["errors"] == (1, 1)
    assert told.missed() == {"errors"}


@pytest.mark.parametrize("status", ["400 Bad Request", "413 Too Large", "422 Unprocessable"])
def test_a_refused_request_is_a_client_error_and_nothing_else(status: str) -> None:
    _, told = observed(answering(b"{}", status=status))

    assert told.judged() == {"client-errors": (1, 1)}
    assert told.missed() == {"client-errors"}


def test_a_pool_without_endpoints_is_an_error_of_its_arm() -> None:
    async def main() -> None:
        async with gateway({"candidate": []}, routing_table=watched({"candidate": 1})) as served:
            assert (await ask(served, post(body(), path=CHAT), "POST")).reason == "no-endpoints"
            assert Told(served.state.observer).missed() == {"errors"}

    run(main())


def test_endpoints_that_refuse_are_an_error_and_their_attempts_are_shown() -> None:
    async def main() -> None:
        dead = [await refused() for _ in range(3)]
        split = watched({"candidate": 1})
        async with gateway({"candidate": dead}, limits=Limits(attempts=2), routing_table=split) as served:
            assert (await ask(served, post(body(), path=CHAT), "POST")).reason == "upstream-connect"
            told = Told(served.state.observer)
            assert told.missed() == {"errors"}
            assert sum(each.failed_attempts for each in told.loads) == 2

    run(main())


def test_a_reset_is_an_error() -> None:
    async def reset(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.send(b"HTTP/1.1 200 ")
        conversation.reset()

    answer, told = observed(reset)

    assert answer.reason == "upstream-reset"
    assert told.missed() == {"errors"}


def test_a_server_that_is_silent_for_too_long_is_an_error() -> None:
    async def main() -> None:
        split = watched({"candidate": 1})
        async with upstream(stalling()) as up:
            limits = Limits(quiet=1.0)
            async with gateway({"candidate": [up.address]}, limits=limits, routing_table=split) as served:
                asked = asyncio.create_task(ask(served, post(body(), path=CHAT), "POST"))
                await until(lambda: up.received)
                served.state.sweep()
                assert (await asked).reason == "timeout"
                assert Told(served.state.observer).missed() == {"errors"}

    run(main())


def test_a_retried_request_is_one_request_of_its_arm_and_its_failed_attempt_is_shown() -> None:
    async def main() -> None:
        async with AsyncExitStack() as stack:
            up = await stack.enter_async_context(upstream(streaming(*GOOD)))
            pool = {"candidate": [await refused(), up.address]}
            served = await stack.enter_async_context(gateway(pool, routing_table=watched({"candidate": 1})))
            served.cells.add(1, 5)  # the one that refuses is picked first
            told = Told(served.state.observer)
            assert (await ask(served, post(body(), path=CHAT), "POST")).status == 200
            served.cells.add(1, -5)
            await until(lambda: served.records)
            assert told.judged()["errors"] == (1, 0)
            assert [(each.arm, each.requests, each.failed_attempts) for each in told.loads] == [("candidate", 1, 1)]

    run(main())


def test_an_error_event_is_an_error_even_if_the_client_leaves_on_it() -> None:
    async def main() -> None:
        failing = stalling(event(WORD), event({"error": {"message": "out of memory"}}))
        async with upstream(failing) as up:
            split = watched({"candidate": 1})
            async with gateway({"candidate": [up.address]}, routing_table=split) as served:
                async with client(served) as opened:
                    await opened.send(post(body(), path=CHAT))
                    await opened.reader.readuntil(b"out of memory")
                    opened.leave()
                await until(lambda: served.records)
                assert Told(served.state.observer).missed() == {"errors"}

    run(main())


def test_a_client_that_leaves_after_the_last_event_has_had_a_whole_answer() -> None:
    async def main() -> None:
        async with upstream(stalling(*GOOD)) as up:
            split = watched({"candidate": 1})
            async with gateway({"candidate": [up.address]}, routing_table=split) as served:
                async with client(served) as opened:
                    await opened.send(post(body(), path=CHAT))
                    await opened.reader.readuntil(b"[DONE]")
                    opened.leave()
                await until(lambda: served.records)
                judged = Told(served.state.observer).judged()
                assert judged["errors"] == judged["broken"] == (1, 0)

    run(main())


# -- streams that break, answers that are not what they should be


def test_a_stream_that_is_cut_is_broken_and_an_error() -> None:
    _, told = observed(streaming(*GOOD[:3], cut=True))

    assert told.missed() == {"errors", "broken"}


def test_an_attempt_whose_answer_began_is_no_failed_attempt() -> None:
    _, told = observed(streaming(*GOOD[:3], cut=True))

    assert {each.failed_attempts for each in told.loads} == {0}


def test_a_stream_that_ends_without_finish_reason_and_terminator_is_broken() -> None:
    _, told = observed(streaming(*GOOD[:3]))

    assert told.missed() == {"broken"}


@pytest.mark.parametrize(
    ("script", "stream"),
    [(streaming(event(ROLE), event(STOP), DONE), True), (whole(""), False), (whole(None), False)],
)
def test_an_answer_without_content_is_empty(script: Script, stream: bool) -> None:
    _, told = observed(script, raw=post(body(stream=stream), path=CHAT))

    assert told.missed() == {"empty"}


def test_an_answer_that_is_too_long_to_keep_is_judged_by_its_status_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("turnout.proxy.observation.WHOLE", 10)

    _, told = observed(whole(""), raw=post(body(stream=False), path=CHAT))

    assert told.judged() == {"errors": (1, 0), "client-errors": (1, 0)}


def test_a_tool_call_is_content() -> None:
    _, told = observed(whole(None, "tool_calls", tool_calls=[{"id": "1"}]), raw=post(body(stream=False), path=CHAT))

    assert told.judged()["empty"] == (1, 0)


def json_events(text: str) -> Script:
    pieces = [event({"choices": [{"index": 0, "delta": {"content": each}, "finish_reason": None}]}) for each in text]
    return streaming(*pieces, event(STOP), DONE)


@pytest.mark.parametrize("form", ["json_object", "json_schema"])
@pytest.mark.parametrize(("text", "misses"), [('{"a":1}', 0), ('{"a":1', 1)])
@pytest.mark.parametrize(("answer", "stream"), [(json_events, True), (whole, False)])
def test_json_that_was_asked_for_must_be_json(
    form: str, text: str, misses: int, answer: Callable[[str], Script], stream: bool
) -> None:
    _, told = observed(answer(text), raw=post(body(stream=stream, response_format={"type": form}), path=CHAT))

    assert told.judged()["json"] == (1, misses)


def test_text_that_was_not_to_be_json_need_not_be() -> None:
    _, told = observed(whole("{"), raw=post(body(stream=False), path=CHAT))

    assert "json" not in told.judged()


def test_json_that_was_cut_at_its_longest_is_no_invalid_json() -> None:
    asked = body(stream=False, response_format={"type": "json_object"})

    _, told = observed(whole("{", "length"), raw=post(asked, path=CHAT))

    assert "json" not in told.judged()
    assert told.missed() == {"finish"}


def test_an_answer_that_cannot_be_read_is_judged_by_its_status_alone() -> None:
    packed = answering(b"\x1f\x8b", "content-type: text/event-stream", "content-encoding: gzip")

    _, told = observed(packed)

    assert told.judged() == {"errors": (1, 0), "client-errors": (1, 0)}


# -- neither arm


def test_a_request_that_draining_ends_counts_for_neither_arm() -> None:
    async def main() -> None:
        split = watched({"candidate": 1})
        async with (
            upstream(stalling(event(WORD))) as up,
            gateway({"candidate": [up.address]}, routing_table=split) as served,
            client(served) as opened,
        ):
            await opened.send(post(body(), path=CHAT))
            await until(lambda: served.state.streams)
            for session in list(served.state.sessions):
                session.end()
            await until(lambda: served.records)
            assert served.records[0].reason == "draining"
            assert Told(served.state.observer).judged() == {}

    run(main())


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_probe_counts_for_neither_arm(method: str) -> None:
    _, told = observed(answering(b"", status="503 Busy"), raw=get("/health", method=method))

    assert told.judged() == {}
    assert [each.requests for each in told.loads] == [1]


def test_a_backend_that_is_no_arm_is_not_observed() -> None:
    async def main() -> None:
        async with upstream(answering(status="500 Broken")) as up:
            split = watched({"other": 1})
            async with gateway({"other": [up.address]}, routing_table=split) as served:
                await ask(served, post(body(), path=CHAT), "POST")
                told = Told(served.state.observer).listen()
                assert (told.arms, told.loads, told.assignments) == ([], [], [])

    run(main())


def test_without_a_watch_nothing_is_told() -> None:
    async def main() -> None:
        async with upstream(answering(status="500 Broken")) as up, gateway({"stable": [up.address]}) as served:
            await ask(served, post(body(), "x-session-id: s", path=CHAT), "POST")
            told = Told(served.state.observer).listen()
            assert (told.arms, told.loads, told.assignments) == ([], [], [])

    run(main())


# -- strata


@pytest.mark.parametrize(("padding", "stratum"), [(0, "<1k"), (2000, "1k-4k"), (70000, ">=64k")])
def test_requests_are_told_apart_by_the_length_of_their_prompt(padding: int, stratum: str) -> None:
    raw = post(body(stream=False, user="x" * padding), path=CHAT)

    _, told = observed(answering(status="500 Broken"), raw=raw, strata=("promptLength",))

    assert {each.stratum for each in told.arms} == {stratum}
    assert {each.stratum for each in told.misses} == {stratum}


def test_what_is_served_is_the_same_with_and_without_a_watch() -> None:
    async def answer_of(served: Gateway) -> tuple[int, bytes]:
        answer = await ask(served, post(body(), path=CHAT), "POST")
        return answer.status, answer.body

    async def main() -> None:
        async with upstream(streaming(*GOOD)) as up, gateway({"candidate": [up.address]}) as served:
            before = await answer_of(served)
            served.swap(watched({"candidate": 1}))
            assert await answer_of(served) == before == (200, b"".join(GOOD))

    run(main())
