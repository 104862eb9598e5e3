"""Requests in flight, shared by all workers."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from turnout.channels.inflight import FullError, InflightFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "inflight"


@pytest.fixture
def file(path: Path) -> Iterator[InflightFile]:
    file = InflightFile.create(path, workers=3, rows=8)
    yield file
    file.close()


def reopened(path: Path) -> InflightFile:
    return InflightFile.open(path)


def test_a_new_file_counts_nothing(file: InflightFile) -> None:
    assert [file.total(slot) for slot in range(8)] == [0] * 8
    assert file.addresses() == ()


def test_the_total_of_a_row_is_over_all_workers(file: InflightFile) -> None:
    for worker in range(3):
        file.column(worker).add(5, worker + 1)
    file.column(0).add(5, -1)
    assert [file.total(slot) for slot in range(8)] == [0, 0, 0, 0, 0, 5, 0, 0]


def test_one_worker_is_a_total_too(path: Path) -> None:
    file = InflightFile.create(path, workers=1)
    file.column(0).add(4095, 2)
    assert (file.total(4095), file.total(4094)) == (2, 0)
    file.close()


def test_zeroing_a_worker_leaves_the_others(file: InflightFile) -> None:
    for worker in range(3):
        for slot in range(8):
            file.column(worker).add(slot, 1)
    file.zero(1)
    assert [file.total(slot) for slot in range(8)] == [2] * 8


@pytest.mark.parametrize("worker", [-1, 3])
def test_a_worker_that_the_file_has_no_column_for_is_refused(file: InflightFile, worker: int) -> None:
    with pytest.raises(IndexError):
        file.column(worker)


@pytest.mark.parametrize("worker", [-1, 3])
def test_zeroing_a_worker_that_the_file_has_no_column_for_is_refused(file: InflightFile, worker: int) -> None:
    file.column(2).add(0, 1)
    file.column(0).add(1, 1)
    with pytest.raises(IndexError):
        file.zero(worker)
    assert [file.total(slot) for slot in range(2)] == [1, 1]


def test_an_address_keeps_its_row(file: InflightFile) -> None:
    slot = file.slot_for("10.0.0.1:8000")
    assert file.slot_for("10.0.0.2:8000") != slot
    assert file.slot_for("10.0.0.1:8000") == slot


def test_an_address_keeps_its_row_over_a_restart(file: InflightFile, path: Path) -> None:
    slots = [file.slot_for(f"10.0.0.{each}:8000") for each in range(4)]
    again = reopened(path)
    assert [again.slot_for(f"10.0.0.{each}:8000") for each in reversed(range(4))] == slots[::-1]
    again.close()


def test_a_freed_row_stays_free_over_a_restart(file: InflightFile, path: Path) -> None:
    file.slot_for("10.0.0.1:8000")
    file.keep(())
    again = reopened(path)
    assert again.addresses() == ()
    again.close()


def test_a_row_on_which_something_is_in_flight_is_not_freed(file: InflightFile) -> None:
    slot = file.slot_for("10.0.0.1:8000")
    file.column(2).add(slot, 1)
    file.keep(())
    assert file.addresses() == ("10.0.0.1:8000",)
    file.column(2).add(slot, -1)
    file.keep(())
    assert file.addresses() == ()


def test_a_row_that_still_counts_something_is_given_to_nobody(file: InflightFile) -> None:
    file.column(0).add(0, 1)
    assert 0 not in {file.slot_for(f"10.0.0.{each}:8000") for each in range(7)}


def test_a_row_that_was_just_freed_is_given_away_last(file: InflightFile) -> None:
    freed = file.slot_for("10.0.0.1:8000")
    file.keep(())
    assert [file.slot_for(f"10.0.1.{each}:8000") for each in range(8)][-1] == freed


def test_a_full_file_says_so(file: InflightFile) -> None:
    for each in range(8):
        file.slot_for(f"10.0.0.{each}:8000")
    with pytest.raises(FullError, match="all 8 rows"):
        file.slot_for("10.0.0.9:8000")
    assert file.slot_for("10.0.0.7:8000") is not None


def test_the_longest_address_fits(file: InflightFile, path: Path) -> None:
    address = "[fe80:" + "0000:" * 9 + "1234]:65535"
    address = address[:63].ljust(63, "x")
    file.slot_for(address)
    again = reopened(path)
    assert again.addresses() == (address,)
    again.close()


def test_an_address_that_is_too_long_is_refused(file: InflightFile) -> None:
    with pytest.raises(ValueError, match="longer than 63 bytes"):
        file.slot_for("x" * 64)
    assert file.addresses() == ()


@pytest.mark.parametrize("content", [b"", b"no", b"\x00" * 8, b"\x01\x00\x00\x00\x01\x00\x00\x00", b"\xff" * 100])
def test_a_file_of_something_else_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"."):
        InflightFile.open(path)


def test_a_missing_file_is_an_os_error(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        InflightFile.open(path)


def test_a_name_that_was_half_written_is_no_trouble(file: InflightFile, path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8:12] = b"\x03\xff\xfe\xfd"
    content[8 + 64 : 8 + 66] = b"\xff\xff"
    path.write_bytes(content)
    again = reopened(path)
    assert again.slot_for("10.0.0.1:8000") is not None
    again.close()


def test_creating_replaces_an_old_file(file: InflightFile, path: Path) -> None:
    file.column(0).add(0, 1)
    again = InflightFile.create(path, workers=2)
    assert again.total(0) == 0
    assert file.total(0) == 1
    again.close()


def test_a_closed_file_counts_no_more(path: Path) -> None:
    file = InflightFile.create(path, workers=1)
    column = file.column(0)
    file.close()
    with pytest.raises(ValueError, match="released"):
        column.add(0, 1)


def test_closing_twice_is_closing_once(path: Path) -> None:
    file = InflightFile.create(path, workers=1)
    file.close()
    file.close()


def test_two_processes_count_in_one_file(file: InflightFile, path: Path) -> None:
    count = (
        "import sys; from pathlib import Path; from turnout.channels.inflight import InflightFile\n"
        "column = InflightFile.open(Path(sys.argv[1])).column(int(sys.argv[2]))\n"
        "for _ in range(20_000): column.add(3, 2); column.add(3, -1)\n"
    )
    workers = [subprocess.Popen([sys.executable, "-c", count, str(path), str(number)]) for number in range(3)]
    assert [each.wait(60) for each in workers] == [0, 0, 0]
    assert file.total(3) == 60_000


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "take", "keep", "zero", "reopen"]), st.integers(0, 2), st.integers(0, 5)),
    max_size=30,
)


@given(steps=STEPS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_and_counts_hold_whatever_happens(tmp_path: Path, steps: list[tuple[str, int, int]]) -> None:
    path = tmp_path / "any"
    file = InflightFile.create(path, workers=3, rows=16)
    counts = [[0] * 3 for _ in range(16)]
    rows: dict[str, int] = {}
    for step, worker, number in steps:
        address = f"10.0.0.{number}:8000"
        match step:
            case "add" if address in rows:
                file.column(worker).add(rows[address], 1)
                counts[rows[address]][worker] += 1
            case "take":
                slot = file.slot_for(address)
                assert rows.setdefault(address, slot) == slot
            case "keep":
                file.keep({address})
                rows = {each: slot for each, slot in rows.items() if each == address or any(counts[slot])}
            case "zero":
                file.zero(worker)
                for row in counts:
                    row[worker] = 0
            case "reopen":
                file.close()
                file = InflightFile.open(path)
        assert set(file.addresses()) == set(rows)
        assert len(set(rows.values())) == len(rows)
        assert [file.total(slot) for slot in range(16)] == [sum(row) for row in counts]
    file.close()


def test_what_is_taken_out_of_a_column_is_its_workers_own_from_then_on(file: InflightFile) -> None:
    for worker in range(3):
        file.column(worker).add(5, worker + 1)

    own = file.take_out(1)
    own.add(5, 1)
    own.add(5, -1)
    own.add(6, 1)

    assert [file.total(5), file.total(6)] == [4, 0]
    assert [own.total(5), own.total(6)] == [6, 1]


def test_no_column_can_be_taken_out_that_there_is_not(file: InflightFile) -> None:
    with pytest.raises(IndexError, match="worker 3 of 3"):
        file.take_out(3)
