from hypothesis import given
from hypothesis import strategies as st

from turnout.kube.backoff import FIRST, LONGEST, pause


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_pause_is_never_nothing_and_never_long(failures: int, dice: float) -> None:
    assert FIRST / 2 <= pause(failures, dice) <= LONGEST


@given(st.integers(1, 100))
def test_pauses_grow(failures: int) -> None:
    assert pause(failures, 0.5) <= pause(failures + 1, 0.5)
    assert pause(failures, 0.1) < pause(failures, 0.9)
