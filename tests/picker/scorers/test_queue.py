"""Shorter queues score higher."""

from turnout.endpoints import Endpoint
from turnout.picker.scorers.queue import score_queue


def test_the_queue_is_the_waiting_requests() -> None:
    candidates = [Endpoint("n", "a", 0, True, 1.0, waiting, 9 - waiting, 0.1 * waiting) for waiting in (4.0, 0.0, 1.0)]
    assert score_queue(candidates) == [0.0, 1.0, 0.75]
