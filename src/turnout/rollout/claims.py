"""One rollout per rule: the oldest wins."""

from collections.abc import Iterable

from msgspec import Struct

from turnout.rollout.events import Refusal


class Claim(Struct, frozen=True):
    """A rollout that wants rules. `created` is RFC 3339 text; `rules` are `NAMESPACE/ROUTE/RULE`."""

    name: str
    created: str
    rules: frozenset[str]


def conflicts(claims: Iterable[Claim]) -> dict[str, Refusal]:
    """The refused rollouts by name. Of two that want one rule the older one has it; of equals the first by name.

    A refused rollout holds no rule: it stands in nobody's way.
    """
    owners: dict[str, str] = {}
    refused: dict[str, Refusal] = {}
    for claim in sorted(claims, key=lambda one: (one.created, one.name)):
        taken = sorted(rule for rule in claim.rules if rule in owners)
        if taken:
            text = "; ".join(f"rule {rule} belongs to rollout {owners[rule]}" for rule in taken)
            refused[claim.name] = Refusal("Accepted", "Conflicted", text)
        else:
            owners.update(dict.fromkeys(claim.rules, claim.name))
    return refused
