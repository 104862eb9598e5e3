"""The folder that holds one API's objects: one process at a time, and whose it is."""

import fcntl
import os
from pathlib import Path
from typing import IO


class FolderTakenError(Exception):
    """Another process has the folder; the text says which."""


class FolderError(Exception):
    """The folder cannot be used; the text says why."""


class StateFolder:
    """A folder that this process holds until `release`, or until it ends in whatever way: the lock is the kernel's."""

    def __init__(self, path: Path, lock: IO[str]) -> None:
        self.path = path
        self._lock = lock

    @property
    def database(self) -> Path:
        """The SQLite file in it."""
        return self.path / "objects.db"

    @classmethod
    def take(cls, path: Path, owner: str) -> "StateFolder":
        """Makes the folder where it is missing and takes it; `owner` is what others are told, in one line.

        Raises FolderTakenError when another process has it, FolderError when it cannot be made or written.
        """
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Not inherited: a child must not hold the folder after its parent.
            lock = os.fdopen(os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
        except OSError as error:
            raise FolderError(
                f"state folder {path} cannot be used: {(error.strerror or str(error)).lower()}"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = lock.read().strip()
            lock.close()
            raise FolderTakenError(f"state folder {path} is in use by {said or 'another process'}") from None
        lock.truncate(0)
        lock.write(owner + "\n")
        lock.flush()
        return cls(path, lock)

    def release(self) -> None:
        """Lets the next one in."""
        self._lock.close()


def owner_of(path: Path) -> str | None:
    """What the process that holds the folder says of itself; None when nobody holds it."""
    try:
        lock = (path / "lock").open("r")
    except OSError:
        return None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return lock.read().strip() or "another process"
    return None
