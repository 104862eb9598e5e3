"""What the figures are to reach, and whether those of a run do."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from benchmarks.stats import summary

Figures = Mapping[str, Mapping[str, Sequence[float]]]
"""Of one case: row, figure, rounds."""

OURS = "turnout"


class Aim(Struct, frozen=True):
    """`of` makes one number of each round; their median is to be at least `bound`, or at most, if `most`.

    `of` raises KeyError where the run lacks what it needs.
    """

    case: str
    text: str
    of: Callable[[Figures], list[float]]
    bound: float
    most: bool = False


class Verdict(Struct, frozen=True):
    """An aim, what was measured, and whether that reaches it."""

    case: str
    text: str
    measured: dict[str, float]
    reached: bool


def over(figure: str, row: str, other: str) -> Callable[[Figures], list[float]]:
    """One row's figure over another's."""
    return lambda found: [a / b for a, b in zip(found[row][figure], found[other][figure], strict=False)]


def beyond(figure: str, row: str, other: str) -> Callable[[Figures], list[float]]:
    """How much more one row's figure is than another's."""
    return lambda found: [a - b for a, b in zip(found[row][figure], found[other][figure], strict=False)]


def plain(figure: str, row: str) -> Callable[[Figures], list[float]]:
    """The figure as it is."""
    return lambda found: list(found[row][figure])


def stall(found: Figures) -> list[float]:
    """The longest request beside a change, less the longest of as long a time without one."""
    row = found["5000 routes"]
    pairs = zip(row["longest request ms"], row["longest without a change ms"], strict=True)
    return [changed - quiet for changed, quiet in pairs]


RATE, CHUNKS, COST = "requests/s", "chunks/CPU-s", "CPU us/request"
ROUND_ROBIN = "vllm-router round_robin"
AIMS = (
    Aim("a", "1.2 x Envoy's plain round robin", over(RATE, OURS, "envoy"), 1.2),
    Aim("a", "1.8 x vllm-router round_robin", over(RATE, OURS, ROUND_ROBIN), 1.8),
    Aim("a", "5 x vllm-router cache_aware", over(RATE, OURS, "vllm-router cache_aware"), 5.0),
    Aim("a", "0.33 x nginx", over(RATE, OURS, "nginx"), 0.33),
    Aim("b", "1.0 x Envoy", over(RATE, OURS, "envoy"), 1.0),
    Aim("c", "1.5 x Envoy", over(CHUNKS, OURS, "envoy"), 1.5),
    Aim("c", "1.2 x vllm-router round_robin", over(CHUNKS, OURS, ROUND_ROBIN), 1.2),
    Aim("c", "0.75 x nginx", over(CHUNKS, OURS, "nginx"), 0.75),
    Aim("d", "added p50 at most Envoy's (ms beyond)", beyond("added p50 ms", OURS, "envoy"), 0.0, most=True),
    Aim("d", "added p99 at most Envoy's (ms beyond)", beyond("added p99 ms", OURS, "envoy"), 0.0, most=True),
    Aim("e", "1,000 endpoints at most 3 x the cost of 4", over(COST, "1000 endpoints", "4 endpoints"), 3.0, most=True),
    Aim("f", "5,000 routes at most 1.2 x the cost of one", over(COST, "5000 routes", "1 routes"), 1.2, most=True),
    Aim("g", "at most 25 KB a stream", plain("KB/stream", OURS), 25.0, most=True),
    Aim("h", "2 workers at most 1.1 x the CPU of 1", over(COST, "2 workers", "1 workers"), 1.1, most=True),
    Aim(
        "i",
        "at most 50 ms to the acknowledgement",
        plain("write to acknowledgement ms", "5000 routes"),
        50.0,
        most=True,
    ),
    Aim("i", "stall of at most 20 ms", stall, 20.0, most=True),
    Aim("j", "at most 2 x the p99 without images", plain("ratio", OURS), 2.0, most=True),
)


def verdicts(cases: Mapping[str, Figures]) -> list[Verdict]:
    """Of every aim whose figures are there."""
    found: list[Verdict] = []
    for aim in AIMS:
        try:
            rounds = aim.of(cases[aim.case])
        except KeyError:
            continue
        if rounds:
            measured = summary(rounds)
            middle = measured["median"]
            found.append(
                Verdict(aim.case, aim.text, measured, middle <= aim.bound if aim.most else middle >= aim.bound)
            )
    return found
