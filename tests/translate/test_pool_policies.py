"""Which policy speaks for a pool, what of it the table has, and what its status says."""

from typing import Any

from tests.support.resource_sets import pool, resource_set
from turnout.table import OutlierDetection, Pool, RetryBudget
from turnout.translate import Facts, Translation, translate
from turnout.translate.translation import Translator

Document = dict[str, Any]
FACTS = Facts(gateway_port=8080, now="2026-02-02T02:02:02Z")
EJECT: Document = {"outlier": {"consecutiveErrors": 2, "baseEjectionTime": "1m30s", "maxEjectionPercent": 25}}
RETRY: Document = {"retryBudget": {"percent": 5, "interval": "2s", "minRetryRate": {"count": 3, "interval": "500ms"}}}
KEY: Document = {"upstream": {"apiKeySecretRef": {"name": "none"}}}


def policy(
    name: str, *, created: str = "2026-01-01T00:00:00Z", pools: tuple[str, ...] = ("llm",), **spec: Any
) -> Document:
    return {
        "apiVersion": "turnout.dev/v1alpha1",
        "kind": "InferencePoolPolicy",
        "metadata": {"name": name, "creationTimestamp": created},
        "spec": {"targetRefs": [{"name": each} for each in pools], **spec},
    }


def translated(*policies: Document) -> Translation:
    return translate(resource_set([*policies, pool("llm")]), FACTS)


def in_table(*policies: Document) -> Pool:
    return translated(*policies).table.pools["default/llm"]


def accepted(found: Translation, name: str) -> tuple[str, str, str]:
    """Status, reason and message of the condition Accepted at the policy's first pool."""
    status: Any = found.statuses["InferencePoolPolicy", f"default/{name}"]
    condition = status["ancestors"][0]["conditions"][0]
    return condition["status"], condition["reason"], condition["message"]


def test_what_a_policy_says_of_failures_and_retries_is_in_the_table_in_seconds() -> None:
    found = in_table(policy("one", **EJECT, **RETRY))
    assert found.outlier == OutlierDetection(2, 90.0, 25)
    assert found.retry_budget == RetryBudget(5, 2.0, 3, 0.5)


def test_what_a_setting_leaves_out_has_its_default() -> None:
    found = in_table(policy("one", outlier={}, retryBudget={}))
    assert found.outlier == OutlierDetection(5, 5.0, 50)
    assert found.retry_budget == RetryBudget(20, 10.0, 10, 1.0)


def test_a_pool_without_a_policy_has_no_settings_in_the_table() -> None:
    found = in_table(policy("other", pools=("none",), **EJECT))
    assert (found.outlier, found.retry_budget) == (None, None)


def test_each_setting_is_the_oldest_policy_s_that_has_it() -> None:
    young = policy("young", created="2026-01-02T00:00:00Z", outlier={}, **RETRY)
    old = policy("z-old", **EJECT)
    found = in_table(young, old)
    assert found.outlier == OutlierDetection(2, 90.0, 25)
    assert found.retry_budget == RetryBudget(5, 2.0, 3, 0.5)


def test_a_policy_says_what_of_it_is_in_force() -> None:
    assert accepted(translated(policy("one", **EJECT)), "one") == ("True", "Accepted", "spec.outlier is in force")
    both = accepted(translated(policy("one", **EJECT, **RETRY)), "one")
    assert both == ("True", "Accepted", "spec.outlier and spec.retryBudget are in force")


def test_a_policy_says_what_of_it_is_not_acted_on() -> None:
    status = accepted(translated(policy("one", **EJECT, saturation={}, health={})), "one")
    message = "spec.outlier is in force; spec.saturation and spec.health are stored and not acted on yet"
    assert status == ("True", "Accepted", message)


def test_a_policy_that_is_in_force_in_part_names_the_older_one() -> None:
    found = translated(policy("old", **EJECT), policy("young", created="2026-01-02T00:00:00Z", **EJECT, **RETRY))
    message = (
        "spec.retryBudget is in force; InferencePoolPolicy default/old is older and has spec.outlier for the same pool"
    )
    assert accepted(found, "young") == ("True", "Accepted", message)


def test_a_policy_that_is_nowhere_the_oldest_is_conflicted() -> None:
    found = translated(policy("old", **EJECT), policy("young", created="2026-01-02T00:00:00Z", **EJECT))
    message = "InferencePoolPolicy default/old is older and has spec.outlier for the same pool"
    assert accepted(found, "young") == ("False", "Conflicted", message)


def test_a_policy_of_which_nothing_acts_is_pending() -> None:
    status = accepted(translated(policy("one", profile={"scorers": [{"type": "queue-scorer"}]})), "one")
    assert status == ("Unknown", "Pending", "spec.profile is stored and not acted on yet")
    assert accepted(translated(policy("one")), "one") == ("Unknown", "Pending", "It sets nothing")


def test_a_reference_that_leads_nowhere_is_told_first() -> None:
    status = accepted(translated(policy("one", **EJECT, **KEY)), "one")
    message = "No server of the pool gets requests: spec.upstream.apiKeySecretRef: Secret none not found"
    assert status == ("False", "Invalid", message)


def test_a_policy_has_an_entry_for_each_pool_and_leaves_other_controllers_alone() -> None:
    written = policy("one", pools=("llm", "none"))
    foreign = {"ancestorRef": {"name": "x"}, "controllerName": "example.com/other", "conditions": []}
    stale = {"ancestorRef": {"name": "gone"}, "controllerName": FACTS.controller_name, "conditions": []}
    written["status"] = {"ancestors": [foreign, stale]}
    status: Any = translated(written).statuses["InferencePoolPolicy", "default/one"]
    assert status["ancestors"][0] == foreign
    assert [one["ancestorRef"]["name"] for one in status["ancestors"][1:]] == ["llm", "none"]
    assert [one["conditions"][0]["reason"] for one in status["ancestors"][1:]] == ["Pending", "TargetNotFound"]


def test_a_policy_that_goes_leaves_the_pool_as_it_was_and_other_pools_the_same_objects() -> None:
    translator = Translator()
    pools = [pool("llm"), pool("other")]
    before = translator.translate(resource_set(pools), FACTS).table.pools
    during = translator.translate(resource_set([*pools, policy("one", **EJECT)]), FACTS).table.pools
    after = translator.translate(resource_set(pools), FACTS).table.pools
    assert during["default/llm"].outlier is not None
    assert after == before
    assert during["default/other"] is before["default/other"]
