"""The files of `up --watch -f`."""

from collections.abc import Iterable
from pathlib import Path

from turnout.cli.check import examine
from turnout.cli.manifestfiles import Located, load_paths, manifests_in
from turnout.kube.pruning import marked
from turnout.resources.document import Document
from turnout.runners.following import Reading


class WatchedFiles:
    """Files and folders, each a source by its absolute path. A folder may be empty; a path that is gone is a fault."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = tuple(Path(path).absolute() for path in paths)
        self.sources = tuple(map(str, self._paths))

    def stamp(self) -> object:
        """Equal for as long as no file is added, removed, replaced or written to."""
        return tuple(each for path in self._paths for each in _stamps(path))

    def read(self) -> Reading:
        """The objects that can be applied, and each fault with its file and line."""
        documents: list[Document] = []
        places: list[str] = []
        faults: list[str] = []
        seen: dict[tuple[str, str], str] = {}
        for path, source in zip(self._paths, self.sources, strict=True):
            loaded = load_paths([path], empty_folders=True)
            faults += map(str, loaded.faults)
            for each in loaded.documents:
                found = _faults(each, seen)
                faults += found
                if not found:
                    documents.append(marked(each.document, source))
                    places.append(f"{each.file}:{each.manifest.line}")
        return Reading(tuple(documents), tuple(places), tuple(faults))


def _faults(one: Located, seen: dict[tuple[str, str], str]) -> list[str]:
    return [str(finding) for finding in examine(one.file, one.manifest, seen) if finding.fault]


def _stamps(path: Path) -> Iterable[tuple[object, ...]]:
    try:
        files = manifests_in(path)
    except OSError as error:
        return [(str(path), error.errno)]
    return [_stamp(file) for file in files]


def _stamp(file: Path) -> tuple[object, ...]:
    try:
        status = file.stat()
    except OSError as error:
        return str(file), error.errno
    return str(file), status.st_mtime_ns, status.st_size, status.st_ino
