"""`make soak`: half of the peak rate for half an hour, weights moved and servers exchanged: no error, nothing grows."""

import argparse
import json
import os
import platform
import re
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

from benchmarks.load.mixed import CONNECTIONS, STREAM_EVERY, Figures
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
"""The fitted change of a latency over the run may be this share of its median."""
CPU_SHARE = 0.1
"""The fitted change of the worker's CPU per request over the run may be this share of its median."""
PHASES = 20
"""Streams are due one after the other: all in one moment would be a burst, whose length p99 would be."""
FILL_RATE, FILL_SECONDS, FILL_SIZE = 600.0, 45.0, 16384
"""Load before the run: every second request a stream, with prompts so long that the prefix indexes of all pools become
full. At the run's own pace that takes minutes for the streams' pools, in which a worker grows."""
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


def windows(
    port: int, rate: float, seconds: float, count: int = 1, *, size: int = 2048, stream_every: int = STREAM_EVERY
) -> Iterator[Figures]:
    """Runs the load on the other core; a window's figures when it is over, and in the end those of what was open."""
    command = [sys.executable, "-m", "benchmarks.load.mixed", str(port), str(rate), str(seconds), str(count)]
    command += ["--size", str(size), "--stream-every", str(stream_every)]
    with subprocess.Popen(["taskset", "-c", str(OTHER_CORE), *command], stdout=subprocess.PIPE, text=True) as load:
        assert load.stdout is not None
        try:
            for line in load.stdout:
                yield msgspec.json.decode(line, type=Figures)
        finally:
            load.terminate()
    if load.returncode:
        raise MissingError(f"the load ended with {load.returncode}")


class Use(msgspec.Struct, frozen=True):
    """What a part has used so far, and holds: CPU seconds, bytes of resident memory."""

    cpu: float = 0.0
    memory: int = 0


class Look(msgspec.Struct, frozen=True):
    """All at one moment. `told` are sums and counts of the worker's own histograms: seconds, observations."""

    parts: dict[str, Use]
    told: dict[str, tuple[float, float]]


class Stretch(msgspec.Struct, frozen=True):
    """One window: the load's figures; microseconds of the worker's CPU per whole answer (streams' included); means of
    what the worker measured of whole answers and of its loop, in milliseconds; bytes by part at its end; CPU seconds.
    """

    figures: Figures
    cpu: float
    duration: float
    lag: float
    memory: dict[str, int]
    used: dict[str, float]


def look(tree: Tree, api: int) -> Look:
    """As things are."""
    parts: dict[str, Use] = {}
    for each in tree.members():
        runner = next((part for part in each.cmdline() if part.startswith("turnout.runners.")), "turnout.up")
        name = runner.rpartition(".")[2]
        times, before = each.cpu_times(), parts.get(name, Use())
        parts[name] = Use(before.cpu + times.user + times.system, before.memory + each.memory_info().rss)
    with urlopen(f"http://127.0.0.1:{api}/metrics", timeout=30) as answer:
        return Look(parts, told(answer.read().decode()))


def told(metrics: str) -> dict[str, tuple[float, float]]:
    """Sum and count of the whole answers' durations and of the loop's lag, out of /metrics."""
    wanted = {
        "duration": r'turnout_request_duration_seconds_{}\{{[^}}]*pool="default/(?:old|new)"[^}}]*\}}',
        "lag": r"turnout_loop_lag_seconds_{}(?:\{{[^}}]*\}})?",
    }

    def total(series: str) -> float:
        return sum(map(float, re.findall(rf"^{series} (\S+)$", metrics, re.MULTILINE)))

    return {name: (total(each.format("sum")), total(each.format("count"))) for name, each in wanted.items()}


def between(before: Look, after: Look, figures: Figures) -> Stretch:
    """The window between two looks."""
    used = {name: after.parts[name].cpu - use.cpu for name, use in before.parts.items()}
    means = {}
    for name, (seconds, count) in before.told.items():
        more, counted = after.told[name]
        means[name] = 1e3 * (more - seconds) / max(counted - count, 1)
    held = {name: use.memory for name, use in after.parts.items()}
    return Stretch(figures, 1e6 * used["worker"] / max(figures.requests, 1), **means, memory=held, used=used)


def growth(values: Sequence[float]) -> float:
    """The change over the run of a line fitted through the judged windows."""
    judged = values[WARM:]
    return linear_regression(range(len(judged)), judged).slope * (len(judged) - 1)


def verdicts(seen: Sequence[Stretch]) -> list[tuple[str, str, bool]]:
    """What was looked at, what it came to, and whether that is within the tolerance."""
    errors = sum(each.figures.errors for each in seen)
    rows = [("errors and broken streams", f"{errors}", errors == 0)]
    judged = seen[:WINDOWS]
    for name, unit, share, values in (
        ("p99", "ms", LATENCY_SHARE, [each.figures.p99 for each in judged]),
        ("p99 to a stream's start", "ms", LATENCY_SHARE, [each.figures.first_p99 for each in judged]),
        ("mean duration in the worker", "ms", LATENCY_SHARE, [each.duration for each in judged]),
        ("CPU of the worker per request", "us", CPU_SHARE, [each.cpu for each in judged]),
    ):
        change, middle = growth(values), median(values[WARM:])
        rows.append((name, f"{middle:.2f} {unit} median, {change:+.2f} {unit} over the run", change <= share * middle))
    for part in judged[0].memory:
        sizes = [float(each.memory[part]) for each in judged]
        change, middle = growth(sizes), mean(sizes[WARM:])
        shown = f"{middle / 2**20:.1f} MiB, {change / 2**20:+.2f} MiB over the run"
        rows.append((f"memory of the {part}", shown, change <= MEMORY_SHARE * middle + MEMORY_BYTES))
    return rows


def soak(folder: Path, minutes: float, rate: float) -> tuple[float, list[Stretch]]:
    """The peak rate that was found (twice `rate` if that is not 0), and every window."""
    ports = free_ports(12)
    plain, streams = ports[:8], ports[8:]
    pools = dict(zip(POOLS, (plain[:3], plain[3:6], streams[:2], streams[2:]), strict=True))
    seen: list[Stretch] = []
    with ExitStack() as stack:
        stack.enter_context(model_servers(folder / "plain", plain))
        stack.enter_context(stream_servers(folder / "streams", streams, PHASES))
        gateway = Soaked(pools, folder)  # it takes ports that are free, and the servers' are not free any more
        tree = stack.enter_context(gateway.start())
        peak = 2 * rate or max(each.requests / each.seconds for each in windows(gateway.port, 50_000, 8.0, 4))
        print(f"peak {peak:.0f} requests/s; soaking at {peak / 2:.0f}/s for {minutes:g} minutes", flush=True)
        print("filled", *windows(gateway.port, FILL_RATE, FILL_SECONDS, size=FILL_SIZE, stream_every=2), flush=True)
        change = Changes(Api(gateway.api), plain)
        before = look(tree, gateway.api)
        for number, figures in enumerate(windows(gateway.port, peak / 2, minutes * 60, WINDOWS)):
            after = look(tree, gateway.api)
            seen.append(between(before, after, figures))
            before = after
            print(_line(seen[-1]), flush=True)
            change(number)
    return peak, seen


class Changes:
    """What happens after each window: weights move; in the middle a pool's servers are exchanged."""

    def __init__(self, api: Api, plain: list[int]) -> None:
        self._api = api
        self._old = plain[:3]
        self._new = [*plain[6:], plain[0]]  # two new ones, and one that was gone by then

    def __call__(self, number: int) -> None:
        if number < WINDOWS - 1:
            self._api.move(WEIGHTS[number % len(WEIGHTS)])
        if 0 <= (step := number - WINDOWS // 2) < len(self._old):
            self._api.exchange("old", self._old[step], self._new[step])


def _line(each: Stretch) -> str:
    figures, used = each.figures, each.used
    others = ", ".join(f"{name} {used[name] / figures.seconds:.1%}" for name in used)
    return (
        f"{figures.requests} answers, {figures.streams} streams, {figures.errors} errors; ms: p50 {figures.p50:.3f}, "
        f"p99 {figures.p99:.2f}, streams' start p99 {figures.first_p99:.2f}, in the worker {each.duration:.3f}, "
        f"loop lag {each.lag:.3f}; worker {each.cpu:.1f} us a request, {each.memory['worker'] / 2**20:.1f} MiB; "
        f"of a core: {others}"
    )


def _windows(seen: Sequence[Stretch]) -> str:
    return "\n".join(
        f"| {number} | {each.figures.requests:,} | {each.figures.p50:.2f} | {each.figures.p99:.2f} "
        f"| {each.figures.first_p99:.2f} | {each.duration:.2f} | {each.lag:.2f} | {each.cpu:.1f} "
        f"| {each.memory['worker'] / 2**20:.1f} |"
        for number, each in enumerate(seen, 1)
    )


def _page(peak: float, minutes: float, seen: Sequence[Stretch], rows: Sequence[tuple[str, str, bool]]) -> str:
    figures = [each.figures for each in seen]
    whole, streams = sum(each.requests for each in figures), sum(each.streams for each in figures)
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
run by {LATENCY_SHARE:.0%} of the median for a latency, by {CPU_SHARE:.0%} of it for CPU per request, and by
{MEMORY_SHARE:.0%} and {MEMORY_BYTES // 2**20} MiB for a part's memory.

What a worker holds grows until its prefix indexes are full: a pool's remembers 31,250 blocks for each endpoint, at most
262,144 (`turnout/picker/prefix_index.py`); here that is 8 MiB for a pool of three servers, 7 MiB for one of two, about
30 MiB for the four. So that only what comes after is judged, {FILL_SECONDS:.0f} s of prompts of
{FILL_SIZE // 1024} KiB, half of them for streams, come before the first window.

Milliseconds, but for the CPU (microseconds of the worker per whole answer, what streams cost included) and the worker's
memory (MiB). A latency that the load saw is counted from the write, or from when a request was due if it had to wait
for one of {CONNECTIONS} connections; "in the worker" is the mean of `turnout_request_duration_seconds` over whole
answers, "loop lag" that of `turnout_loop_lag_seconds`.

| window | answers | p50 | p99 | p99 to a stream's start | in the worker | loop lag | CPU | memory |
|---|---|---|---|---|---|---|---|---|
{_windows(seen)}
"""


def main() -> int:
    """0 when everything stayed within the tolerance."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=0.0, help="requests/s; the file is not written then")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {OTHER_CORE})
    with tempfile.TemporaryDirectory(prefix="turnout-soak-") as folder:
        try:
            peak, seen = soak(Path(folder), arguments.minutes, arguments.rate)
        except MissingError as missing:
            print(f"cannot be measured here: {missing}", file=sys.stderr)
            return 1
    rows = verdicts(seen)
    for name, shown, good in rows:
        print(f"{'ok ' if good else 'NOT'} {name}: {shown}")
    if not arguments.rate:
        (ROOT / "docs" / "soak.md").write_text(_page(peak, arguments.minutes, seen, rows))
    return 0 if all(good for _, _, good in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
