"""Who is watched, and what is told of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.model_servers import HANG, ModelServer, answer, vllm_page
from tests.support.peers import until
from turnout.channels import EndpointStates, Member, Membership
from turnout.channels.inflight import InflightFile
from turnout.endpoints import Endpoint
from turnout.endpoints.pacing import SCRAPE_SECONDS
from turnout.scrape.board import Board
from turnout.scrape.probe import Prober
from turnout.scrape.scraper import Scraper

PATIENT = 60.0
"""Who hangs, hangs for longer than a test takes."""


class Posts(Board):
    """A board that keeps every post."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[EndpointStates] = []

    def post(self, states: EndpointStates) -> None:
        self.all.append(states)

    def endpoint(self, address: str, pool: str = "ns/p") -> Endpoint | None:
        """The newest that was told of an endpoint."""
        members = self.all[-1].pools.get(pool, ()) if self.all else ()
        return next((each for each in members if each.address == address), None)

    def waiting(self, address: str) -> float | None:
        endpoint = self.endpoint(address)
        return None if endpoint is None else endpoint.waiting

    def ready(self, address: str) -> bool:
        endpoint = self.endpoint(address)
        return endpoint is not None and endpoint.ready


@asynccontextmanager
async def scraping(tmp_path: Path, rows: int = 16) -> AsyncIterator[tuple[Scraper, Posts, InflightFile]]:
    posts, inflight = Posts(), InflightFile.create(tmp_path / "inflight", 2, rows=rows)
    async with Prober.opened(total=PATIENT) as prober:
        scraper = Scraper(prober, posts, inflight)
        task = asyncio.create_task(scraper.run())
        await asyncio.sleep(0)
        yield scraper, posts, inflight
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    inflight.close()


def pool(*servers: ModelServer, engine: str = "vllm") -> Membership:
    return Membership({"ns/p": tuple(Member(f"ns/m{i}", each.address, engine) for i, each in enumerate(servers))})


def test_each_pool_is_told_with_its_members_and_their_load(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            ModelServer(page=answer(200, vllm_page(3, 8, 0.25))) as server,
            scraping(tmp_path) as (scraper, posts, _),
        ):
            scraper.take(pool(server))
            await until(lambda: posts.waiting(server.address) == 3)
            found = posts.endpoint(server.address)
            assert found is not None
            assert (found.name, found.ready, found.running, found.kv_usage) == ("ns/m0", True, 8, 0.25)

    asyncio.run(scenario())


def test_an_endpoint_of_two_pools_is_watched_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ModelServer() as server, scraping(tmp_path) as (scraper, posts, _):
            member = Member("ns/m0", server.address)
            scraper.take(Membership({"ns/p": (member,), "ns/q": (member,)}))
            await until(lambda: posts.ready(server.address))
            assert posts.endpoint(server.address, "ns/p") == posts.endpoint(server.address, "ns/q")
            assert server.connections <= 2

    asyncio.run(scenario())


def test_a_pool_without_members_is_told_as_empty(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with scraping(tmp_path) as (scraper, posts, _):
            scraper.take(Membership({"ns/p": ()}))
            await until(lambda: posts.all)
            assert posts.all[0] == EndpointStates({"ns/p": ()})

    asyncio.run(scenario())


def test_nothing_is_told_before_every_endpoint_was_looked_at(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ModelServer() as one, ModelServer() as two, scraping(tmp_path) as (scraper, posts, _):
            scraper.take(pool(one, two))
            await until(lambda: posts.all)
            assert all(endpoint.ready for endpoint in posts.all[0].pools["ns/p"])

    asyncio.run(scenario())


def test_an_endpoint_that_hangs_delays_no_other(tmp_path: Path) -> None:
    async def scenario() -> None:
        stuck = ModelServer(health=HANG, page=HANG)
        async with stuck, ModelServer() as server, scraping(tmp_path) as (scraper, posts, _):
            scraper.take(pool(stuck, server))
            await until(lambda: server.asked.get("/metrics", 0) >= 5, "five scrapes")
            assert stuck.asked == {"/health": 1}
            await until(lambda: posts.ready(server.address))
            assert not posts.ready(stuck.address)

    asyncio.run(scenario())


def test_what_is_known_of_an_endpoint_that_stays_is_kept(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ModelServer() as one, ModelServer() as two, scraping(tmp_path) as (scraper, posts, _):
            scraper.take(pool(one))
            await until(lambda: posts.ready(one.address))
            told = len(posts.all)
            scraper.take(pool(one, two))
            await until(lambda: posts.ready(two.address))
            assert all(each.pools["ns/p"][0].ready for each in posts.all[told:])

    asyncio.run(scenario())


def test_a_new_endpoint_is_told_as_not_ready_until_it_was_looked_at(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ModelServer() as one, ModelServer(health=HANG) as two, scraping(tmp_path) as (scraper, posts, _):
            scraper.take(pool(one))
            await until(lambda: posts.ready(one.address))
            scraper.take(pool(one, two))
            await until(lambda: posts.endpoint(two.address))
            assert not posts.ready(two.address)

    asyncio.run(scenario())


def test_an_endpoint_that_left_is_neither_told_nor_asked(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ModelServer() as one, ModelServer() as two, scraping(tmp_path) as (scraper, posts, _):
            scraper.take(pool(one, two))
            await until(lambda: posts.ready(two.address))
            scraper.take(pool(one))
            await until(lambda: posts.endpoint(two.address) is None)
            left, stayed = dict(two.asked), one.asked["/metrics"]
            await until(lambda: one.asked["/metrics"] > stayed + 3)
            assert two.asked == left

    asyncio.run(scenario())


def test_an_endpoint_of_another_engine_is_looked_at_anew(tmp_path: Path) -> None:
    async def scenario() -> None:
        page = answer(200, b"sglang:num_queue_reqs 2\n" + vllm_page(7))
        async with ModelServer(page=page) as server, scraping(tmp_path) as (scraper, posts, _):
            scraper.take(pool(server, engine="vllm"))
            await until(lambda: posts.waiting(server.address) == 7)
            scraper.take(pool(server, engine="sglang"))
            await until(lambda: posts.waiting(server.address) == 2)

    asyncio.run(scenario())


def test_each_address_has_a_row_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ModelServer() as one, ModelServer() as two, scraping(tmp_path) as (scraper, _, inflight):
            scraper.take(pool(one, two))
            before = {each.address: each.slot for each in scraper.states().pools["ns/p"]}
            scraper.take(pool(two))
            assert [each.slot for each in scraper.states().pools["ns/p"]] == [before[two.address]]
            assert before[one.address] != before[two.address]
            assert inflight.addresses() == (two.address,)

    asyncio.run(scenario())


def test_an_endpoint_without_a_row_is_left_out_and_the_others_are_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ModelServer() as one, ModelServer() as two, scraping(tmp_path, rows=1) as (scraper, posts, _):
            scraper.take(pool(one, two))
            await until(lambda: posts.ready(one.address))
            assert posts.endpoint(two.address) is None

    asyncio.run(scenario())


def test_scraping_that_costs_too_much_slows_down_and_recovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with scraping(tmp_path) as (scraper, _, _):
            assert scraper.interval == SCRAPE_SECONDS
            monkeypatch.setattr(time, "process_time", lambda: 2 * time.monotonic())
            await until(lambda: scraper.interval > SCRAPE_SECONDS, "a longer interval")
            monkeypatch.setattr(time, "process_time", lambda: 0.0)
            await until(lambda: scraper.interval == SCRAPE_SECONDS, "the shortest interval")

    asyncio.run(scenario())
