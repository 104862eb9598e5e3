from turnout.judge import Bounds, Evidence, Tally, judged, observed


def test_five_times_the_misses_are_harm() -> None:
    found = judged(observed(Evidence(), [Tally(0.1, 30, 54)]), Bounds())
    assert found.harmful
    assert not found.safe
    assert found.ratio is not None
    assert 4.5 < found.ratio < 5.5
    assert found.interval.low > 1


def test_equal_arms_become_safe_and_never_harmful() -> None:
    found = judged(observed(Evidence(), [Tally(0.25, 30, 90)]), Bounds())
    assert found.safe
    assert not found.harmful


def test_little_evidence_is_neither() -> None:
    found = judged(observed(Evidence(), [Tally(0.25, 2, 4)]), Bounds())
    assert not found.safe
    assert not found.harmful


def test_what_is_tolerated_is_no_harm() -> None:
    evidence = observed(Evidence(), [Tally(0.5, 260, 160)])
    assert judged(evidence, Bounds(tolerance=1.0)).harmful
    assert not judged(evidence, Bounds(tolerance=1.5)).harmful
