"""(i): from a write to the last worker's acknowledgement, and the longest stall of a worker's loop meanwhile."""

import json
import time
import urllib.request

from benchmarks.bench import Bench, Row
from benchmarks.proxies.turnout import Turnout

ROUTES = 5000
MS = 1000


def weight_change(bench: Bench) -> list[Row]:
    """A PATCH of one route's weight; the Gateway API's status of that route follows the acknowledgement."""
    with bench.upstreams(4) as ports:
        proxy = Turnout(ports, bench.folder, bench.cache, routes=ROUTES)
        with proxy.start():
            row = Row(f"{ROUTES} routes", {})
            for turn in range(bench.rounds):
                took = _change(proxy, 2 + turn)
                bench.say(f"  round {turn + 1}: {took * MS:.1f} ms")
                row.figures.setdefault("write to status ms", []).append(took * MS)
            return [row]


def _change(proxy: Turnout, weight: int) -> float:
    base = f"http://127.0.0.1:{proxy.api}/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes"
    backend = {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "pool", "weight": weight}
    patch = {"spec": {"rules": [{"backendRefs": [backend]}]}}
    watch = urllib.request.urlopen(f"{base}?watch=true&fieldSelector=metadata.name%3Dbench", timeout=60)
    request = urllib.request.Request(
        f"{base}/bench",
        json.dumps(patch).encode(),
        {"Content-Type": "application/merge-patch+json"},
        method="PATCH",
    )
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=60) as answer:
        generation = json.load(answer)["metadata"]["generation"]
    with watch:
        for line in watch:
            event = json.loads(line)
            parents = event["object"].get("status", {}).get("parents", [])
            seen = [one["observedGeneration"] for parent in parents for one in parent["conditions"]]
            if seen and min(seen) >= generation:
                return time.monotonic() - began
    raise AssertionError("the watch ended before the status came")
