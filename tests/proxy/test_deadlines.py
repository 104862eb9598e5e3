"""The timer wheel."""

from hypothesis import given
from hypothesis import strategies as st

from turnout.proxy.deadlines import TICK, Deadlines

TIMES = st.floats(0, 50)


@given(st.lists(TIMES, max_size=30), st.lists(TIMES, max_size=10))
def test_each_comes_out_once_after_its_time_and_at_the_first_look_a_tick_later(
    dues: list[float], looks: list[float]
) -> None:
    wheel: Deadlines[float] = Deadlines(0.0)
    for due in dues:
        wheel.add(due, due)
    waiting = sorted(dues)
    for now in [*sorted(looks), 60.0]:
        out = sorted(wheel.due(now))
        assert all(due <= now for due in out)
        assert out == waiting[: len(out)]
        waiting = waiting[len(out) :]
        assert all(due > now - 2 * TICK for due in waiting)
    assert waiting == []


def test_what_is_late_already_comes_out_next() -> None:
    wheel: Deadlines[str] = Deadlines(100.0)
    wheel.add(1.0, "late")

    assert list(wheel.due(100.0 + 2 * TICK)) == ["late"]
