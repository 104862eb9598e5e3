"""One scorer a file: numbers of the candidates in, a score of 0 (worst) to 1 (best) for each out.

An unknown number scores the mean of the known ones: a metric that an endpoint lacks neither favours nor punishes it.
"""

from turnout.picker.scorers.in_flight import score_in_flight
from turnout.picker.scorers.kv_cache import score_kv_cache
from turnout.picker.scorers.prefix_cache import score_prefix_cache
from turnout.picker.scorers.queue import score_queue

__all__ = ["score_in_flight", "score_kv_cache", "score_prefix_cache", "score_queue"]
