"""(a), (b): as much as goes through one core."""

from benchmarks.bench import Bench, Row
from benchmarks.load import wrk
from benchmarks.processes import Tree
from benchmarks.proxies import Proxy

CONNECTIONS = 32


def short_prompt(bench: Bench) -> list[Row]:
    """2 KB bodies, 4 endpoints."""
    return _throughput(bench, 2048)


def long_prompt(bench: Bench) -> list[Row]:
    """32 KB bodies, 4 endpoints."""
    return _throughput(bench, 32_768)


def _throughput(bench: Bench, size: int) -> list[Row]:
    with bench.upstreams(4) as ports, bench.proxies(ports) as proxies:

        def measure(proxy: Proxy, tree: Tree, turn: int) -> dict[str, float]:
            return loaded(bench, proxy, tree, size, turn)

        return bench.turns(proxies, measure)


def loaded(bench: Bench, proxy: Proxy, tree: Tree, size: int, turn: int) -> dict[str, float]:
    """Requests a second, CPU microseconds of the tree per request, errors."""
    wrk.run(bench.folder, proxy.port, size, 1.0, connections=CONNECTIONS, seed=2 * turn)
    before = tree.cpu_seconds()
    found = wrk.run(bench.folder, proxy.port, size, bench.seconds, connections=CONNECTIONS, seed=2 * turn + 1)
    used = tree.cpu_seconds() - before
    return {
        "requests/s": found.requests / found.seconds,
        "CPU us/request": used / max(found.requests, 1) * 1e6,
        "errors": found.errors,
    }
