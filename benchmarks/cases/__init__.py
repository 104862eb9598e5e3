"""The cases, by their letters. Each takes a `Bench` and returns rows of figures."""

from collections.abc import Callable

from benchmarks.bench import Bench, Row
from benchmarks.cases.changes import weight_change
from benchmarks.cases.latency import added_latency, beside_images
from benchmarks.cases.scale import endpoints, routes, workers
from benchmarks.cases.streams import memory, streams
from benchmarks.cases.throughput import long_prompt, short_prompt

CASES: dict[str, tuple[str, Callable[[Bench], list[Row]]]] = {
    "a": ("POST of a 2 KB chat body, short JSON answer", short_prompt),
    "b": ("POST of a 32 KB chat body, short JSON answer", long_prompt),
    "c": ("200 open SSE streams of 64 chunks", streams),
    "d": ("added latency at 1,000 requests/s", added_latency),
    "e": ("endpoints in the pool", endpoints),
    "f": ("routes", routes),
    "g": ("memory per open stream, 2,000 streams", memory),
    "h": ("1 and 2 workers at equal load", workers),
    "i": ("one weight change among 5,000 routes", weight_change),
    "j": ("2 KB requests beside 5 requests/s of 20 MB images", beside_images),
}
