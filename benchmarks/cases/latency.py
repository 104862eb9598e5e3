"""(d), (j): latency at a fixed pace."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import msgspec

from benchmarks.bench import Bench, Row
from benchmarks.load.images import Sent
from benchmarks.load.paced import Paced
from benchmarks.processes import OTHER_CORE, FailedError, Tree, await_warm
from benchmarks.proxies import Proxy
from benchmarks.readers import reading_servers

RATE = 1000
BESIDE = 300
"""Requests a second of 2 KB while images pass: what one core of upstream and load can do beside 100 MB/s."""
IMAGES = 5
MS = 1000


def added_latency(bench: Bench) -> list[Row]:
    """p50 and p99 through each proxy, less those of the same round straight to the upstream."""
    with bench.upstreams(4) as ports, bench.proxies(ports, heavy=True) as proxies:

        def measure(proxy: Proxy, tree: Tree, turn: int) -> dict[str, float]:
            direct, through = paced(bench, ports[0], RATE), paced(bench, proxy.port, RATE)
            return {
                "added p50 ms": _at(through.latencies, 0.5) - _at(direct.latencies, 0.5),
                "added p99 ms": _at(through.latencies, 0.99) - _at(direct.latencies, 0.99),
                "p50 ms": _at(through.latencies, 0.5),
                "p99 ms": _at(through.latencies, 0.99),
                "errors": through.errors,
            }

        return bench.turns(proxies, measure)


def beside_images(bench: Bench) -> list[Row]:
    """p99 of 2 KB requests with and without images on other connections."""
    with bench.upstreams(4, reading_servers) as ports, bench.proxies(ports) as proxies:

        def measure(proxy: Proxy, tree: Tree, turn: int) -> dict[str, float]:
            without = paced(bench, proxy.port, BESIDE)
            with Tree(_images(proxy.port), bench.folder / "images.log", OTHER_CORE) as load:
                await_warm(load)
                beside = paced(bench, proxy.port, BESIDE)
            images = _sent(load)
            alone, with_images = _at(without.latencies, 0.99), _at(beside.latencies, 0.99)
            return {
                "p99 ms alone": alone,
                "p99 ms beside": with_images,
                "ratio": with_images / alone,
                "images/s": images.answered / beside.seconds,
                "errors": beside.errors + images.errors,
            }

        return bench.turns(proxies, measure)


def _images(port: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.load.images", str(port), str(IMAGES)]


def _sent(load: Tree) -> Sent:
    try:
        found = msgspec.json.decode(load.log.read_bytes().splitlines()[-1], type=Sent)
    except (msgspec.DecodeError, IndexError):
        raise FailedError(f"the images' load says: {load.log.read_text(errors='replace')[-300:]}") from None
    if not found.answered:
        raise FailedError(f"no image was answered with 200, {found.errors} otherwise")
    return found


def paced(bench: Bench, port: int, rate: float, meanwhile: Callable[[], None] | None = None) -> Paced:
    """The run of the load, for the bench's seconds; `meanwhile` is called once it is on its way.

    Raises FailedError when it does not end or nothing was answered.
    """
    figures = [str(port), str(rate), str(bench.seconds)]
    command = [sys.executable, "-m", "benchmarks.load.paced", *figures]
    with Tree(command, bench.folder / "paced.log", OTHER_CORE) as load:
        if meanwhile is not None:
            await_warm(load)
            time.sleep(bench.seconds / 4)
            meanwhile()
        try:
            load.process.wait(timeout=bench.seconds + 60)
            found = msgspec.json.decode(load.log.read_bytes().splitlines()[-1], type=Paced)
        except (subprocess.TimeoutExpired, msgspec.DecodeError, IndexError):
            raise FailedError(f"the load says: {load.log.read_text(errors='replace')[-300:]}") from None
    if not found.latencies:
        raise FailedError(f"no request was answered with 200, {found.errors} otherwise")
    return found


def _at(latencies: Sequence[float], share: float) -> float:
    ordered = sorted(latencies)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] * MS
