"""What the controller knows, as a file."""

from pathlib import Path

import pytest

from turnout.telemetry.snapshot import Server, Share, Snapshot, Tally, read, write

FULL = Snapshot(
    1.5,
    (Tally("ns/r", "0", "ns/p", "stable", "m", 200, "", 3, 10, 20, ({1: 2, 4: 1}, 0.5)),),
    2,
    1,
    4,
    ({0: 7}, 0.01),
    {0: 12, 1: 11},
    {0: 0.002},
    (Server("ns/p", "10.0.0.1:8000", ready=True, inflight=3, age=None),),
    (Share("ns/r", "0", "ns/p", "stable", "desired", 0.9),),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "metrics", FULL)

    assert read(tmp_path / "metrics") == FULL


def test_the_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    write(tmp_path / "metrics", Snapshot(1.0, streams=1_000_000))
    write(tmp_path / "metrics", Snapshot(2.0))

    assert read(tmp_path / "metrics") == Snapshot(2.0)
    assert [each.name for each in tmp_path.iterdir()] == ["metrics"]


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    write(tmp_path / "metrics", FULL)

    assert (tmp_path / "metrics").stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_leaves_the_last_one(tmp_path: Path) -> None:
    write(tmp_path / "metrics", FULL)
    (tmp_path / "metrics.new").mkdir()

    with pytest.raises(OSError, match="directory"):
        write(tmp_path / "metrics", Snapshot(2.0))
    assert read(tmp_path / "metrics") == FULL


def test_a_file_that_is_there_not_yet_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "metrics")


@pytest.mark.parametrize("data", [b"", b"\x93", b"not msgpack", b"\x80"])
def test_a_file_of_another_kind_is_a_value_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "metrics").write_bytes(data)

    with pytest.raises(ValueError, match=r".+"):
        read(tmp_path / "metrics")
