"""(a), (b): as much as goes through one core."""

from benchmarks.bench import Bench, Row
from benchmarks.load import wrk
from benchmarks.processes import OTHER_CORE, FailedError, Tree, busy_seconds
from benchmarks.proxies import Proxy

CONNECTIONS = 32


def short_prompt(bench: Bench) -> list[Row]:
    """2 KB bodies, 4 endpoints."""
    return _throughput(bench, 2048, heavy=True)


def long_prompt(bench: Bench) -> list[Row]:
    """32 KB bodies, 4 endpoints."""
    return _throughput(bench, 32_768)


def _throughput(bench: Bench, size: int, *, heavy: bool = False) -> list[Row]:
    with bench.upstreams(4) as ports, bench.proxies(ports, heavy=heavy) as proxies:

        def measure(proxy: Proxy, tree: Tree, turn: int) -> dict[str, float]:
            return loaded(bench, proxy, tree, size, turn)

        return bench.turns(proxies, measure)


def loaded(bench: Bench, proxy: Proxy, tree: Tree, size: int, turn: int) -> dict[str, float]:
    """Requests a second, CPU microseconds of the tree per request, how busy both cores were, errors.

    Raises FailedError when nothing was answered.
    """
    wrk.run(bench.folder, proxy.port, size, 1.0, connections=CONNECTIONS, seed=2 * turn)
    before, other = tree.cpu_seconds(), busy_seconds(OTHER_CORE)
    found = wrk.run(bench.folder, proxy.port, size, bench.seconds, connections=CONNECTIONS, seed=2 * turn + 1)
    used, beside = tree.cpu_seconds() - before, busy_seconds(OTHER_CORE) - other
    if found.requests == 0:
        raise FailedError("no request was answered")
    return {
        "requests/s": found.requests / found.seconds,
        "CPU us/request": used / found.requests * 1e6,
        "its core busy %": used / found.seconds * 100,
        "load's core busy %": beside / found.seconds * 100,
        "errors": found.errors,
    }
