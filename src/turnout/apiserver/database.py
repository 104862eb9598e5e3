"""The SQLite file: objects as JSON, and the highest resourceVersion there ever was.

WAL with `synchronous=FULL`: what `commit` returned from is on the disk, whatever happens to the process or the power.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec

from turnout.apiserver.stored import Change, Key, Stored

SCHEMA_VERSION = 1
SCHEMA = (
    """CREATE TABLE objects (
  "group" TEXT NOT NULL, plural TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  version INTEGER NOT NULL, document BLOB NOT NULL,
  PRIMARY KEY ("group", plural, namespace, name)
) WITHOUT ROWID""",
    "CREATE TABLE history (only INTEGER PRIMARY KEY CHECK (only = 1), version INTEGER NOT NULL)",
)
PUT = 'INSERT OR REPLACE INTO objects ("group", plural, namespace, name, version, document) VALUES (?, ?, ?, ?, ?, ?)'
REMOVE = 'DELETE FROM objects WHERE "group" = ? AND plural = ? AND namespace = ? AND name = ?'
READ = 'SELECT "group", plural, namespace, name, version, document FROM objects'


class DatabaseError(Exception):
    """The file cannot be opened or read; the text says why."""


class Database:
    """One open file. Used from one thread at a time. `path` None keeps everything in memory.

    `first` is the resourceVersion that a new database counts from. Raises DatabaseError.
    """

    def __init__(self, path: Path | None, first: int = 0) -> None:
        try:
            self._connection = sqlite3.connect(
                path if path is not None else ":memory:", isolation_level=None, check_same_thread=False
            )
            self._prepare(first)
        except sqlite3.Error as error:
            raise DatabaseError(f"{path} cannot be opened: {error}") from error

    def _prepare(self, first: int) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        (found,) = run("PRAGMA user_version").fetchone()
        if found > SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"it was written by a newer Turnout (schema {found}, known {SCHEMA_VERSION})")
        if found < SCHEMA_VERSION:
            run("BEGIN IMMEDIATE")
            for statement in SCHEMA:
                run(statement)
            run("INSERT INTO history VALUES (1, ?)", (first,))
            run(f"PRAGMA user_version = {SCHEMA_VERSION}")
            run("COMMIT")

    def load(self) -> tuple[int, list[Stored]]:
        """The highest resourceVersion ever committed, and every object. Raises DatabaseError."""
        try:
            (version,) = self._connection.execute("SELECT version FROM history").fetchone()
            rows = self._connection.execute(READ).fetchall()
            return version, [_stored(row) for row in rows]
        except (sqlite3.Error, msgspec.DecodeError) as error:
            raise DatabaseError(f"the objects cannot be read: {error}") from error

    def commit(self, version: int, changes: Iterable[Change]) -> None:
        """Writes the changes, all or none; `version` is the highest of them. Raises sqlite3.Error, nothing written."""
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        try:
            for change in changes:
                if change.after is None:
                    run(REMOVE, change.key)
                else:
                    run(PUT, (*change.key, change.version, change.after.encoded))
            run("UPDATE history SET version = ?", (version,))
            run("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                run("ROLLBACK")
            raise

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()


def _stored(row: tuple[str, str, str, str, int, bytes]) -> Stored:
    *key, version, encoded = row
    return Stored(Key(*key), version, msgspec.json.decode(encoded), encoded)
