"""Manifests on disk, as every verb with `-f` reads them: files, folders, stdin."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from turnout.resources.document import Document
from turnout.resources.manifests import Flaw, Manifest, read

SUFFIXES = (".yaml", ".yml", ".json")


class Finding(Struct, frozen=True):
    """Something to say of a line of a file. `str()` is `FILE:LINE: text`. Faults are fatal, warnings are not."""

    file: str
    line: int
    text: str
    fault: bool = True

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {'' if self.fault else 'warning: '}{self.text}"


class Located(Struct, frozen=True):
    """An object and the file that it is from."""

    file: str
    manifest: Manifest

    @property
    def document(self) -> Document:
        """The object as it is written."""
        return self.manifest.document


class Loaded(Struct, frozen=True):
    """All that was read: the objects in the order of the files, and why the rest could not be."""

    documents: tuple[Located, ...]
    faults: tuple[Finding, ...]
    files: int


def load_paths(paths: Iterable[str | Path], *, empty_folders: bool = False) -> Loaded:
    """The objects of files, folders and `-` (stdin). Folders are read one level deep, as kubectl does.

    They are read, not validated. What cannot be read is a fault, and so is a folder without manifests, unless
    `empty_folders` are as good as others.
    """
    documents: list[Located] = []
    faults: list[Finding] = []
    files = 0
    for file, content in contents(paths, faults, empty_folders=empty_folders):
        files += 1
        for one in parsed(content):
            if isinstance(one, Manifest):
                documents.append(Located(file, one))
            else:
                faults.append(Finding(file, one.line, one.text))
    return Loaded(tuple(documents), tuple(faults), files)


def contents(
    paths: Iterable[str | Path], faults: list[Finding], *, empty_folders: bool = False
) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every file; a path that cannot be read is added to `faults`."""
    for path in paths:
        if str(path) == "-":
            yield "-", sys.stdin.buffer.read()
            continue
        try:
            files = manifests_in(Path(path))
            if not files and not empty_folders:
                faults.append(Finding(str(path), 1, f"no {', '.join(SUFFIXES)} file in this folder"))
            for file in files:
                yield str(file), file.read_bytes()
        except OSError as error:
            faults.append(Finding(error.filename or str(path), 1, error.strerror or str(error)))


def manifests_in(path: Path) -> list[Path]:
    """A file itself; of a folder its manifests, by name."""
    if not path.is_dir():
        return [path]
    return sorted(one for one in path.iterdir() if one.suffix in SUFFIXES and one.is_file())


def parsed(content: bytes) -> Iterator[Manifest | Flaw]:
    """The objects of a file of UTF-8, with or without a byte order mark."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield Flaw(content.count(b"\n", 0, error.start) + 1, "not UTF-8 text")
        return
    yield from read(text)
