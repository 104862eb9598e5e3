"""What a pool's policy comes to in a worker."""

from tests.support.worker import pool_ref
from turnout.endpoints import Endpoint
from turnout.endpoints.outlier import OutlierSettings
from turnout.endpoints.retry_budget import RetrySettings
from turnout.proxy.known_pools import USUAL, KnownPool, Tolerance, tolerances
from turnout.table import OutlierDetection, Pool, RetryBudget

ENDPOINTS = tuple(Endpoint(f"ns/{slot}", f"10.0.0.{slot}:80", slot, ready=True, checked=0.0) for slot in range(2))


def test_only_pools_with_settings_are_told_apart_and_what_is_not_set_is_usual() -> None:
    pools = {
        "default/plain": Pool(pool_ref("plain")),
        "default/strict": Pool(pool_ref("strict"), outlier=OutlierDetection(1, 60.0, 100)),
        "default/poor": Pool(pool_ref("poor"), retry_budget=RetryBudget(1, 20.0, 3, 2.0)),
    }

    assert tolerances(pools) == {
        "default/strict": Tolerance(OutlierSettings(1, 60.0, max_ejection_percent=100), USUAL.retries),
        "default/poor": Tolerance(USUAL.outlier, RetrySettings(1.0, 20.0, 3, 2.0)),
    }


def test_a_pool_made_anew_keeps_what_was_learnt_and_counted() -> None:
    old = KnownPool(ENDPOINTS, ENDPOINTS, 0)
    old.budget.requests = 7

    new = KnownPool(ENDPOINTS, ENDPOINTS[:1], 1, Tolerance(retries=RetrySettings(percent=1.0)), old)

    assert new.prefixes is old.prefixes
    assert (new.budget.requests, new.budget.settings.percent) == (7, 1.0)
    assert new.candidates.endpoints == ENDPOINTS[:1]
