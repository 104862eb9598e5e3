"""`make soak`: half of the peak rate for half an hour, weights moved and servers exchanged: no error, nothing grows."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from statistics import linear_regression, mean, median
from urllib.request import Request, urlopen

import msgspec
import psutil

from benchmarks.load.mixed import STREAM_EVERY, Figures
from benchmarks.processes import OTHER_CORE, MissingError, Tree, free_ports
from benchmarks.proxies.turnout import Turnout
from benchmarks.upstream import model_servers, stream_servers

ROOT = Path(__file__).resolve().parents[1]
WINDOWS = 20
WARM = 4
"""Windows at the start that are not judged: caches fill, allocators take what they will keep."""
MEMORY_SHARE, MEMORY_BYTES = 0.05, 4 * 2**20
"""The fitted change of a part's memory over the run may be this share of it and these bytes."""
LATENCY_SHARE = 0.5
"""The fitted change of p99 over the run may be this share of its median."""
WEIGHTS = ((90, 10), (50, 50), (10, 90), (50, 50))
POOLS = ("old", "new", "stream-old", "stream-new")
Document = dict[str, object]


class Soaked(Turnout):
    """Two rules, for whole answers and for streams, each over two pools. `pools` are the servers' ports."""

    def __init__(self, pools: dict[str, list[int]], folder: Path) -> None:
        super().__init__([port for ports in pools.values() for port in ports], folder, folder)
        self.pools = pools

    def _objects(self) -> list[Document]:
        gateway = super()._objects()[0]
        pools = [_pool(name) for name in self.pools]
        servers = [server(name, port) for name, ports in self.pools.items() for port in ports]
        return [gateway, *pools, route(50, 50), *servers]


def _pool(name: str) -> Document:
    return {
        "apiVersion": "inference.networking.k8s.io/v1",
        "kind": "InferencePool",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "targetPorts": [{"number": 8000}]},
    }


def server(pool: str, port: int) -> Document:
    """A ModelServer of the pool."""
    return {
        "apiVersion": "turnout.dev/v1alpha1",
        "kind": "ModelServer",
        "metadata": {"name": f"s{port}", "namespace": "default", "labels": {"app": pool}},
        "spec": {"address": "127.0.0.1", "port": port},
    }


def route(old: int, new: int) -> Document:
    """Both rules at these weights."""

    def backends(prefix: str) -> list[Document]:
        shared = {"group": "inference.networking.k8s.io", "kind": "InferencePool"}
        return [{**shared, "name": f"{prefix}{name}", "weight": n} for name, n in (("old", old), ("new", new))]

    streams = [{"headers": [{"name": "x-kind", "value": "stream"}]}]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "soak"},
        "spec": {
            "parentRefs": [{"name": "bench"}],
            "rules": [{"matches": streams, "backendRefs": backends("stream-")}, {"backendRefs": backends("")}],
        },
    }


class Api:
    """Writes to the running gateway."""

    def __init__(self, port: int) -> None:
        self._root = f"http://127.0.0.1:{port}/apis"

    def move(self, weights: tuple[int, int]) -> None:
        """Sets the weights of both rules."""
        path = "gateway.networking.k8s.io/v1/namespaces/default/httproutes/soak"
        self._send("PATCH", path, {"spec": route(*weights)["spec"]}, "application/merge-patch+json")

    def exchange(self, pool: str, old: int, new: int) -> None:
        """One server comes, then another goes."""
        path = "turnout.dev/v1alpha1/namespaces/default/modelservers"
        self._send("POST", path, server(pool, new), "application/json")
        self._send("DELETE", f"{path}/s{old}", None, "application/json")

    def _send(self, method: str, path: str, document: Document | None, kind: str) -> None:
        data = json.dumps(document).encode() if document is not None else None
        with urlopen(Request(f"{self._root}/{path}", data, {"content-type": kind}, method=method), timeout=30):
            pass


def windows(port: int, rate: float, seconds: float, count: int) -> Iterator[Figures]:
    """Runs the load on the other core; a window's figures when it is over, and in the end those of what was open."""
    command = [sys.executable, "-m", "benchmarks.load.mixed", str(port), str(rate), str(seconds), str(count)]
    with subprocess.Popen(["taskset", "-c", str(OTHER_CORE), *command], stdout=subprocess.PIPE, text=True) as load:
        assert load.stdout is not None
        try:
            for line in load.stdout:
                yield msgspec.json.decode(line, type=Figures)
        finally:
            load.terminate()
    if load.returncode:
        raise MissingError(f"the load ended with {load.returncode}")


def memory(tree: Tree) -> dict[str, int]:
    """Resident bytes by part."""
    found: dict[str, int] = {}
    for each in tree.members():
        runner = next((part for part in each.cmdline() if part.startswith("turnout.runners.")), "turnout.up")
        name = runner.rpartition(".")[2]
        found[name] = found.get(name, 0) + each.memory_info().rss
    return found


def growth(values: Sequence[float]) -> float:
    """The change over the run of a line fitted through the judged windows."""
    judged = values[WARM:]
    return linear_regression(range(len(judged)), judged).slope * (len(judged) - 1)


def verdicts(seen: Sequence[Figures], held: Sequence[dict[str, int]]) -> list[tuple[str, str, bool]]:
    """What was looked at, what it came to, and whether that is within the tolerance."""
    errors = sum(each.errors for each in seen)
    rows = [("errors and broken streams", f"{errors}", errors == 0)]
    judged = seen[:WINDOWS]
    for name, values in (("p99", [x.p99 for x in judged]), ("p99 to a stream's start", [x.first_p99 for x in judged])):
        change, middle = growth(values), median(values[WARM:])
        shown = f"{middle:.2f} ms median, {change:+.2f} ms over the run"
        rows.append((name, shown, change <= LATENCY_SHARE * middle))
    for part in held[0]:
        sizes = [float(each[part]) for each in held]
        change, middle = growth(sizes), mean(sizes[WARM:])
        shown = f"{middle / 2**20:.1f} MiB, {change / 2**20:+.2f} MiB over the run"
        rows.append((f"memory of the {part}", shown, change <= MEMORY_SHARE * middle + MEMORY_BYTES))
    return rows


def soak(folder: Path, minutes: float) -> tuple[float, list[Figures], list[dict[str, int]]]:
    """The peak rate that was found, every window's figures, and each part's memory at its end."""
    ports = free_ports(12)
    plain, streams = ports[:8], ports[8:]
    spare = plain[6:]
    pools = dict(zip(POOLS, (plain[:3], plain[3:6], streams[:2], streams[2:]), strict=True))
    held: list[dict[str, int]] = []
    seen: list[Figures] = []
    with ExitStack() as stack:
        stack.enter_context(model_servers(folder / "plain", plain))
        stack.enter_context(stream_servers(folder / "streams", streams))
        gateway = Soaked(pools, folder)  # it takes ports that are free, and the servers' are not free any more
        tree = stack.enter_context(gateway.start())
        api = Api(gateway.api)
        peak = max(each.requests / each.seconds for each in windows(gateway.port, 50_000, 6.0, 3))
        print(f"peak {peak:.0f} requests/s; soaking at {peak / 2:.0f}/s for {minutes:g} minutes", flush=True)
        for number, figures in enumerate(windows(gateway.port, peak / 2, minutes * 60, WINDOWS)):
            seen.append(figures)
            held.append(memory(tree))
            print(figures, f"worker {held[-1]['worker'] / 2**20:.1f} MiB", flush=True)
            if number < WINDOWS - 1:
                api.move(WEIGHTS[number % len(WEIGHTS)])
            # Each of three servers goes; the first two are replaced by new ones, the third by one that was gone.
            if 0 <= (step := number - WINDOWS // 2) < len(plain[:3]):
                api.exchange("old", plain[step], [*spare, plain[0]][step])
    return peak, seen, held


def _page(peak: float, minutes: float, seen: Sequence[Figures], rows: Sequence[tuple[str, str, bool]]) -> str:
    whole, streams = sum(each.requests for each in seen), sum(each.streams for each in seen)
    table = "\n".join(f"| {name} | {shown} | {'yes' if good else '**no**'} |" for name, shown, good in rows)
    memory = psutil.virtual_memory().total / 2**30
    return f"""# Soak

`make soak` writes this file: {minutes:g} minutes at half of the peak rate ({peak / 2:.0f} of {peak:.0f} requests/s,
found just before with the same load), one request in {STREAM_EVERY} a stream of 64 chunks; {whole:,} whole answers and
{streams:,} streams. Weights moved {WINDOWS - 1} times, and all three servers of a pool were exchanged one
after the other.

{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, Linux {platform.release()}; Python
{platform.python_version()}, turnout {version("turnout")}; gateway with all its parts on one core, servers and load on
the other.

| | seen | within tolerance |
|---|---|---|
{table}

Tolerance: no error; a line fitted through the windows ({WINDOWS} in all, the first {WARM} left out) may rise over the
run by {LATENCY_SHARE:.0%} of the median for a p99, and by {MEMORY_SHARE:.0%} and {MEMORY_BYTES // 2**20} MiB for a
part's memory.
"""


def main() -> int:
    """0 when everything stayed within the tolerance."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    minutes: float = parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="turnout-soak-") as folder:
        try:
            peak, seen, held = soak(Path(folder), minutes)
        except MissingError as missing:
            print(f"cannot be measured here: {missing}", file=sys.stderr)
            return 1
    rows = verdicts(seen, held)
    for name, shown, good in rows:
        print(f"{'ok ' if good else 'NOT'} {name}: {shown}")
    (ROOT / "docs" / "soak.md").write_text(_page(peak, minutes, seen, rows))
    return 0 if all(good for _, _, good in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
