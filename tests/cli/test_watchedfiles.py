"""The files of `up --watch`."""

from pathlib import Path

import pytest
import yaml

from tests.support.objects import pool
from turnout.cli.watchedfiles import WatchedFiles
from turnout.kube.pruning import SOURCE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.yaml"
    path.write_text("\n" + yaml.safe_dump(pool("a")))
    return path


def test_objects_are_marked_with_the_path_they_came_from(file: Path) -> None:
    reading = WatchedFiles([str(file.parent)]).read()
    assert [each["metadata"]["annotations"][SOURCE] for each in reading.documents] == [str(file.parent)]
    assert reading.places == (f"{file}:2",)
    assert reading.faults == ()


def test_an_object_at_fault_is_left_out_and_told_of(file: Path) -> None:
    file.write_text(yaml.safe_dump_all([{**pool("a"), "spec": {}}, pool("b")]))
    reading = WatchedFiles([str(file)]).read()
    assert [each["metadata"]["name"] for each in reading.documents] == ["b"]
    assert reading.faults
    assert all(fault.startswith(f"{file}:5: InferencePool/a: spec") for fault in reading.faults)


def test_a_folder_may_be_empty_but_a_file_may_not_be_gone(tmp_path: Path) -> None:
    assert WatchedFiles([str(tmp_path)]).read().faults == ()
    assert WatchedFiles([str(tmp_path / "gone.yaml")]).read().faults == (
        f"{tmp_path}/gone.yaml:1: No such file or directory",
    )


def test_a_stamp_stays_until_something_changes(file: Path) -> None:
    files = WatchedFiles([str(file.parent), str(file.parent / "later.yaml")])
    first = files.stamp()
    assert files.stamp() == first
    file.write_text("a: 1\n")
    second = files.stamp()
    (file.parent / "b.yaml").write_text("")
    third = files.stamp()
    (file.parent / "later.yaml").write_text("")
    fourth = files.stamp()
    file.unlink()
    assert len({first, second, third, fourth, files.stamp()}) == 5
