"""How long to wait before asking again."""

FIRST = 0.1
LONGEST = 5.0


def pause(failures: int, dice: float) -> float:
    """Seconds to wait after `failures` (>= 1) in a row: doubling, at most `LONGEST`, spread down to its half by `dice`.

    `dice` is uniform in [0, 1): clients that lost the same server do not come back in step.
    """
    whole: float = min(LONGEST, FIRST * 2.0 ** min(failures - 1, 16))
    return whole * (0.5 + dice / 2)
