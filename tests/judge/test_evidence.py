from math import exp, log
from random import Random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.judge import Evidence, Tally, log_harm, log_safe, observed, restarted
from turnout.judge.evidence import GRID
from turnout.judge.sampling import binomial_interval
from turnout.routing.split import Sequence
from turnout.table import Backend, ObjectRef, Split

shares = st.sampled_from([0.01, 0.05, 0.1, 0.25, 0.5, 0.9])
tallies = st.builds(Tally, shares, st.integers(0, 30), st.integers(0, 30))
runs = st.lists(st.lists(tallies, max_size=3), min_size=1, max_size=4)
CANDIDATE = ObjectRef("g", "k", "n", "candidate")
STABLE = ObjectRef("g", "k", "n", "stable")


def evidence_of(steps: list[list[Tally]]) -> Evidence:
    found = Evidence()
    for place, step in enumerate(steps):
        found = observed(restarted(found) if place else found, step)
    return found


def chance(share: float, theta: float) -> float:
    return share * theta / (1 - share + share * theta)


@given(runs, shares, st.floats(0, 1), st.sampled_from([1.0, 1.1, 2.0]))
def test_the_next_miss_does_not_raise_the_e_value_on_average_where_nothing_is_worse(
    steps: list[list[Tally]], share: float, part: float, tolerance: float
) -> None:
    now = evidence_of(steps)
    q = part * chance(share, tolerance)
    base = log_harm(now, tolerance)
    after = q * exp(log_harm(observed(now, [Tally(share, 1, 0)]), tolerance) - base)
    after += (1 - q) * exp(log_harm(observed(now, [Tally(share, 0, 1)]), tolerance) - base)
    assert after <= 1 + 1e-9


@given(runs, shares, st.floats(0, 1), st.sampled_from([1.5, 2.0, 3.0]))
def test_the_next_miss_does_not_raise_the_safe_e_value_on_average_where_it_is_as_bad_as_the_margin(
    steps: list[list[Tally]], share: float, part: float, margin: float
) -> None:
    now = evidence_of(steps)
    q = 1 - part * (1 - chance(share, margin))
    base = log_safe(now, margin)
    after = q * exp(log_safe(observed(now, [Tally(share, 1, 0)]), margin) - base)
    after += (1 - q) * exp(log_safe(observed(now, [Tally(share, 0, 1)]), margin) - base)
    assert after <= 1 + 1e-9


@given(st.lists(tallies, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_misses_within_a_run_does_not_matter(found: list[Tally], order: Random) -> None:
    shuffled = list(found)
    order.shuffle(shuffled)
    one_by_one = Evidence()
    for tally in shuffled:
        one_by_one = observed(one_by_one, [tally])
    assert one_by_one == observed(Evidence(), found)


@given(runs)
def test_a_step_split_in_two_without_a_miss_between_says_the_same(steps: list[list[Tally]]) -> None:
    found = evidence_of(steps)
    assert log_harm(restarted(restarted(found))) == pytest.approx(log_harm(restarted(found)))


def test_without_misses_the_e_value_is_one() -> None:
    assert log_harm(Evidence()) == pytest.approx(0)
    assert log_safe(Evidence()) == pytest.approx(0)


def test_a_share_of_zero_or_one_says_nothing() -> None:
    assert log_harm(observed(Evidence(), [Tally(1.0, 50, 0), Tally(0.0, 0, 50)])) == pytest.approx(0)


def test_evidence_that_was_forgotten_is_gone_and_so_is_its_weight() -> None:
    full = observed(Evidence(), [Tally(0.1, 40, 0)])
    gone = restarted(full, forget=True)
    assert gone.runs == ((),)
    assert log_harm(gone) < 0 < log_harm(full)
    again = observed(gone, [Tally(0.1, 40, 0)])
    assert log_harm(again) == pytest.approx(log_harm(full) - log(4), abs=0.05)


def test_a_late_failure_is_found_sooner_with_a_restart() -> None:
    clean = observed(Evidence(), [Tally(0.5, 120, 120)])
    late = [Tally(0.5, 60, 15)]
    assert log_harm(observed(restarted(clean), late)) > log_harm(observed(clean, late)) + 3


# Median miss events over both arms at alpha 1 %, with all seven alternatives and restarts (design reference, 4.4).
MEDIANS = {
    (0.05, 5): 34,
    (0.05, 10): 13,
    (0.10, 3): 57,
    (0.10, 5): 21,
    (0.10, 10): 9,
    (0.25, 2): 96,
    (0.25, 3): 36,
    (0.25, 5): 15,
    (0.25, 10): 10,
    (0.50, 2): 94,
    (0.50, 3): 39,
    (0.50, 5): 21,
    (0.50, 10): 13,
}


def events_to_abort(share: float, theta: float, dice: Random) -> int:
    found = Evidence()
    for event in range(1, 2000):
        candidate = dice.random() < chance(share, theta)
        found = observed(found, [Tally(share, 1, 0) if candidate else Tally(share, 0, 1)])
        if log_harm(found) >= log(100):
            return event
    return 2000


@pytest.mark.parametrize(("share", "theta"), MEDIANS)
def test_harm_is_found_after_as_many_misses_as_the_design_says(share: float, theta: int) -> None:
    dice = Random(7)
    found = median(events_to_abort(share, theta, dice) for _ in range(60))
    # The restart mixture puts 6/pi^2 on the first run: a few events more than without.
    assert 0.6 * MEDIANS[share, theta] - 3 <= found <= 1.5 * MEDIANS[share, theta] + 3


def false_alarm(dice: Random, alpha: float, *, once: bool) -> bool:
    """A ramp of keyless requests, every one of which may miss in either arm alike: every stretch is crowded."""
    found = Evidence()
    for weight in (7, 10, 25, 30, 50):
        sequence = Sequence(Split("s", (Backend(CANDIDATE, weight), Backend(STABLE, 100 - weight))))
        found = restarted(found)
        seen: set[int] = set()
        for _ in range(150):
            backend, stretch = sequence.next(dice.random)
            if dice.random() < 0.6 and not (once and stretch in seen):
                seen.add(stretch)
                hit = backend.ref == CANDIDATE
                found = observed(found, [Tally(weight / 100, int(hit), int(not hit))])
                if log_harm(found) >= log(1 / alpha):
                    return True
    return False


@pytest.mark.parametrize("once", [True, False])
def test_the_stratified_draw_raises_no_more_false_alarms_than_alpha(*, once: bool) -> None:
    dice = Random(3)
    alarms = sum(false_alarm(dice, 0.1, once=once) for _ in range(120))
    assert binomial_interval(alarms, 120, 0.01).low <= 0.1


@settings(max_examples=30)
@given(st.sampled_from([(10, 90), (25, 75), (50, 50), (1, 99)]), st.integers(0, 2**31), st.integers(0, 400))
def test_the_first_miss_of_a_stretch_is_the_candidates_with_the_chance_that_is_its_share(
    weights: tuple[int, int], seed: int, place: int
) -> None:
    """Exact where a stretch is a whole number of requests: each place of it is the candidate's equally often."""
    dice = Random(seed)
    length = sum(weights) // weights[0]
    hits = 0
    split = Split("s", (Backend(CANDIDATE, weights[0]), Backend(STABLE, weights[1])))
    for _ in range(300):
        sequence = Sequence(split)
        arms = [sequence.next(dice.random)[0].ref == CANDIDATE for _ in range(length)]
        assert sum(arms) == 1
        hits += arms[place % length]
    low, high = binomial_interval(hits, 300, 1e-6).low, binomial_interval(hits, 300, 1e-6).high
    assert low <= weights[0] / sum(weights) <= high


def test_the_grid_holds_risk_ratios_above_the_tolerance_only() -> None:
    assert min(GRID) > 1
