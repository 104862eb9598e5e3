from hypothesis import given
from hypothesis import strategies as st

from turnout.rollout.claims import Claim, conflicts


def test_the_oldest_has_the_rule_and_the_other_is_told_whose_it_is() -> None:
    old = Claim("ns/old", "2026-01-01T00:00:00Z", frozenset({"ns/r/0"}))
    new = Claim("ns/new", "2026-01-02T00:00:00Z", frozenset({"ns/r/0", "ns/r/1"}))
    found = conflicts([new, old])
    assert list(found) == ["ns/new"]
    assert (found["ns/new"].condition, found["ns/new"].reason) == ("Accepted", "Conflicted")
    assert found["ns/new"].message == "rule ns/r/0 belongs to rollout ns/old"


def test_what_is_refused_stands_in_nobodys_way() -> None:
    first = Claim("a", "1", frozenset({"x"}))
    second = Claim("b", "2", frozenset({"x", "y"}))
    third = Claim("c", "3", frozenset({"y"}))
    assert list(conflicts([first, second, third])) == ["b"]


claims = st.lists(
    st.builds(
        Claim, st.text("abc", min_size=1, max_size=3), st.sampled_from("12"), st.frozensets(st.sampled_from("xyz"))
    ),
    max_size=6,
    unique_by=lambda one: one.name,
)


@given(claims)
def test_every_rule_has_one_rollout_at_most_whatever_the_order(found: list[Claim]) -> None:
    refused = conflicts(found)
    assert conflicts(reversed(found)) == refused
    rules = [rule for one in found if one.name not in refused for rule in one.rules]
    assert len(rules) == len(set(rules))
