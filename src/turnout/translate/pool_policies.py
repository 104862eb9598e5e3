"""InferencePoolPolicies: which of them speaks for a pool, and what it says of failures and retries.

Each setting goes as a whole: of several policies that have it for one pool the oldest speaks (GEP-713).
"""

from collections.abc import Mapping

from msgspec import Struct

from turnout.resources import inferencepoolpolicy as written
from turnout.resources.durations import milliseconds
from turnout.resources.inferencepoolpolicy import InferencePoolPolicy, InferencePoolPolicySpec
from turnout.table import OutlierDetection, RetryBudget

ACTING = ("upstream", "outlier", "retryBudget")
"""Settings that are acted on."""
STORED = ("picker", "profile", "saturation", "flowControl", "health")
"""Settings that are not."""


class PoolPolicies(Struct, frozen=True):
    """`speakers` are the policies that speak for a pool, by its key and the setting; the others are tables' parts."""

    speakers: dict[tuple[str, str], InferencePoolPolicy] = {}
    outliers: dict[str, OutlierDetection] = {}
    retry_budgets: dict[str, RetryBudget] = {}

    def speaking(self, setting: str) -> dict[str, InferencePoolPolicySpec]:
        """What is said of `setting`, by pool."""
        return {pool: policy.spec for (pool, each), policy in self.speakers.items() if each == setting}


def find_pool_policies(policies: Mapping[str, InferencePoolPolicy]) -> PoolPolicies:
    """What they say."""
    found = PoolPolicies()
    for policy in sorted(policies.values(), key=lambda each: (each.metadata.creation_timestamp, each.key)):
        for setting in settings_of(policy.spec, ACTING):
            for target in policy.spec.target_refs:
                found.speakers.setdefault((f"{policy.metadata.namespace}/{target.name}", setting), policy)
    for pool, spec in found.speaking("outlier").items():
        assert spec.outlier is not None
        found.outliers[pool] = _outlier(spec.outlier)
    for pool, spec in found.speaking("retryBudget").items():
        assert spec.retry_budget is not None
        found.retry_budgets[pool] = _retry_budget(spec.retry_budget)
    return found


def settings_of(spec: InferencePoolPolicySpec, among: tuple[str, ...]) -> list[str]:
    """Those `among` these settings that the policy has."""
    upstream = spec.upstream
    there = {
        "picker": spec.picker is not None,
        "profile": spec.profile is not None,
        "saturation": spec.saturation is not None,
        "flowControl": spec.flow_control is not None,
        "health": spec.health is not None,
        "outlier": spec.outlier is not None,
        "retryBudget": spec.retry_budget is not None,
        "upstream": upstream is not None and (upstream.tls is not None or upstream.api_key_secret_ref is not None),
    }
    return [setting for setting in among if there[setting]]


def _outlier(asked: written.OutlierDetection) -> OutlierDetection:
    return OutlierDetection(
        asked.consecutive_errors, milliseconds(asked.base_ejection_time) / 1000, asked.max_ejection_percent
    )


def _retry_budget(asked: written.RetryBudget) -> RetryBudget:
    free = asked.min_retry_rate
    interval, free_interval = milliseconds(asked.interval) / 1000, milliseconds(free.interval) / 1000
    return RetryBudget(asked.percent, interval, free.count, free_interval)
