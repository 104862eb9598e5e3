"""One address, watched."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

from msgspec import Struct

from tests.support.model_servers import HANG, RESET, ModelServer, answer, vllm_page
from tests.support.peers import until
from turnout.endpoints.engines import TRTLLM_SERVE, VLLM, Engine
from turnout.endpoints.health import Failure
from turnout.endpoints.metrics import UNKNOWN, Load
from turnout.scrape.probe import Answer, Prober
from turnout.scrape.watch import Watch

IMPATIENT = 0.5


class Pace(Struct):
    interval: float = 0.01


@asynccontextmanager
async def watched(server: ModelServer, engine: Engine = VLLM) -> AsyncIterator[Watch]:
    async with Prober.opened(total=IMPATIENT) as prober, asyncio.TaskGroup() as tasks:
        watch = Watch(server.address, engine, prober, Pace(), lambda: None)
        watch.start(tasks)
        yield watch
        watch.stop()


class Scripted(Prober):
    """Gives the answers of each path in turn; after the last one it never answers again."""

    def __init__(self, **answers: list[Answer | Failure]) -> None:
        self.answers = answers

    async def get(self, address: str, path: str) -> Answer | Failure:
        left = self.answers[path.strip("/")]
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)


@asynccontextmanager
async def scripted(prober: Scripted, interval: float) -> AsyncIterator[Watch]:
    async with asyncio.TaskGroup() as tasks:
        watch = Watch("10.0.0.1:8000", VLLM, prober, Pace(interval), lambda: None)
        watch.start(tasks)
        yield watch
        watch.stop()


def run(server: ModelServer, story: Callable[[Watch], Coroutine[None, None, None]], engine: Engine = VLLM) -> None:
    async def scenario() -> None:
        async with server, watched(server, engine) as watch:
            await story(watch)

    asyncio.run(scenario())


async def ready(watch: Watch) -> None:
    await until(lambda: watch.health.ready, "ready")


async def known(watch: Watch) -> None:
    await until(lambda: watch.load != UNKNOWN, "a known load")


def test_it_is_not_ready_before_it_was_looked_at() -> None:
    server = ModelServer()

    async def story(watch: Watch) -> None:
        assert not watch.health.ready
        assert not watch.probed
        await ready(watch)
        assert watch.probed

    run(server, story)


def test_the_load_follows_the_page() -> None:
    server = ModelServer(page=answer(200, vllm_page(3, 8, 0.25)))

    async def story(watch: Watch) -> None:
        await until(lambda: watch.load == Load(3, 8, 0.25))
        server.page = answer(200, vllm_page(4, 8, 0.5))
        await until(lambda: watch.load == Load(4, 8, 0.5))

    run(server, story)


def test_a_page_that_fails_is_unknown_load_and_the_endpoint_stays_ready() -> None:
    for failure in (answer(500), answer(200, b"<html>"), RESET, HANG):
        server = ModelServer()

        async def story(watch: Watch, server: ModelServer = server, failure: bytes = failure) -> None:
            await known(watch)
            server.page = failure
            await until(lambda: watch.load == UNKNOWN, "unknown load")
            asked = server.asked["/health"]
            await until(lambda: server.asked["/health"] > asked + 1, "two more health checks")
            assert watch.health.ready

        run(server, story)


def test_the_numbers_come_back_with_the_page() -> None:
    server = ModelServer(page=HANG)

    async def story(watch: Watch) -> None:
        await ready(watch)
        server.page = answer(200, vllm_page(3, 8, 0.25))
        await until(lambda: watch.load == Load(3, 8, 0.25))

    run(server, story)


def test_an_engine_without_a_health_path_is_ready_when_it_answers() -> None:
    server = ModelServer(health=answer(404))
    run(server, ready)


def test_health_of_503_takes_it_out_and_200_brings_it_back() -> None:
    server = ModelServer()

    async def story(watch: Watch) -> None:
        await known(watch)
        server.health = answer(503)
        await until(lambda: not watch.health.ready, "not ready")
        assert watch.load == UNKNOWN
        server.health = answer(200)
        await ready(watch)
        await known(watch)

    run(server, story)


def test_a_killed_server_is_out_and_comes_back_by_itself() -> None:
    server = ModelServer()

    async def story(watch: Watch) -> None:
        await known(watch)
        await server.kill()
        await until(lambda: not watch.health.ready, "not ready")
        assert watch.load == UNKNOWN
        await server.start()
        await ready(watch)
        await known(watch)

    run(server, story)


def test_a_scrape_that_cannot_connect_takes_it_out_before_health_has_answered() -> None:
    prober = Scripted(health=[Answer(200, b"")], metrics=[Answer(200, vllm_page()), Failure.UNREACHABLE])

    async def scenario() -> None:
        async with scripted(prober, 0.2) as watch:
            await ready(watch)
            await until(lambda: not watch.health.ready, "not ready")

    asyncio.run(scenario())


def test_a_scrape_given_up_late_does_not_outweigh_a_newer_health_check() -> None:
    class Late(Prober):
        """The scrape ends without a connection once health, which answers always, was asked again."""

        def __init__(self) -> None:
            self.checks = 0

        async def get(self, address: str, path: str) -> Answer | Failure:
            if path == "/health":
                self.checks += 1
                return Answer(200, b"")
            checks = self.checks
            await until(lambda: self.checks > checks, "a newer health check")
            return Failure.UNREACHABLE

    async def scenario() -> None:
        seen: list[bool] = []
        prober = Late()
        async with asyncio.TaskGroup() as tasks:
            watch = Watch("10.0.0.1:8000", VLLM, prober, Pace(), lambda: seen.append(watch.health.ready))
            watch.start(tasks)
            await until(lambda: prober.checks > 3, "more health checks")
            watch.stop()
        assert all(seen)

    asyncio.run(scenario())


def test_a_scrape_that_breaks_makes_health_be_asked_at_once() -> None:
    for failure in (Failure.BROKEN, Failure.UNREACHABLE):
        prober = Scripted(health=[Answer(200, b"")] * 2, metrics=[failure])

        async def scenario(prober: Scripted = prober) -> None:
            async with scripted(prober, 3600.0) as watch:
                await ready(watch)
                await until(lambda: not prober.answers["health"], "a second health check")

        asyncio.run(scenario())


def test_a_server_that_answers_nothing_any_more_is_out() -> None:
    server = ModelServer()

    async def story(watch: Watch) -> None:
        await ready(watch)
        server.health = server.page = HANG
        await until(lambda: not watch.health.ready, "not ready")

    run(server, story)


def test_a_ready_endpoint_is_found_out_again_and_again() -> None:
    server = ModelServer()

    async def story(watch: Watch) -> None:
        await ready(watch)
        first = watch.health.checked
        await until(lambda: watch.health.checked > first, "a later check")

    run(server, story)


def test_the_engine_says_where_its_page_is() -> None:
    server = ModelServer(page=answer(200, b"trtllm_num_requests_waiting 2\n"))

    async def story(watch: Watch) -> None:
        await until(lambda: watch.load.waiting == 2)
        assert set(server.asked) == {"/health", "/prometheus/metrics"}

    run(server, story, TRTLLM_SERVE)


def test_a_stopped_watch_asks_no_more() -> None:
    server = ModelServer()

    async def scenario() -> None:
        async with server:
            async with watched(server) as watch:
                await known(watch)
            asked = dict(server.asked)
            await asyncio.sleep(0.05)
            assert server.asked == asked

    asyncio.run(scenario())
