"""Buckets."""

from turnout.simulator.histogram import Histogram


def test_a_value_on_a_bound_counts_below_it() -> None:
    histogram = Histogram((1.0, 2.0))
    histogram.observe(1.0)
    assert histogram.counts == [1, 0, 0]


def test_a_value_above_every_bound_counts_in_the_last() -> None:
    histogram = Histogram((1.0, 2.0))
    histogram.observe(3.0, times=2)
    assert (histogram.counts, histogram.total) == ([0, 0, 2], 6.0)
