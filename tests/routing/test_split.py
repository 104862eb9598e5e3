"""Shares are exact, sticky and free of order."""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.routing import Sequence, Splitter, carry, keyed
from turnout.table import Backend, Filters, HeaderChange, ObjectRef, Split

KEYS = [f"session-{n}" for n in range(2000)]


def pool(name: str) -> ObjectRef:
    return ObjectRef("inference.networking.k8s.io", "InferencePool", "default", name)


def split(shares: dict[str, int] | None = None, /, *, salt: str = "uid/0", **more: int) -> Split:
    named = (shares or {}) | more
    arms = sorted((Backend(pool(name), weight) for name, weight in named.items()), key=lambda arm: str(arm.ref))
    return Split(salt, tuple(arms))


def rolled(weight: int, **others: int) -> Split:
    """A rollout at `weight` percent that has half of the rule, beside `others`."""
    arms: dict[Literal["stable", "candidate"], int] = {"stable": 100 - weight, "candidate": weight}
    pair = [Backend(pool(role), share, role=role) for role, share in arms.items() if share]
    rest = [Backend(pool(name), share) for name, share in others.items()]
    return Split("uid/0", tuple(sorted([*pair, *rest], key=lambda arm: str(arm.ref))))


def owners(of: Split) -> dict[str, str]:
    splitter = Splitter(of)
    found = {}
    for key in KEYS:
        backend = splitter.keyed(key)
        assert backend is not None
        found[key] = backend.ref.name
    return found


weights = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 1_000_000), min_size=2, max_size=5)


def test_an_empty_split_has_no_backend_for_a_key() -> None:
    assert keyed(Split("s", ()), "k") is None


def test_a_single_backend_has_every_key() -> None:
    assert set(owners(split(a=3)).values()) == {"a"}


@given(weights, st.randoms())
@settings(max_examples=50)
def test_a_key_s_backend_is_free_of_list_order(shares: dict[str, int], order: random.Random) -> None:
    ordered = split(shares)
    shuffled = list(ordered.backends)
    order.shuffle(shuffled)
    other = Split(ordered.salt, tuple(shuffled))
    for key in KEYS[:20]:
        mine, theirs = keyed(ordered, key), keyed(other, key)
        assert mine == theirs


@given(weights, st.text())
@settings(max_examples=50)
def test_any_text_is_a_key(shares: dict[str, int], key: str) -> None:
    assert keyed(split(shares), key + "\ud800") is not None


@given(weights, st.data())
@settings(max_examples=30)
def test_raising_a_weight_moves_keys_to_that_backend_alone(shares: dict[str, int], data: st.DataObject) -> None:
    grown = data.draw(st.sampled_from(sorted(shares)))
    more = shares | {grown: shares[grown] * data.draw(st.integers(2, 5))}
    before, after = Splitter(split(shares)), Splitter(split(more))
    for key in KEYS[:100]:
        old, new = before.keyed(key), after.keyed(key)
        assert old is not None
        assert new is not None
        assert new.ref == old.ref or new.ref.name == grown


def test_each_key_changes_side_at_most_once_over_a_ramp() -> None:
    ramp = [owners(split(old=100 - w, new=w)) for w in (1, 5, 10, 20, 50, 80, 99)]
    for key in KEYS:
        assert sum(a[key] != b[key] for a, b in pairwise(ramp)) <= 1


def test_a_rollout_moves_no_key_of_a_third_backend_and_its_own_once() -> None:
    ramp = [owners(rolled(w, a=60, z=40)) for w in (0, 1, 10, 25, 50, 99, 100)]
    for key in KEYS:
        sides = [step[key] for step in ramp]
        if sides[0] != "stable":
            assert set(sides) == {sides[0]}
        else:
            assert sorted(sides, reverse=True) == sides
            assert sides[-1] == "candidate"


def test_a_rollout_s_keys_are_shared_by_weight_beside_others() -> None:
    counts = Counter(owners(rolled(25, a=60, z=40)).values())
    for name, p in {"stable": 0.375, "candidate": 0.125, "a": 0.3, "z": 0.2}.items():
        assert abs(counts[name] - len(KEYS) * p) < 4.5 * (len(KEYS) * p * (1 - p)) ** 0.5


def test_leaving_a_backend_out_moves_its_keys_alone() -> None:
    before, after = owners(split(a=50, b=30, c=20)), owners(split(a=50, b=30))
    assert all(after[key] == owner for key, owner in before.items() if owner != "c")


def test_rollback_returns_the_same_keys() -> None:
    before = owners(split(old=90, new=10))
    assert owners(split(old=50, new=50)) != before
    assert owners(split(old=90, new=10)) == before


@pytest.mark.parametrize("shares", [{"a": 90, "b": 10}, {"a": 1, "b": 1}, {"a": 7, "b": 2, "c": 1}])
def test_keys_are_shared_by_weight(shares: dict[str, int]) -> None:
    counts = Counter(owners(split(shares)).values())
    for name, weight in shares.items():
        p = weight / sum(shares.values())
        assert abs(counts[name] - len(KEYS) * p) < 4.5 * (len(KEYS) * p * (1 - p)) ** 0.5


def test_another_salt_shares_the_keys_anew() -> None:
    a, b = owners(split(salt="uid-1/0", old=50, new=50)), owners(split(salt="uid-2/0", old=50, new=50))
    same = sum(a[key] == b[key] for key in KEYS)
    assert abs(same - 1000) < 4.5 * 500**0.5


def test_salt_and_ref_cannot_run_into_each_other() -> None:
    """The bytes hashed are framed: moving a character from salt to group is another hash for at least one key."""
    one = Split("sx", (Backend(ObjectRef("y", "K", "n", "a"), 1), Backend(ObjectRef("y", "K", "n", "b"), 1)))
    two = Split("s", (Backend(ObjectRef("xy", "K", "n", "a"), 1), Backend(ObjectRef("xy", "K", "n", "b"), 1)))
    assert owners(one) != owners(two)


PRINT_OWNERS = """
import json
from turnout.routing import keyed
from turnout.table import Backend, Filters, HeaderChange, ObjectRef, Split
refs = [ObjectRef("inference.networking.k8s.io", "InferencePool", "default", name) for name in ("llm", "llm-new")]
of = Split("uid/0", (Backend(refs[0], 90), Backend(refs[1], 10)))
print(json.dumps([keyed(of, f"session-{n}").ref.name for n in range(2000)]))
"""


def test_two_processes_choose_alike() -> None:
    answers = [
        subprocess.run(
            [sys.executable, "-c", PRINT_OWNERS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    here = split({"llm": 90, "llm-new": 10})
    assert json.loads(answers[0]) == json.loads(answers[1]) == list(owners(here).values())


def test_the_choice_is_the_same_in_every_release() -> None:
    """These keys stay where they are when Turnout is upgraded: changing the hash would move sessions."""
    backends = owners(split({"llm": 90, "llm-new": 10}))
    moved = [key for key in KEYS[:60] if backends[key] == "llm-new"]
    assert moved == ["session-5", "session-8", "session-12", "session-17", "session-43", "session-57"]


class Throw(float):
    """A dice throw that is not thrown: each comparison goes the way that the script says, and its chance is kept."""

    forks: "Forks"
    scale: int

    def __mul__(self, scale: float) -> "Throw":
        self.scale = int(scale)
        return self

    def __lt__(self, bound: float) -> bool:
        return self.forks.take(Fraction(int(bound), self.scale))


class Forks:
    """Dice for one way through all the comparisons; a comparison beyond the script goes the likely way first."""

    def __init__(self, script: tuple[bool, ...]) -> None:
        self.script = script
        self.taken: list[bool] = []
        self.chance = Fraction(1)

    def __call__(self) -> float:
        throw = Throw(0.0)
        throw.forks = self
        return throw

    def take(self, chance: Fraction) -> bool:
        at = len(self.taken)
        way = self.script[at] if at < len(self.script) else True
        self.taken.append(way)
        self.chance *= min(chance, Fraction(1)) if way else 1 - min(chance, Fraction(1))
        return way


def every_way(of: Split, requests: int) -> dict[tuple[str, ...], Fraction]:
    """Every row of backends that `requests` requests can get, with its exact chance."""
    found: dict[tuple[str, ...], Fraction] = {}
    scripts: list[tuple[bool, ...]] = [()]
    while scripts:
        script = scripts.pop()
        forks, sequence = Forks(script), Sequence(of)
        names = tuple(sequence.next(forks)[0].ref.name for _ in range(requests))
        found[names] = found.get(names, Fraction(0)) + forks.chance
        scripts += [(*forks.taken[:at], False) for at in range(len(script), len(forks.taken))]
    return {names: chance for names, chance in found.items() if chance}


SMALL = [
    {"a": 1, "b": 1},
    {"a": 3, "b": 1},
    {"a": 1, "b": 4},
    {"a": 3, "b": 2},
    {"a": 2, "b": 5},
    {"a": 5, "b": 7},
    {"a": 2, "b": 1, "c": 1},
    {"a": 3, "b": 1, "c": 2},
]


@pytest.mark.parametrize("shares", SMALL)
def test_every_request_s_chance_is_exactly_its_weight(shares: dict[str, int]) -> None:
    ways = every_way(split(shares), 8)
    assert sum(ways.values()) == 1
    whole = sum(shares.values())
    for request in range(8):
        for name, weight in shares.items():
            chance = sum(chance for names, chance in ways.items() if names[request] == name)
            assert chance == Fraction(weight, whole)


@pytest.mark.parametrize("weight", range(1, 10))
def test_the_lighter_and_the_heavier_side_are_drawn_alike(weight: int) -> None:
    """Swapping the names swaps the outcomes and nothing else, so it does not matter which side is counted."""
    swap = {"a": "b", "b": "a"}
    one, two = every_way(split(a=weight, b=10 - weight), 7), every_way(split(a=10 - weight, b=weight), 7)
    assert one == {tuple(swap[name] for name in names): chance for names, chance in two.items()}


def test_the_place_within_a_stretch_is_uniform() -> None:
    ways = every_way(split(new=1, old=4), 5)
    assert ways == {tuple("new" if at == place else "old" for at in range(5)): Fraction(1, 5) for place in range(5)}


@given(st.integers(1, 1_000_000), st.integers(1, 1_000_000), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_every_prefix_is_within_one_of_each_share(first: int, second: int, dice: random.Random) -> None:
    sequence = Sequence(split(a=first, b=second))
    count = 0
    for n in range(1, 200):
        count += sequence.next(dice.random)[0].ref.name == "a"
        assert abs(count * (first + second) - n * first) < first + second


@given(weights, st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_with_n_backends_each_level_s_prefix_is_within_one(shares: dict[str, int], dice: random.Random) -> None:
    sequence = Sequence(split(shares))
    names = [sequence.next(dice.random)[0].ref.name for _ in range(200)]
    left = dict(sorted(shares.items()))
    while len(left) > 1:
        first = next(iter(left))
        whole = sum(left.values())
        count = 0
        for n, name in enumerate(names, 1):
            count += name == first
            assert abs(count * whole - n * left[first]) < whole
        names = [name for name in names if name != first]
        del left[first]


def test_a_thousand_requests_at_90_10_are_900_and_100() -> None:
    sequence, dice = Sequence(split({"llm": 90, "llm-new": 10})), random.Random(7)
    counts = Counter(sequence.next(dice.random)[0].ref.name for _ in range(1000))
    assert counts == {"llm": 900, "llm-new": 100}


@pytest.mark.parametrize(("weight", "period"), [(10, 10), (50, 2), (25, 4), (10, 5)])
def test_periodic_traffic_cannot_line_up(weight: int, period: int) -> None:
    """Every `period`-th request is special: a deterministic split would send all of them, or none, to one side."""
    sequence, dice = Sequence(split(new=weight, old=100 - weight)), random.Random(11)
    special = 0
    for n in range(4000 * period):
        is_new = sequence.next(dice.random)[0].ref.name == "new"
        special += is_new and n % period == 0
    p = weight / 100
    assert abs(special - 4000 * p) < 4.5 * (4000 * p * (1 - p)) ** 0.5


def test_a_single_backend_needs_no_dice() -> None:
    def dice() -> float:
        raise AssertionError("thrown")

    sequence = Sequence(split(a=5))
    assert [sequence.next(dice)[0].ref.name for _ in range(3)] == ["a", "a", "a"]


def test_the_sequence_of_an_empty_split_has_no_next() -> None:
    with pytest.raises(IndexError):
        Sequence(Split("s", ())).next(random.random)


def test_a_stretch_holds_one_request_of_the_lighter_side() -> None:
    sequence, dice = Sequence(split({"llm": 90, "llm-new": 10})), random.Random(3)
    drawn = [sequence.next(dice.random) for _ in range(500)]
    assert [stretch for _, stretch in drawn] == [n // 10 for n in range(500)]
    assert [stretch for backend, stretch in drawn if backend.ref.name == "llm-new"] == list(range(50))


def test_stretches_begin_where_the_lighter_side_s_weight_says() -> None:
    sequence, dice = Sequence(split(a=5, b=3)), random.Random(3)
    assert [sequence.next(dice.random)[1] for _ in range(12)] == [n * 3 // 8 for n in range(12)]


def test_an_equal_split_carries_the_sequence_itself() -> None:
    old = Sequence(split(a=9, b=1))
    assert carry(old, split(a=9, b=1)) is old


def test_other_weights_start_a_new_sequence() -> None:
    old = Sequence(split(a=3, b=1))
    old.next(lambda: 0.0)
    assert [carry(old, split(a=1, b=1)).next(lambda: 0.99)[1] for _ in range(3)] == [0, 0, 0]


def test_a_rule_without_a_sequence_gets_one() -> None:
    assert carry(None, split(a=1, b=1)).split == split(a=1, b=1)


def test_a_backend_that_becomes_valid_keeps_the_place() -> None:
    """Old and new table share one place: 10 requests over both are one stretch."""
    new = split(new=1, old=9)
    old = Split(new.salt, (Backend(pool("new"), 1, "BackendNotFound"), *new.backends[1:]))
    dice = random.Random(5)
    before = Sequence(old)
    after = carry(before, new)
    for stretch in range(20):
        drawn = [(after if n % 3 else before).next(dice.random) for n in range(10)]
        assert {found for _, found in drawn} == {stretch}
        assert sum(backend.ref.name == "new" for backend, _ in drawn) == 1


def test_each_table_s_requests_get_that_table_s_backends() -> None:
    new = split(new=1, old=1)
    old = Split(new.salt, (Backend(pool("new"), 1, "BackendNotFound"), *new.backends[1:]))
    before = Sequence(old)
    after = carry(before, new)
    dice = random.Random(5)
    assert {before.next(dice.random)[0] for _ in range(20)} == set(old.backends)
    assert {after.next(dice.random)[0] for _ in range(20)} == set(new.backends)


def test_arms_of_one_pool_keep_their_own_shares_and_filters() -> None:
    plain = Backend(pool("a"), 75)
    marked = Backend(pool("a"), 25, filters=Filters(request_headers=(HeaderChange(set=(("x", "1"),)),)), ordinal=1)
    of = Split("uid/0", (plain, marked))
    counts = Counter(keyed(of, key) for key in KEYS)
    assert abs(counts[marked] - len(KEYS) * 0.25) < 4.5 * (len(KEYS) * 0.1875) ** 0.5
    assert counts[plain] + counts[marked] == len(KEYS)
    sequence, dice = Sequence(of), random.Random(5)
    assert Counter(sequence.next(dice.random)[0] for _ in range(400)) == {plain: 300, marked: 100}


def test_the_first_arm_of_a_pool_hashes_as_the_pool_alone() -> None:
    """A second arm moves keys to itself alone."""
    before = owners(split(a=50, b=50))
    more = Split("uid/0", (*split(a=50, b=50).backends, Backend(pool("a"), 50, ordinal=1)))
    for key, owner in before.items():
        backend = keyed(more, key)
        assert backend is not None
        assert backend.ordinal == 1 or backend.ref.name == owner
