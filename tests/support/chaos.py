"""What chaos needs: a gateway's level of descriptors, threads and memory; load that counts; figures that are kept."""

import asyncio
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.request import Request, urlopen

import aiohttp
import psutil
import yaml
from msgspec import Struct
from msgspec.structs import replace

from tests.support.clients import ask
from tests.support.objects import gateway, pool, route, server
from tests.support.system import System, until
from tests.support.upstream import Script, Upstream

ROUNDS = int(os.environ.get("TURNOUT_CHAOS_ROUNDS", "1"))
"""How often each failure happens; `make chaos` asks for more than `make test`."""
FIGURES = os.environ.get("TURNOUT_CHAOS_FIGURES", "")
"""A file that gets one JSON line per failure."""
WIDE = 8
"""Clients that ask all the time."""
MEMORY = 8 * 1024 * 1024
"""How much more a part may hold after all rounds than after a first one, which fills what allocators keep."""
DESCRIPTORS = 2 if FIGURES else 16
"""How many more a part may have than before the first round: a scrape, a question of the test's own. `make test` does
not wait for connections that are kept for seconds; a leak in each of a round's requests is more than that."""
THREADS = 6
"""As many the same: pools of threads fill up to a bound of their own."""
UNKNOWN = 2**62
"""Bytes that may be held where it is not known yet how many may."""
Document = dict[str, Any]


class Level(Struct, frozen=True):
    """What the processes of one part hold together: counts, and bytes of resident memory."""

    processes: int
    descriptors: int
    threads: int
    memory: int


def level(up: System) -> dict[str, Level]:
    """By part: `up`, `api`, `controller`, `scraper`, `worker`."""
    parent = psutil.Process(up.process.pid)
    found: dict[str, list[psutil.Process]] = {"up": [parent]}
    for each in parent.children():
        name = next(part for part in each.cmdline() if part.startswith("turnout.runners."))
        found.setdefault(name.rpartition(".")[2], []).append(each)
    return {
        name: Level(
            len(some),
            sum(each.num_fds() for each in some),
            sum(each.num_threads() for each in some),
            sum(each.memory_info().rss for each in some),
        )
        for name, some in found.items()
    }


def excess(up: System, before: dict[str, Level]) -> dict[str, tuple[Level | None, Level | None]]:
    """The parts that hold more than before, or are not there, or are new."""
    try:
        after = level(up)
    except (psutil.Error, StopIteration) as error:  # a process that starts or ends just then
        return {repr(error): (None, None)}
    return {
        name: (before.get(name), after.get(name))
        for name in before.keys() | after.keys()
        if not _within(before.get(name), after.get(name))
    }


def _within(before: Level | None, after: Level | None) -> bool:
    return (
        before is not None
        and after is not None
        and after.processes == before.processes
        and after.descriptors <= before.descriptors + DESCRIPTORS
        and after.threads <= before.threads + THREADS
        and after.memory <= before.memory + MEMORY
    )


def level_again(up: System, before: dict[str, Level], seconds: float = 30.0) -> float:
    """Polls until every part is back at its level, and says after how many seconds; fails with what is not."""
    began = time.monotonic()
    while more := excess(up, before):
        assert time.monotonic() < began + seconds, more
        time.sleep(0.05)
    return time.monotonic() - began


def rounds(up: System) -> Iterator[dict[str, Level]]:
    """The level before, once for each failure that the caller makes happen: a first time, then ROUNDS times.

    When they are over all is level again: descriptors and threads with what was before, memory with what it was after
    the first time.
    """
    before = level(up)
    yield {name: replace(each, memory=UNKNOWN) for name, each in before.items()}
    filled = level(up)
    before = {name: replace(each, memory=filled[name].memory) for name, each in before.items()}
    for _ in range(ROUNDS):
        yield before
    level_again(up, before)


def note(failure: str, saw: str, recovered: str, seconds: float) -> None:
    """Keeps one row for docs/chaos.md: `seconds` from the failure, or its end, until `recovered` held."""
    if FIGURES:
        row = {"failure": failure, "saw": saw, "recovered": recovered, "seconds": seconds}
        with Path(FIGURES).open("a") as file:
            file.write(json.dumps(row) + "\n")


def told(seen: Counter[tuple[int, str]]) -> str:
    """Answers by code, as a table shows them."""
    codes = Counter(str(code) if code else "connection broken" for code, _ in seen.elements())
    return ", ".join(f"{count} x {code}" for code, count in sorted(codes.items()))


def written(folder: Path, pools: dict[str, Sequence[int]], timeout: str = "", **weights: Any) -> Path:
    """A file with a Gateway, the pools with servers at these ports, and a route of these weights."""
    shared = route(**weights)
    if timeout:
        shared["spec"]["rules"][0]["timeouts"] = {"request": timeout}
    made: list[Document] = [gateway(), shared]
    for name, ports in pools.items():
        made.append(pool(name))
        made.extend(server(f"{name}-{number}", app=name, port=port) for number, port in enumerate(ports))
    path = folder / "objects.yaml"
    path.write_text(yaml.safe_dump_all(made))
    return path


def get(url: str) -> str:
    """The body of a 200."""
    with urlopen(url, timeout=20) as answer:
        text: str = answer.read().decode()
        return text


def metric(up: System, series: str) -> str:
    """The value of one series at /metrics. Raises LookupError when it is not there, OSError when nobody answers."""
    for line in get(f"{up.api}/metrics").splitlines():
        name, _, value = line.rpartition(" ")
        if name == series:
            return value
    raise LookupError(series)


def apply_weights(up: System, **weights: Any) -> int:
    """Patches the route; the API's code."""
    return patch(up, {"spec": route(**weights)["spec"]})


def patch(up: System, change: Document) -> int:
    """Merges `change` into the route; the API's code. Raises HTTPError of urllib for a refusal, OSError for silence."""
    url = f"{up.api}/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes/route"
    headers = {"content-type": "application/merge-patch+json"}
    request = Request(url, json.dumps(change).encode(), headers, method="PATCH")
    with urlopen(request, timeout=20) as answer:
        code: int = answer.status
        return code


def served_by(up: System) -> str:
    """The pool that answers one request; empty when none does."""

    async def once() -> str:
        limit = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=limit) as session:
            return (await ask(session, f"{up.gateway}/v1/models")).pool

    return asyncio.run(once())


def moved(up: System, **weights: int) -> bool:
    """Whether a write of the weights is taken, and requests go where it says: only one weight may be above 0."""
    try:
        apply_weights(up, **weights)
    except OSError:
        return False
    (target,) = (name for name, weight in weights.items() if weight)
    until(lambda: served_by(up) == target)
    return True


class Load:
    """Clients in a thread that ask one request after the other, half of them on kept connections."""

    def __init__(self, up: System) -> None:
        self.seen: Counter[tuple[int, str]] = Counter()
        self._url = f"{up.gateway}/v1/models"
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()))

    async def _all(self) -> None:
        await asyncio.gather(*(self._ask(kept=number % 2 == 0) for number in range(WIDE)))

    async def _ask(self, *, kept: bool) -> None:
        connector = aiohttp.TCPConnector(force_close=not kept)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30)) as session:
            while not self._over.is_set():
                seen = await ask(session, self._url)
                self.seen[seen.code, seen.fault or seen.reason] += 1
                await asyncio.sleep(0.01)

    def __enter__(self) -> Self:
        self._thread.start()
        until(lambda: self.seen.total() > WIDE)
        return self

    def __exit__(self, *_: object) -> None:
        more = self.seen.total() + 5 * WIDE
        try:
            until(lambda: self.seen.total() > more)
        finally:
            self._over.set()
            self._thread.join(60)


@contextmanager
def scripted(script: Script) -> Iterator[Upstream]:
    """A model server that runs `script` for every connection, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    served = Upstream(script)
    try:
        asyncio.run_coroutine_threadsafe(served.start(), loop).result(20)
        yield served
    finally:
        asyncio.run_coroutine_threadsafe(served.stop(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()
    assert served.faults == []
