"""(c), (g): open streams."""

import subprocess
import sys

import msgspec

from benchmarks.bench import Bench, Row, descriptors
from benchmarks.load.streams import Streamed
from benchmarks.processes import OTHER_CORE, FailedError, Tree, await_warm
from benchmarks.proxies import Proxy
from benchmarks.upstream import stream_servers

OPEN = 200
MANY = 2000
KB = 1024
PATIENCE = 60.0
"""Seconds after which a load that does not end is said to fail."""


def streams(bench: Bench) -> list[Row]:
    """Chunks relayed per CPU-second of the tree, at one pace for all."""
    with bench.upstreams(4, stream_servers) as ports, bench.proxies(ports) as proxies:

        def measure(proxy: Proxy, tree: Tree, turn: int) -> dict[str, float]:
            with _clients(bench, proxy, OPEN, 1.5, bench.seconds) as load:
                await_warm(load)
                before = tree.cpu_seconds()
                found = _result(load)
                used = tree.cpu_seconds() - before
            if not found.chunks or not used:
                raise FailedError(f"{found.chunks} chunks in {found.seconds:.1f} s, {used:.2f} s of CPU")
            return {
                "chunks/CPU-s": found.chunks / used,
                "chunks/s": found.chunks / found.seconds,
                "broken": found.broken,
            }

        return bench.turns(proxies, measure)


def memory(bench: Bench) -> list[Row]:
    """Bytes of the tree for each of MANY open streams, beyond what it takes with none."""
    with descriptors(), bench.upstreams(4, stream_servers) as ports, bench.proxies(ports) as proxies:

        def measure(proxy: Proxy, tree: Tree, turn: int) -> dict[str, float]:
            before = tree.memory()
            with _clients(bench, proxy, MANY, 4.0, 1.0) as load:
                await_warm(load)
                grown = tree.memory() - before
                found = _result(load)
            return {"KB/stream": grown / MANY / KB, "broken": found.broken}

        # Memory that a first round took is there in the second: one round tells.
        rounds, bench.rounds = bench.rounds, 1
        try:
            return bench.turns(proxies, measure)
        finally:
            bench.rounds = rounds


def _clients(bench: Bench, proxy: Proxy, count: int, warm: float, seconds: float) -> Tree:
    command = [sys.executable, "-m", "benchmarks.load.streams", str(proxy.port), str(count), str(warm), str(seconds)]
    return Tree(command, bench.folder / "clients.log", OTHER_CORE)


def _result(load: Tree) -> Streamed:
    try:
        load.process.wait(timeout=PATIENCE)
        return msgspec.json.decode(load.log.read_bytes().splitlines()[-1], type=Streamed)
    except (subprocess.TimeoutExpired, msgspec.DecodeError):
        raise FailedError(f"the load says: {load.log.read_text(errors='replace')[-300:]}") from None
