"""The SQLite file."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from turnout.apiserver.database import Database, DatabaseError
from turnout.apiserver.stored import Change, Key, Stored

KEY = Key("turnout.dev", "modelservers", "default", "a")


def created(key: Key, version: int) -> Change:
    stored = Stored.at(key, version, {"metadata": {"name": key.name}})
    return Change(key, version, None, stored, stored)


def removed(key: Key, version: int) -> Change:
    return Change(key, version, None, None, Stored.at(key, version, {"metadata": {"name": key.name}}))


def test_what_was_committed_is_there_after_a_reopen(tmp_path: Path) -> None:
    change = created(KEY, 3)
    with closing(Database(tmp_path / "db")) as database:
        database.commit(3, [change])

    with closing(Database(tmp_path / "db")) as database:
        assert database.load() == (3, [change.after])


def test_the_highest_version_outlives_its_object(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "db")) as database:
        database.commit(1, [created(KEY, 1)])
        database.commit(2, [removed(KEY, 2)])

    with closing(Database(tmp_path / "db")) as database:
        assert database.load() == (2, [])


def test_a_commit_that_fails_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "db")) as database:
        broken = Change(KEY._replace(name="b"), 2, None, created(KEY, 2).after, created(KEY, 2).last)
        unstorable = Change(Key("g", "p", "n", ["no text"]), 2, None, broken.after, broken.last)  # type: ignore[arg-type]  # meant

        with pytest.raises(sqlite3.Error):
            database.commit(2, [created(KEY, 1), unstorable])
        assert database.load() == (0, [])
        database.commit(1, [created(KEY, 1)])
        assert database.load()[0] == 1


def test_memory_counts_from_where_it_is_told() -> None:
    with closing(Database(None, first=17)) as database:
        assert database.load() == (17, [])


def test_every_commit_is_synced(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "db")) as database:
        run = database._connection.execute
        assert run("PRAGMA journal_mode").fetchone() == ("wal",)
        assert run("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_file_of_a_newer_turnout_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(DatabaseError, match="written by a newer Turnout"):
        Database(tmp_path / "db")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"this is not a database at all" * 100)

    with pytest.raises(DatabaseError, match="cannot be opened: file is not a database"):
        Database(tmp_path / "db")
