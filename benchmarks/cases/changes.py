"""(i): from a write to the last worker's acknowledgement, and the longest stall of a worker's loop meanwhile."""

import json
import time
import urllib.request

from benchmarks.bench import Bench, Row
from benchmarks.cases.latency import paced
from benchmarks.processes import FailedError
from benchmarks.proxies.turnout import Turnout

ROUTES = 5000
RATE = 500
"""Requests a second that look out for a stall."""
SECONDS = 30.0
"""How long a change may take at most."""
POLL = 0.0005
SERVED = b"is served"
"""What a worker logs of a table, when its acknowledgement is on its way."""
MS = 1000


def weight_change(bench: Bench) -> list[Row]:
    """A PATCH of one route's weight, alone and among requests; everything is on one core.

    The longest request among others, less that of a run without a change, is what a stall can be at most.
    """
    with bench.upstreams(4) as ports:
        proxy = Turnout(ports, bench.folder, bench.cache, routes=ROUTES)
        with proxy.start():
            row = Row(f"{ROUTES} routes", {})
            for turn in range(bench.rounds):
                found = _round(bench, proxy, 2 + 2 * turn)
                bench.say(f"  round {turn + 1}: " + ", ".join(f"{key} {value:.1f}" for key, value in found.items()))
                row.add(found)
            return [row]


def _round(bench: Bench, proxy: Turnout, weight: int) -> dict[str, float]:
    served, told = _change(proxy, weight)
    busy: list[float] = []
    quiet = paced(bench, proxy.port, RATE)
    beside = paced(bench, proxy.port, RATE, meanwhile=lambda: busy.append(_change(proxy, weight + 1)[0]))
    return {
        "write to acknowledgement ms": served * MS,
        "write to status ms": told * MS,
        "acknowledgement beside requests ms": busy[0] * MS,
        "longest request ms": max(beside.latencies) * MS,
        "longest without a change ms": max(quiet.latencies) * MS,
        "errors": beside.errors + quiet.errors,
    }


def _change(proxy: Turnout, weight: int) -> tuple[float, float]:
    """Seconds from the write until every worker serves it, and until the route's status tells of it."""
    base = f"http://127.0.0.1:{proxy.api}/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes"
    backend = {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "pool", "weight": weight}
    patch = {"spec": {"rules": [{"backendRefs": [backend]}]}}
    watch = urllib.request.urlopen(f"{base}?watch=true&fieldSelector=metadata.name%3Dbench", timeout=SECONDS)
    request = urllib.request.Request(
        f"{base}/bench",
        json.dumps(patch).encode(),
        {"Content-Type": "application/merge-patch+json"},
        method="PATCH",
    )
    assert proxy.tree is not None
    logged = proxy.tree.log.stat().st_size
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        generation = json.load(answer)["metadata"]["generation"]
    served = _served(proxy, logged, began + SECONDS) - began
    with watch:
        for line in watch:
            event = json.loads(line)
            parents = event["object"].get("status", {}).get("parents", [])
            seen = [one["observedGeneration"] for parent in parents for one in parent["conditions"]]
            if seen and min(seen) >= generation:
                return served, time.monotonic() - began
    raise FailedError("the watch ended before the status came")


def _served(proxy: Turnout, logged: int, end: float) -> float:
    """When every worker had said that it serves a table, in what was logged after so many bytes."""
    assert proxy.tree is not None
    with proxy.tree.log.open("rb") as log:
        log.seek(logged)
        said = b""
        while time.monotonic() < end:
            said += log.read()
            if said.count(SERVED) >= proxy.workers:
                return time.monotonic()
            time.sleep(POLL)
    raise FailedError(f"no table was served: {said[-600:].decode(errors='replace')}")
