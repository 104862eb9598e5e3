"""Which endpoints get nothing for a while, for how long, and how many of a pool."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from turnout.endpoints import Endpoint
from turnout.endpoints.outlier import FORGET, RETRY_SECONDS, Outliers, OutlierSettings

SETTINGS = OutlierSettings()


def pool(count: int, *, checked: float = 0.0) -> list[Endpoint]:
    return [Endpoint(f"ns/{each}", f"10.0.0.{each}:80", each, ready=True, checked=checked) for each in range(count)]


def left(outliers: Outliers, endpoints: list[Endpoint], now: float, settings: OutlierSettings = SETTINGS) -> list[int]:
    if now >= outliers.due:
        outliers.turn(now)
    return [each.slot for each in outliers.eligible(endpoints, now, settings)]


def fail(outliers: Outliers, slot: int, now: float, times: int = SETTINGS.consecutive_errors) -> None:
    for _ in range(times):
        outliers.failed(f"10.0.0.{slot}:80", now)


def test_failures_in_a_row_eject_and_one_less_does_not() -> None:
    outliers = Outliers()
    fail(outliers, 0, 100.0, 4)
    assert left(outliers, pool(3), 100.0) == [0, 1, 2]

    fail(outliers, 0, 100.0, 1)

    assert left(outliers, pool(3), 100.0) == [1, 2]


def test_a_request_that_is_served_in_between_begins_the_row_anew() -> None:
    outliers = Outliers()
    fail(outliers, 0, 100.0, 4)
    outliers.served("10.0.0.0:80", 100.0)
    fail(outliers, 0, 100.0, 4)

    assert left(outliers, pool(3), 100.0) == [0, 1, 2]


def test_each_ejection_lasts_longer_than_the_one_before_up_to_the_most() -> None:
    outliers = Outliers()
    now = 100.0
    fail(outliers, 0, now)
    lengths = []
    for _ in range(70):
        lengths.append(outliers.due - now)
        now = outliers.due
        assert left(outliers, pool(2), now) == [0, 1]
        fail(outliers, 0, now, 1)  # it is on trial: one is enough
        assert left(outliers, pool(2), now) == [1]

    assert lengths[:3] == [5.0, 10.0, 15.0]
    assert max(lengths) == lengths[-1] == SETTINGS.max_ejection


def test_who_passes_its_trial_needs_a_whole_row_again_and_is_ejected_for_longer_then() -> None:
    outliers = Outliers()
    fail(outliers, 0, 100.0)
    outliers.served("10.0.0.0:80", 105.0)
    fail(outliers, 0, 106.0, 4)
    assert left(outliers, pool(2), 106.0) == [0, 1]

    fail(outliers, 0, 106.0, 1)

    assert outliers.due == 116.0


def test_failures_during_an_ejection_make_it_no_longer() -> None:
    outliers = Outliers()
    fail(outliers, 0, 100.0)
    fail(outliers, 0, 101.0, 50)

    assert left(outliers, pool(2), 105.0) == [0, 1]


def test_what_was_sent_before_an_ejection_and_served_in_it_does_not_end_it() -> None:
    outliers = Outliers()
    fail(outliers, 0, 100.0)
    outliers.served("10.0.0.0:80", 101.0)

    assert left(outliers, pool(2), 101.0) == [1]


def test_the_last_endpoint_is_never_ejected() -> None:
    outliers = Outliers()
    everyone = OutlierSettings(max_ejection_percent=100)
    for slot in range(3):
        fail(outliers, slot, 100.0 + slot)

    assert left(outliers, pool(3), 102.0, everyone) == [0]
    assert left(outliers, pool(1), 102.0, everyone) == [0]


def test_of_a_pool_no_more_than_its_share_is_ejected_and_the_longest_out_come_back_first() -> None:
    outliers = Outliers()
    for slot in (2, 0, 3):
        fail(outliers, slot, 100.0 + slot)

    assert left(outliers, pool(4), 103.0) == [0, 1]


def test_the_scrapers_word_does_not_end_an_ejection_of_an_endpoint_that_was_up_all_the_time() -> None:
    outliers = Outliers()
    fail(outliers, 0, 100.0)

    assert left(outliers, pool(2, checked=101.0), 101.5) == [1]


def test_an_endpoint_that_the_scraper_finds_ready_after_it_was_down_starts_anew() -> None:
    outliers = Outliers()
    fail(outliers, 0, 100.0)
    down = [replace(each, ready=each.slot > 0, checked=101.0) for each in pool(2)]
    assert left(outliers, down, 101.0) == [1]

    assert left(outliers, pool(2, checked=102.0), 102.0) == [0, 1]


def test_an_endpoint_that_refused_is_out_at_once_even_if_no_other_is_left() -> None:
    outliers = Outliers()
    outliers.failed("10.0.0.0:80", 100.0, refused=True)

    assert left(outliers, pool(1), 100.1) == []
    assert left(outliers, pool(1, checked=100.0), 100.1) == []  # that check may have been before
    assert left(outliers, pool(1, checked=100.1), 100.2) == [0]
    assert outliers.due == 100.0 + RETRY_SECONDS
    assert left(outliers, pool(1), 100.0 + RETRY_SECONDS) == [0]


def test_a_connection_brings_an_endpoint_back_that_refused() -> None:
    outliers = Outliers()
    outliers.failed("10.0.0.0:80", 100.0, refused=True)
    outliers.reached("10.0.0.0:80")

    assert left(outliers, pool(1), 100.0) == [0]


def test_an_unready_endpoint_is_left_out_whatever_it_did() -> None:
    outliers = Outliers()
    outliers.served("10.0.0.0:80", 100.0)
    fail(outliers, 0, 100.0, 1)

    assert left(outliers, [replace(pool(1)[0], ready=False)], 200.0) == []


def test_the_version_grows_with_every_change_of_who_is_left() -> None:
    outliers = Outliers()
    versions = [outliers.version]
    outliers.failed("a", 100.0, refused=True)
    versions.append(outliers.version)
    outliers.reached("a")
    versions.append(outliers.version)
    for _ in range(5):
        outliers.failed("b", 100.0)
    versions.append(outliers.version)
    outliers.turn(outliers.due)
    versions.append(outliers.version)

    assert versions == sorted(set(versions))


def test_errors_that_eject_nobody_change_no_version() -> None:
    outliers = Outliers()
    fail(outliers, 0, 100.0, 4)
    outliers.served("10.0.0.0:80", 100.0)

    assert outliers.version == 0
    assert outliers.standings == {}


def test_what_was_held_against_an_endpoint_is_forgotten_after_a_calm_time() -> None:
    outliers = Outliers()
    fail(outliers, 0, 100.0)
    outliers.served("10.0.0.1:80", 100.0)
    outliers.forget(105.0 + FORGET, {"10.0.0.1:80"})
    assert list(outliers.standings) == ["10.0.0.0:80"]

    outliers.forget(105.1 + FORGET, ())

    assert outliers.standings == {}
    assert outliers.proven == set()


def test_an_endpoint_that_refused_has_proven_nothing() -> None:
    outliers = Outliers()
    outliers.served("a", 100.0)
    assert outliers.proven == {"a"}

    outliers.failed("a", 101.0, refused=True)

    assert outliers.proven == set()


events = st.lists(
    st.tuples(st.sampled_from(["failed", "served", "reached", "wait"]), st.integers(0, 4), st.floats(0, 20)),
    max_size=60,
)


@given(events, st.integers(0, 100))
def test_without_refusals_somebody_is_always_left_and_never_more_than_the_share_is_out(
    history: list[tuple[str, int, float]], percent: int
) -> None:
    outliers = Outliers()
    settings = OutlierSettings(max_ejection_percent=percent)
    now = 100.0
    for what, slot, seconds in history:
        if what == "wait":
            now += seconds
        elif what == "failed":
            fail(outliers, slot, now, 3)
        elif what == "served":
            outliers.served(f"10.0.0.{slot}:80", now)
        else:
            outliers.reached(f"10.0.0.{slot}:80")
        out = 5 - len(left(outliers, pool(5), now, settings))
        assert out <= min(4, 5 * percent // 100)


@given(events)
def test_between_two_turns_nothing_changes_by_itself(history: list[tuple[str, int, float]]) -> None:
    outliers = Outliers()
    now = 100.0
    for what, slot, seconds in history:
        if what == "failed":
            outliers.failed(f"10.0.0.{slot}:80", now, refused=slot > 2)
        elif what == "wait":
            before = left(outliers, pool(5), now)
            later = now + seconds
            if later < outliers.due:
                assert left(outliers, pool(5), later) == before
            now = later
