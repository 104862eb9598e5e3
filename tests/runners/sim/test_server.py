"""A simulated server's answers and faults, on real sockets."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
import pytest
from msgspec.structs import replace

from turnout.runners.sim.connection import Connection
from turnout.runners.sim.server import Server
from turnout.simulator import DEFAULT, Profile, find_profile, parse_faults
from turnout.simulator.requests import Served

DEADLINE = 30
FAST = find_profile("instant")
CHAT = "/v1/chat/completions"
PATHS = (CHAT, "/v1/completions", "/v1/embeddings")


class Site:
    """A server and a client of it."""

    def __init__(
        self, session: aiohttp.ClientSession, server: Server, drawn: asyncio.Event, crashed: asyncio.Event
    ) -> None:
        """`drawn` is set when the first request has met its fate."""
        self.session = session
        self.server = server
        self.drawn = drawn
        self.crashed = crashed

    async def ask(self, path: str = CHAT, **fields: object) -> tuple[int, bytes]:
        """Status and body of a request for five tokens."""
        async with self.session.post(path, json=body(path) | fields) as answer:
            return answer.status, await answer.read()

    async def get(self, path: str) -> tuple[int, bytes]:
        async with self.session.get(path) as answer:
            return answer.status, await answer.read()

    async def metric(self, name: str) -> float:
        """The value of the first sample of that name."""
        _, page = await self.get("/metrics")
        found = re.search(rf"^{name}\{{.*\}} (\S+)$", page.decode(), re.MULTILINE)
        assert found, name
        return float(found[1])


def body(path: str) -> dict[str, object]:
    if path == CHAT:
        return {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 5}
    return {"prompt": "hello", "max_tokens": 5} if path == "/v1/completions" else {"input": "hello"}


@asynccontextmanager
async def site(*faults: str, profile: Profile = FAST, throws: tuple[float, ...] = (0.5,)) -> AsyncIterator[Site]:
    """A server with its faults; `throws` are what its dice show, the last of them for ever."""
    crashed = asyncio.Event()
    drawn = asyncio.Event()
    left = list(throws)

    def dice() -> float:
        drawn.set()
        return left.pop(0) if len(left) > 1 else left[0]

    loop = asyncio.get_running_loop()
    server = Server(7, Served("llama", ("ada",)), profile, parse_faults(faults), dice, crashed.set)
    listener = await loop.create_server(partial(Connection, server), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with asyncio.timeout(DEADLINE), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        yield Site(session, server, drawn, crashed)
    server.abort()
    listener.close()


def play(scene: Callable[[], Awaitable[None]]) -> None:
    async def act() -> None:
        await scene()

    asyncio.run(act())


def error_of(data: bytes) -> dict[str, object]:
    error = json.loads(data)["error"]
    assert isinstance(error, dict)
    assert error.keys() == {"message", "type", "param", "code"}
    return error


@pytest.mark.parametrize("path", PATHS)
def test_every_endpoint_answers(path: str) -> None:
    async def scene() -> None:
        async with site() as here:
            status, data = await here.ask(path)
            assert (status, json.loads(data)["model"]) == (200, "llama")

    play(scene)


@pytest.mark.parametrize("path", ["/health", "/ping"])
def test_health_is_an_empty_200(path: str) -> None:
    async def scene() -> None:
        async with site() as here:
            assert await here.get(path) == (200, b"")

    play(scene)


def test_the_models_are_listed_and_the_version_told() -> None:
    async def scene() -> None:
        async with site() as here:
            _, models = await here.get("/v1/models")
            _, version = await here.get("/version")
            assert [model["id"] for model in json.loads(models)["data"]] == ["llama", "ada"]
            assert json.loads(version).keys() == {"version"}

    play(scene)


def test_an_unknown_path_is_not_found() -> None:
    async def scene() -> None:
        async with site() as here:
            status, data = await here.get("/v2/models")
            assert (status, error_of(data)["type"]) == (404, "NotFoundError")

    play(scene)


def test_a_wrong_method_is_not_allowed() -> None:
    async def scene() -> None:
        async with site() as here:
            assert (await here.get(CHAT))[0] == 405
            assert (await here.ask("/health"))[0] == 405

    play(scene)


def test_a_bad_request_says_which_field() -> None:
    async def scene() -> None:
        async with site() as here:
            status, data = await here.ask(max_tokens=0)
            assert (status, error_of(data)["param"]) == (400, "max_tokens")

    play(scene)


def test_a_stream_says_what_the_whole_answer_says() -> None:
    async def scene() -> None:
        async with site() as here:
            _, whole = await here.ask()
            _, data = await here.ask(stream=True)
            events = [each.removeprefix("data: ") for each in data.decode().split("\n\n")[:-2]]
            said = "".join(json.loads(event)["choices"][0]["delta"]["content"] for event in events)
            assert said == json.loads(whole)["choices"][0]["message"]["content"]

    play(scene)


def test_embeddings_of_many_inputs_are_one_answer() -> None:
    async def scene() -> None:
        async with site() as here:
            _, data = await here.ask("/v1/embeddings", input=["a", "b", "c"])
            assert len(json.loads(data)["data"]) == 3

    play(scene)


def test_the_request_id_names_the_answer() -> None:
    async def scene() -> None:
        async with (
            site() as here,
            here.session.post(CHAT, json=body(CHAT), headers={"x-request-id": 'a"b'}) as answer,
        ):
            assert (await answer.json())["id"] == 'chatcmpl-a"b'

    play(scene)


def test_the_metrics_count_tokens_and_reasons() -> None:
    async def scene() -> None:
        async with site() as here:
            await here.ask()
            assert await here.metric("vllm:generation_tokens_total") == 5
            assert await here.metric("vllm:prompt_tokens_total") == 3
            assert await here.metric("vllm:request_success_total") == 0
            _, page = await here.get("/metrics")
            assert b'finished_reason="length"} 1.0' in page

    play(scene)


def test_a_client_that_goes_frees_its_sequence_at_once() -> None:
    async def scene() -> None:
        async with site(profile=find_profile(DEFAULT)) as here:
            async with here.session.post(CHAT, json=body(CHAT) | {"max_tokens": 100_000, "stream": True}) as answer:
                await answer.content.readline()
                assert await here.metric("vllm:num_requests_running") == 1
                assert await here.metric("vllm:kv_cache_usage_perc") > 0
                answer.close()
            while await here.metric("vllm:num_requests_running"):
                await asyncio.sleep(0.001)
            assert await here.metric("vllm:kv_cache_usage_perc") == 0

    play(scene)


def test_many_streams_at_once_all_end() -> None:
    async def scene() -> None:
        async with site() as here:
            answers = await asyncio.gather(*(here.ask(stream=True, max_tokens=20) for _ in range(50)))
            assert all(status == 200 and data.endswith(b"data: [DONE]\n\n") for status, data in answers)

    play(scene)


@pytest.mark.parametrize(("fault", "code"), [("error-rate=1", 500), ("status=429:1", 429), ("status=503:1", 503)])
@pytest.mark.parametrize("path", PATHS)
def test_a_status_fault_refuses_with_it(fault: str, code: int, path: str) -> None:
    async def scene() -> None:
        async with site(fault) as here:
            status, data = await here.ask(path)
            assert (status, error_of(data)["code"]) == (code, code)

    play(scene)


def test_a_fault_strikes_those_requests_that_are_drawn() -> None:
    async def scene() -> None:
        async with site("error-rate=0.5", throws=(0.4, 0.6, 0.1, 0.9)) as here:
            assert [(await here.ask())[0] for _ in range(4)] == [500, 200, 500, 200]

    play(scene)


def test_faults_leave_health_models_and_metrics_alone() -> None:
    async def scene() -> None:
        async with site("error-rate=1") as here:
            assert [(await here.get(path))[0] for path in ("/health", "/v1/models", "/metrics")] == [200, 200, 200]

    play(scene)


def test_a_hanging_request_holds_its_connection_and_no_place_in_the_engine() -> None:
    async def scene() -> None:
        async with site("hang=0.5", throws=(0.1, 0.9)) as here:
            hanging = asyncio.create_task(here.ask())
            await here.drawn.wait()
            assert (await here.ask())[0] == 200
            assert not hanging.done()
            assert await here.metric("vllm:num_requests_running") == 0
            hanging.cancel()

    play(scene)


@pytest.mark.parametrize("stream", [True, False])
def test_a_broken_answer_is_cut_behind_its_head(stream: bool) -> None:
    async def scene() -> None:
        async with (
            site("broken-stream=1") as here,
            here.session.post(CHAT, json=body(CHAT) | {"stream": stream}) as answer,
        ):
            assert answer.status == 200
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.read()

    play(scene)


def test_a_broken_stream_leaves_nothing_in_the_engine() -> None:
    async def scene() -> None:
        async with site("broken-stream=1", profile=find_profile(DEFAULT)) as here:
            with pytest.raises(aiohttp.ClientPayloadError):
                await here.ask(stream=True, max_tokens=10)
            assert await here.metric("vllm:num_requests_running") == 0
            assert await here.metric("vllm:generation_tokens_total") == 6

    play(scene)


def test_a_stream_error_is_an_event_in_a_200_stream() -> None:
    async def scene() -> None:
        async with site("stream-error=1") as here:
            status, data = await here.ask(stream=True)
            *_, error, done, end = data.split(b"\n\n")
            assert (status, done, end) == (200, b"data: [DONE]", b"")
            assert error_of(error.removeprefix(b"data: "))["code"] == 500

    play(scene)


def test_an_empty_answer_is_a_200_without_content() -> None:
    async def scene() -> None:
        async with site("empty=1") as here:
            status, data = await here.ask()
            assert (status, json.loads(data)["choices"][0]["message"]["content"]) == (200, "")

    play(scene)


def test_an_invalid_answer_is_a_200_that_is_no_json() -> None:
    async def scene() -> None:
        async with site("invalid-json=1") as here:
            status, data = await here.ask()
            assert status == 200
            with pytest.raises(json.JSONDecodeError):
                json.loads(data)

    play(scene)


def test_slowness_reaches_the_engine() -> None:
    async def scene() -> None:
        slow = replace(find_profile("instant"), overhead=0.01)
        async with site(profile=slow) as plain, site("slow=10", profile=slow) as slowed:
            for here in (plain, slowed):
                await here.ask(max_tokens=1)
            name = "vllm:time_to_first_token_seconds_sum"
            assert await slowed.metric(name) == pytest.approx(10 * await plain.metric(name), rel=0.001)

    play(scene)


def test_a_crash_comes_after_the_last_request_is_answered() -> None:
    async def scene() -> None:
        async with site("crash-after=3") as here:
            for _ in range(2):
                assert (await here.ask())[0] == 200
                assert not here.crashed.is_set()
            assert (await here.ask())[0] == 200
            await here.crashed.wait()

    play(scene)


def test_failed_and_abandoned_requests_count_towards_a_crash() -> None:
    async def scene() -> None:
        async with site("crash-after=2", "hang=0.5", throws=(0.9, 0.1)) as here:
            await here.ask(max_tokens=0)
            here.drawn.clear()
            hanging = asyncio.create_task(here.ask())
            await here.drawn.wait()
            assert not here.crashed.is_set()
            hanging.cancel()
            await here.crashed.wait()

    play(scene)


def test_a_starting_server_answers_503_to_everything_until_it_has_started() -> None:
    async def scene() -> None:
        async with site("start-after=1") as here:
            answers = [await here.get("/health"), await here.get("/v1/models"), await here.ask()]
            assert [status for status, _ in answers] == [503, 503, 503]
            while (await here.get("/health"))[0] != 200:
                await asyncio.sleep(0.01)
            assert (await here.ask())[0] == 200

    play(scene)


def test_an_aborted_server_breaks_every_connection() -> None:
    async def scene() -> None:
        async with site("hang=1") as here:
            hanging = asyncio.create_task(here.ask())
            await here.drawn.wait()
            here.server.abort()
            with pytest.raises(aiohttp.ClientConnectionError):
                await hanging

    play(scene)
