"""(e), (f), (h): what a request costs in a large pool, among many routes, with more workers."""

from collections.abc import Iterable

from benchmarks.bench import Bench, Row, descriptors
from benchmarks.cases.throughput import loaded
from benchmarks.processes import Tree
from benchmarks.proxies import Proxy
from benchmarks.proxies.turnout import Turnout

ENDPOINTS = (1, 4, 16, 64, 256, 1000)
ROUTES = (1, 100, 5000)
WORKERS = (1, 2)


def endpoints(bench: Bench) -> list[Row]:
    """CPU of the whole tree, scraper included, per request of 2 KB."""
    with descriptors(), bench.upstreams(max(ENDPOINTS)) as ports:
        return _settings(bench, ((f"{n} endpoints", Turnout(ports[:n], bench.folder, bench.cache)) for n in ENDPOINTS))


def routes(bench: Bench) -> list[Row]:
    """The request meets the route without a hostname, after all that have one."""
    with bench.upstreams(4) as ports:
        made = ((f"{n} routes", Turnout(ports, bench.folder, bench.cache, routes=n)) for n in ROUTES)
        return _settings(bench, made)


def workers(bench: Bench) -> list[Row]:
    """All on one core: what the second worker costs, not what it brings."""
    with bench.upstreams(4) as ports:
        made = ((f"{n} workers", Turnout(ports, bench.folder, bench.cache, workers=n)) for n in WORKERS)
        return _settings(bench, made)


def _settings(bench: Bench, settings: Iterable[tuple[str, Turnout]]) -> list[Row]:
    """In turns as proxies are; each setting is a proxy of its own."""
    proxies: list[Proxy] = []
    try:
        for name, made in settings:
            made.name = name
            made.start().pause()
            proxies.append(made)

        def measure(proxy: Proxy, tree: Tree, turn: int) -> dict[str, float]:
            return loaded(bench, proxy, tree, 2048, turn)

        return bench.turns(proxies, measure)
    finally:
        for proxy in proxies:
            if proxy.tree is not None:
                proxy.tree.end()
