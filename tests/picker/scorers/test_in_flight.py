"""Fewer requests in flight score higher."""

from turnout.picker.scorers.in_flight import score_in_flight


def test_the_score_is_the_place_between_fewest_and_most() -> None:
    assert score_in_flight([4, 0, 1]) == [0.0, 1.0, 0.75]
