"""What a request costs in Python alone: a worker's own code between transports that cost nothing.

`python -m benchmarks.hotpath` prints microseconds per request of 2 KB and 32 KB and per chunk of a stream;
`--pieces` prints what the parts of a 2 KB request take, `--profile` the functions that take most (cProfile).
"""

import argparse
import asyncio
import gc
import time
from collections.abc import Callable, Sequence
from random import random
from typing import Any, cast

from benchmarks.payloads import ANSWER, chat, post
from benchmarks.upstream import HEAD, LAST, TOKEN
from turnout.endpoints import Endpoint
from turnout.inference import prompt_blocks, read_request
from turnout.proxy.downstream import Downstream
from turnout.proxy.reports import Reports
from turnout.proxy.state import State
from turnout.proxy.upstream import Upstream
from turnout.table import Backend, Listener, Match, ObjectRef, PathMatch, Pool, Route, RoutingTable, Rule, Split
from turnout.telemetry.record import Record

ADDRESSES = tuple(f"127.0.0.1:{port}" for port in range(9001, 9005))
RESPONSE = (
    f"HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(ANSWER)}\r\nConnection: keep-alive\r\n\r\n{ANSWER}"
).encode()


class Wire:
    """A transport that swallows what is written."""

    def __init__(self) -> None:
        self.written = 0

    def write(self, data: bytes) -> None:
        self.written += len(data)

    def writelines(self, parts: list[bytes]) -> None:
        self.written += sum(map(len, parts))

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str) -> tuple[str, int]:
        return ("127.0.0.1", 1)

    def pause_reading(self) -> None:
        """Nothing is read."""

    def resume_reading(self) -> None:
        """Nothing is read."""

    def abort(self) -> None:
        """Nothing is open."""

    def close(self) -> None:
        """Nothing is open."""


class Counters:
    """The worker's column of requests in flight, in a list."""

    def __init__(self) -> None:
        self.counts = [0] * len(ADDRESSES)

    def add(self, slot: int, delta: int) -> None:
        self.counts[slot] += delta


def _table() -> RoutingTable:
    gateway = ObjectRef("gateway.networking.k8s.io", "Gateway", "default", "bench")
    route = ObjectRef("gateway.networking.k8s.io", "HTTPRoute", "default", "bench")
    pool = ObjectRef("inference.networking.k8s.io", "InferencePool", "default", "pool")
    rule = Rule("0", 0, (Match(PathMatch("PathPrefix", "/")),), Split("uid/0", (Backend(pool, 1),)))
    return RoutingTable(
        (Listener(gateway, "http", 80, 80, "", (route.key,)),),
        {route.key: Route(route, "uid", "2026-01-01T00:00:00Z", (), (rule,))},
        {pool.key: Pool(pool)},
    )


class Rig:
    """One client's connection, one to each endpoint."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        counters = Counters()
        self.records: list[Record] = []
        self.state = State(loop, self._keep, counters, counters.counts.__getitem__)
        self.state.swap(_table(), 1)
        self.state.endpoints = {
            "default/pool": tuple(
                Endpoint(f"default/s{slot}", address, slot, True, 0.0, 0.0, 1.0, 0.1)  # noqa: FBT003 - ready
                for slot, address in enumerate(ADDRESSES)
            )
        }
        self.upstreams: list[Upstream] = []
        for address in ADDRESSES:
            server = self.state.connections.server(address)
            upstream = Upstream(server, loop)
            upstream.connection_made(cast("asyncio.Transport", Wire()))
            upstream.reusable = True
            server.release(upstream, time.monotonic())
            self.upstreams.append(upstream)
        self.client = Wire()
        self.downstream = Downstream(self.state, 80)
        self.downstream.connection_made(cast("asyncio.Transport", self.client))

    def _keep(self, record: Record) -> None:
        if len(self.records) > 100:
            self.records.clear()
        self.records.append(record)

    def exchange(self, request: bytes, answer: list[bytes]) -> None:
        """One request, and its answer in these pieces."""
        self.downstream.data_received(request)
        upstream = next(each for each in self.upstreams if each.receiver is not None)
        for piece in answer:
            upstream.data_received(piece)

    def timed(self, request: bytes) -> tuple[float, float]:
        """Seconds for one request on its way there, and for its answer on its way back."""
        began = time.perf_counter()
        self.downstream.data_received(request)
        there = time.perf_counter()
        upstream = next(each for each in self.upstreams if each.receiver is not None)
        answered = time.perf_counter()
        upstream.data_received(RESPONSE)
        return there - began, time.perf_counter() - answered


def measured(requests: list[bytes], answer: list[bytes]) -> float:
    """Microseconds per request, the best of 25 goes: the machine's other work only ever adds."""
    rig = Rig(asyncio.new_event_loop())
    for request in requests[:50]:
        rig.exchange(request, answer)
    best = float("inf")
    share = (len(requests) - 50) // 25
    for turn in range(25):
        part = requests[50 + turn * share : 50 + (turn + 1) * share]
        began = time.perf_counter()
        for request in part:
            rig.exchange(request, answer)
        best = min(best, (time.perf_counter() - began) / len(part))
    assert rig.records[-1].code == 200, rig.records[-1]
    return best * 1e6


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--pieces", action="store_true")
    asked = parser.parse_args()
    gc.freeze()  # as a worker does
    gc.disable()
    short = [post(chat(2048)) for _ in range(20_050)]
    long = [post(chat(32_768)) for _ in range(1050)]
    stream = [HEAD, *[TOKEN] * 640, LAST]
    if asked.pieces:
        for name, microseconds in pieces(short[:10_000]):
            print(f"{name:66} {microseconds:6.2f} us")
        return
    if asked.profile:
        _profile(lambda: measured(short, [RESPONSE]))
        return
    print(f"2 KB request   {measured(short, [RESPONSE]):6.2f} us")
    print(f"32 KB request  {measured(long, [RESPONSE]):6.2f} us")
    print(f"chunk          {measured(short[:100], stream) / 642:6.2f} us")


def best(work: Callable[[Any], object], items: Sequence[object]) -> float:
    """Microseconds of `work` for one item, the best of 500 at a time."""
    least = float("inf")
    for start in range(0, len(items), 500):
        part = items[start : start + 500]
        began = time.perf_counter()
        for item in part:
            work(item)
        least = min(least, (time.perf_counter() - began) / len(part))
    return least * 1e6


def pieces(requests: list[bytes]) -> list[tuple[str, float]]:
    """What the parts of a request take, each by itself."""
    rig = Rig(asyncio.new_event_loop())
    known = rig.state.pool("default/pool")
    assert known is not None
    bodies = [request.partition(b"\r\n\r\n")[2] for request in requests]
    fields = [read_request(body) for body in bodies]
    blocks = [prompt_blocks(each) for each in fields]
    found = [
        ("model, key and prompt out of the JSON body", best(read_request, bodies)),
        ("hashing the prompt's blocks", best(prompt_blocks, fields)),
        ("looking them up", best(known.prefixes.match, blocks)),
        ("keeping them", best(lambda each: known.prefixes.add(each, ADDRESSES[0], known=False), blocks)),
    ]
    rig.state.column.add(0, 1)
    pick = known.candidates.pick
    found.append(
        ("picking one of 4 endpoints by 3 scorers", best(lambda _: pick(rig.state.in_flight, random, None), blocks))
    )
    rig.state.column.add(0, -1)
    return [*found, *whole(requests)]


def whole(requests: list[bytes]) -> list[tuple[str, float]]:
    """What requests take from end to end, the best of 200 at a time: with prompts that are new, and once more."""
    rig = Rig(asyncio.new_event_loop())
    reports = Reports()
    rig.state.sink = reports.add
    found: list[tuple[str, float]] = []
    for prompts in ("new prompts", "known prompts"):
        least = [float("inf")] * 3
        for start in range(0, len(requests), 200):
            times = [rig.timed(request) for request in requests[start : start + 200]]
            began = time.perf_counter()
            reports.digest()
            now = [sum(each[0] for each in times), sum(each[1] for each in times), time.perf_counter() - began]
            least = list(map(min, least, now))
        parts = ("from the client's bytes to the server's", "from the server's bytes to the client's", "metrics")
        found += [(f"in all, {prompts}: {part}", each / 200e-6) for part, each in zip(parts, least, strict=True)]
    return found


def _profile(work: Callable[[], float]) -> None:
    import cProfile
    import pstats

    with cProfile.Profile() as profile:
        work()
    pstats.Stats(profile).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    main()
