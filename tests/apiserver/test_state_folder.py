"""One process per state folder."""

from pathlib import Path

import pytest

from turnout.apiserver.state_folder import FolderError, FolderTakenError, StateFolder, owner_of


def test_the_second_is_told_whose_it_is(tmp_path: Path) -> None:
    folder = StateFolder.take(tmp_path / "state", "process 7, API at http://127.0.0.1:1")

    with pytest.raises(FolderTakenError, match=r"state folder .*/state is in use by process 7, API at http"):
        StateFolder.take(tmp_path / "state", "process 8")
    assert owner_of(tmp_path / "state") == "process 7, API at http://127.0.0.1:1"
    folder.release()


def test_a_released_folder_is_free(tmp_path: Path) -> None:
    StateFolder.take(tmp_path, "a process with a long name").release()
    assert owner_of(tmp_path) is None

    folder = StateFolder.take(tmp_path, "next")

    assert owner_of(tmp_path) == "next"
    folder.release()


def test_a_folder_that_is_not_there_is_nobodys(tmp_path: Path) -> None:
    assert owner_of(tmp_path / "none") is None


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(FolderError, match="cannot be used: "):
        StateFolder.take(tmp_path / "file" / "state", "me")


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    folder = StateFolder.take(tmp_path / "state", "me")

    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    folder.release()
