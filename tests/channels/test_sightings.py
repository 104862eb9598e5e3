"""When keys were first seen."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.channels.sightings import SETS, Sightings, open_sightings

KEYS = st.integers(0, 2**64 - 1)


@given(st.lists(KEYS, min_size=1, max_size=4, unique_by=lambda key: key & 0xFFFFFFFF or 1))
def test_a_key_keeps_the_second_in_which_it_was_first_seen(keys: list[int]) -> None:
    sightings = Sightings.private(1)
    for number, key in enumerate(keys):
        assert sightings.see(key, 10.5 + number, 0).first == 10 + number

    assert [sightings.see(key, 99.0, 0).first for key in keys] == [10 + number for number in range(len(keys))]


def test_a_key_is_fresh_once_under_each_tag() -> None:
    sightings = Sightings.private(1)

    assert [sightings.see(7, 1.0, tag).fresh for tag in (1, 1, 2, 2)] == [True, False, True, False]


def test_without_a_tag_a_key_keeps_the_one_it_has() -> None:
    sightings = Sightings.private(1)
    sightings.see(7, 1.0, 5)
    sightings.see(7, 2.0, 0)

    assert not sightings.see(7, 3.0, 5).fresh


def test_of_too_many_keys_the_one_silent_for_longest_is_forgotten() -> None:
    sightings = Sightings.private(1)
    for key in (1, 2, 3, 4):
        sightings.see(key, float(key), 0)
    sightings.see(1, 5.0, 0)
    sightings.see(9, 6.0, 0)

    assert sightings.see(1, 7.0, 0).first == 1
    assert sightings.see(2, 8.0, 0).first == 8


def test_what_one_worker_saw_another_knows(tmp_path: Path) -> None:
    one, other = open_sightings(tmp_path / "sightings"), open_sightings(tmp_path / "sightings")
    one.see(7 << 32 | 5, 3.0, 0)

    assert other.see(7 << 32 | 5, 9.0, 0).first == 3
    assert (tmp_path / "sightings").stat().st_size == SETS * 64


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sightings").write_bytes(b"something else")

    with pytest.raises(ValueError, match="no file of sightings"):
        open_sightings(tmp_path / "sightings")


@pytest.mark.parametrize("size", [0, 63 * 4, 3 * 64])
def test_a_buffer_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="no sightings"):
        Sightings(bytearray(size))
