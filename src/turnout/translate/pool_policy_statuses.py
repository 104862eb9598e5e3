"""InferencePoolPolicies: one status entry for each pool, which says what of the policy is in force there.

Conditions are those of Gateway API's policies: `Accepted` (TargetNotFound, Conflicted, Invalid), and `ResolvedRefs`
where something is referred to.
"""

from collections.abc import Iterator

from turnout.resources.document import Document
from turnout.resources.inferencepoolpolicy import InferencePoolPolicy, PolicyTargetReference
from turnout.resources.set import ResourceSet
from turnout.translate.accesses import Accesses
from turnout.translate.conditions import Condition, Stamp, met, unknown, unmet
from turnout.translate.facts import Facts
from turnout.translate.parents import ANCESTORS, Parent, with_parents
from turnout.translate.pool_policies import ACTING, STORED, PoolPolicies, settings_of


def pool_policy_statuses(
    resources: ResourceSet, facts: Facts, accesses: Accesses, policies: PoolPolicies
) -> Iterator[tuple[tuple[str, str], Document | None]]:
    """The whole new status of each policy, by (kind, key)."""
    for key, policy in resources.inference_pool_policies.items():
        ancestors = [
            Parent(
                {
                    "group": target.group,
                    "kind": target.kind,
                    "namespace": policy.metadata.namespace,
                    "name": target.name,
                },
                _conditions(policy, target, resources, accesses, policies),
            )
            for target in dict.fromkeys(policy.spec.target_refs)
        ]
        stamp = Stamp(policy.metadata.generation, facts.now)
        status = with_parents(policy.status, ancestors, facts.controller_name, stamp, ANCESTORS)
        yield ("InferencePoolPolicy", key), status


def _conditions(
    policy: InferencePoolPolicy,
    target: PolicyTargetReference,
    resources: ResourceSet,
    accesses: Accesses,
    policies: PoolPolicies,
) -> tuple[Condition, ...]:
    pool = f"{policy.metadata.namespace}/{target.name}"
    if pool not in resources.inference_pools:
        return (unmet("Accepted", "TargetNotFound", f"InferencePool {target.name} not found"),)
    speakers = {each: policies.speakers[pool, each].key for each in settings_of(policy.spec, ACTING)}
    own = [each for each, speaker in speakers.items() if speaker == policy.key]
    lost = [
        f"InferencePoolPolicy {speaker} is older and has spec.{each} for the same pool"
        for each, speaker in speakers.items()
        if speaker != policy.key
    ]
    stored = settings_of(policy.spec, STORED)
    waiting = [f"{_named(stored)} stored and not acted on yet"] if stored else []
    if lost and not own:
        return (unmet("Accepted", "Conflicted", "; ".join(lost + waiting)),)
    if not own:
        return (unknown("Accepted", "Pending", "; ".join(waiting) or "It sets nothing"),)
    message = "; ".join([f"{_named(own)} in force", *lost, *waiting])
    if "upstream" not in own:
        return (met("Accepted", "Accepted", message),)
    fault = accesses.pool_faults.get(pool)
    if fault is None:
        resolved = met("ResolvedRefs", "ResolvedRefs", "Every reference is resolved")
        return (met("Accepted", "Accepted", message), resolved)
    reason = "NoValidCACertificate" if fault.reason in ("InvalidCACertificateRef", "InvalidKind") else "Invalid"
    accepted = unmet("Accepted", reason, f"No server of the pool gets requests: spec.upstream.{fault.message}")
    return (accepted, unmet("ResolvedRefs", fault.reason, f"spec.upstream.{fault.message}"))


def _named(settings: list[str]) -> str:
    """`spec.a is`, or `spec.a, spec.b and spec.c are`."""
    names = [f"spec.{each}" for each in settings]
    return f"{names[0]} is" if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} are"
