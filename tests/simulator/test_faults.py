"""Faults: their syntax, and how often they strike."""

import random

import pytest

from turnout.simulator import FINE, KINDS, Fate, FaultError, Faults, Ill, parse_faults


def test_no_faults_are_no_faults() -> None:
    assert parse_faults(()) == Faults()


def test_every_kind_is_read() -> None:
    chances = ["hang=0.1", "broken-stream=0.1", "stream-error=0.1", "empty=0.1", "invalid-json=0.1"]
    texts = [
        "error-rate=0.2",
        "status=429:0.1",
        *chances,
        "slow=3",
        "slow-decode=2.5",
        "crash-after=7",
        "start-after=1.5",
    ]
    assert {text.partition("=")[0] for text in texts} == KINDS.keys()
    assert parse_faults(texts) == Faults(
        fates=(
            (Fate(Ill.STATUS, 500), 0.2),
            (Fate(Ill.STATUS, 429), 0.1),
            (Fate(Ill.HANG), 0.1),
            (Fate(Ill.BROKEN), 0.1),
            (Fate(Ill.STREAM_ERROR), 0.1),
            (Fate(Ill.EMPTY), 0.1),
            (Fate(Ill.INVALID_JSON), 0.1),
        ),
        slow=3,
        slow_decode=2.5,
        crash_after=7,
        start_after=1.5,
    )


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_fault_without_a_value_is_refused_with_its_form(kind: str) -> None:
    with pytest.raises(FaultError, match=f"{kind} needs a value, as in {kind}="):
        parse_faults([kind])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_value_that_is_no_number_is_refused_by_name(kind: str) -> None:
    with pytest.raises(FaultError, match=f"fault {kind}: 'often'"):
        parse_faults([f"{kind}=often"])


@pytest.mark.parametrize(
    "text",
    [
        "error-rate=1.1",
        "hang=-0.1",
        "empty=nan",
        "slow=0.5",
        "slow=inf",
        "crash-after=0",
        "crash-after=1.5",
        "start-after=-1",
        "status=200:0.1",
        "status=600:0.1",
        "status=503",
        "status=503:2",
    ],
)
def test_a_value_out_of_range_is_refused_by_name(text: str) -> None:
    with pytest.raises(FaultError, match=f"fault {text.partition('=')[0]}"):
        parse_faults([text])


def test_an_unknown_kind_is_refused_with_the_kinds_there_are() -> None:
    with pytest.raises(
        FaultError, match=r"'explode' does not exist; there are error-rate=0\.2, status=CODE:0\.1, slow=3"
    ):
        parse_faults(["explode=1"])


@pytest.mark.parametrize(
    "texts", [["slow=2", "slow=3"], ["hang=0.1", "hang=0.2"], ["status=503:0.1", "status=503:0.2"]]
)
def test_a_fault_given_twice_is_refused(texts: list[str]) -> None:
    with pytest.raises(FaultError, match="twice"):
        parse_faults(texts)


def test_two_statuses_are_two_faults() -> None:
    assert len(parse_faults(["status=503:0.1", "status=429:0.1"]).fates) == 2


def test_chances_over_one_are_refused() -> None:
    with pytest.raises(FaultError, match=r"the chances of hang, empty add up to 1.1"):
        parse_faults(["hang=0.6", "empty=0.5"])


def test_chances_that_add_up_to_one_are_taken() -> None:
    faults = parse_faults(
        [f"{kind}=0.2" for kind in ("hang", "empty", "broken-stream", "stream-error", "invalid-json")]
    )
    assert faults.draw(lambda: 0.9999999) == Fate(Ill.INVALID_JSON)


def test_each_fault_has_its_own_part_of_one_throw() -> None:
    faults = parse_faults(["error-rate=0.25", "hang=0.25"])
    throws = (0.0, 0.2499, 0.25, 0.4999, 0.5, 0.9999)
    fates = [faults.draw(lambda throw=throw: throw) for throw in throws]  # type: ignore[misc]  # mypy types no lambda defaults
    error, hang = Fate(Ill.STATUS, 500), Fate(Ill.HANG)
    assert fates == [error, error, hang, hang, FINE, FINE]


def test_faults_strike_as_often_as_they_were_asked_to() -> None:
    faults = parse_faults(["error-rate=0.2", "hang=0.1"])
    dice = random.Random(1).random
    fates = [faults.draw(dice) for _ in range(20_000)]
    assert fates.count(Fate(Ill.STATUS, 500)) == pytest.approx(4000, abs=240)
    assert fates.count(Fate(Ill.HANG)) == pytest.approx(2000, abs=180)


def test_without_fates_no_dice_are_thrown() -> None:
    def dice() -> float:
        raise AssertionError

    assert parse_faults(["slow=2"]).draw(dice) == FINE
