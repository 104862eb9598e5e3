"""A pool as requests choose among its endpoints, and what the newest table says of failures and retries in it."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import asdict

from turnout.endpoints import Endpoint
from turnout.endpoints.outlier import OutlierSettings
from turnout.endpoints.retry_budget import RetryBudget, RetrySettings
from turnout.picker import Candidates, PrefixIndex
from turnout.table import Pool


class Tolerance(Struct, frozen=True):
    """What a pool bears: when failures keep an endpoint out, and how many requests may be sent a second time."""

    outlier: OutlierSettings = OutlierSettings()
    retries: RetrySettings = RetrySettings()


USUAL = Tolerance()


def tolerances(pools: Mapping[str, Pool]) -> dict[str, Tolerance]:
    """Those of the pools for which a policy says something, by key."""
    return {key: _tolerance(pool) for key, pool in pools.items() if pool.outlier or pool.retry_budget}


def _tolerance(pool: Pool) -> Tolerance:
    outlier, budget = pool.outlier, pool.retry_budget
    return Tolerance(
        OutlierSettings(**asdict(outlier)) if outlier is not None else USUAL.outlier,
        RetrySettings(**asdict(budget)) if budget is not None else USUAL.retries,
    )


class KnownPool:
    """A pool's endpoints, and what their prefix caches are taken to hold.

    `candidates` are those that no failure keeps out at `version` of the outliers.
    """

    __slots__ = ("budget", "candidates", "endpoints", "prefixes", "tolerance", "version")

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        left: Sequence[Endpoint],
        version: int,
        tolerance: Tolerance = USUAL,
        old: "KnownPool | None" = None,
    ) -> None:
        self.endpoints = endpoints
        self.version = version
        self.tolerance = tolerance
        self.prefixes: PrefixIndex = old.prefixes if old is not None else PrefixIndex()
        self.budget: RetryBudget = old.budget if old is not None else RetryBudget()
        self.budget.settings = tolerance.retries
        bits = self.prefixes.admit([each.address for each in endpoints])
        if left is not endpoints:
            known = dict(zip((each.address for each in endpoints), bits, strict=True))
            bits = [known[each.address] for each in left]
        self.candidates = Candidates(left, bits=bits)
