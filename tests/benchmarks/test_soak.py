"""What the soak makes of its figures."""

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.load.mixed import FINEST, Figures, Latencies
from benchmarks.soak import WARM, WINDOWS, Stretch, growth, told, verdicts

METRICS = """\
turnout_request_duration_seconds_sum{route="default/soak",pool="default/old",role="",model="m"} 1.5
turnout_request_duration_seconds_sum{route="default/soak",pool="default/new",role="",model="m"} 0.5
turnout_request_duration_seconds_sum{route="default/soak",pool="default/stream-old",role="",model="m"} 100.0
turnout_request_duration_seconds_count{route="default/soak",pool="default/old",role="",model="m"} 30
turnout_request_duration_seconds_count{route="default/soak",pool="default/new",role="",model="m"} 10
turnout_loop_lag_seconds_sum 0.25
turnout_loop_lag_seconds_count 100
"""


@settings(max_examples=50)
@given(st.lists(st.floats(FINEST, 100.0), min_size=1), st.sampled_from([0.5, 0.99]))
def test_a_quantile_is_at_most_a_fiftieth_above_the_exact_one(seconds: list[float], share: float) -> None:
    kept = Latencies()
    for each in seconds:
        kept.add(each)
    exact = 1e3 * sorted(seconds)[int(len(seconds) * share)]
    assert exact - 0.001 <= kept.quantile(share) <= exact * 1.02 + 0.001


def test_sums_and_counts_are_those_of_whole_answers_and_of_the_loop() -> None:
    assert told(METRICS) == {"duration": (2.0, 40.0), "lag": (0.25, 100.0)}


def test_growth_is_the_change_of_the_fitted_line_behind_the_windows_that_are_not_judged() -> None:
    assert round(growth([900.0] * WARM + [1.0, 2.0, 3.0, 4.0]), 6) == 3.0


def _seen(cpu: float = 0.0, memory: float = 0.0, errors: int = 0) -> list[Stretch]:
    """Windows of which each uses that much more than the one before."""
    figures = Figures(1000, 20, errors, 0.2, 1.0, 1.0, 9.0)
    return [
        Stretch(figures, 50.0 + cpu * n, 0.2, 0.1, {"worker": 60 * 2**20 + int(memory * n)}, {"worker": 1.0})
        for n in range(WINDOWS)
    ]


def _failed(seen: list[Stretch]) -> list[str]:
    return [name for name, _, good in verdicts(seen) if not good]


def test_a_level_run_is_within_the_tolerance() -> None:
    assert _failed(_seen()) == []


def test_what_grows_and_what_breaks_is_named() -> None:
    assert _failed(_seen(cpu=0.5)) == ["CPU of the worker per request"]
    assert _failed(_seen(memory=2**20)) == ["memory of the worker"]
    assert _failed(_seen(errors=1)) == ["errors and broken streams"]
