"""Objects on a terminal: tables as the API makes them, and YAML."""

from collections.abc import Iterable, Sequence

import yaml

from turnout.resources.document import JSON, Document

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


class Printed:
    """Rows of one kind's Tables as padded text, the header first.

    `wide` shows columns of lower priority too; `namespaces` adds that column; `prefix` stands before each name.
    """

    def __init__(self, *, wide: bool, namespaces: bool, prefix: str = "") -> None:
        self._wide = wide
        self._namespaces = namespaces
        self._prefix = prefix
        self._columns: list[Document] = []
        self._widths: list[int] = []

    def lines(self, table: Document) -> list[str]:
        """The lines for one Table; rows that come later are padded as those before, or wider."""
        header = []
        if not self._columns:
            self._columns = table.get("columnDefinitions") or []
            header = [self._cut([column["name"].upper() for column in self._columns], "NAMESPACE", "")]
        rows = header + [self._row(row) for row in table.get("rows") or ()]
        if rows:
            longest = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
            self._widths = [max(pair) for pair in zip(longest, self._widths or longest, strict=True)]
        return [_padded(row, self._widths) for row in rows]

    def _row(self, row: Document) -> list[str]:
        namespace = row.get("object", {}).get("metadata", {}).get("namespace", "")
        return self._cut([_cell(each) for each in row["cells"]], namespace, self._prefix)

    def _cut(self, cells: list[str], namespace: str, prefix: str) -> list[str]:
        shown = [
            cell for cell, column in zip(cells, self._columns, strict=True) if self._wide or not column.get("priority")
        ]
        shown[0] = prefix + shown[0]
        return [namespace, *shown] if self._namespaces else shown


def as_yaml(document: Document) -> str:
    """The object as YAML, keys in their order, without `managedFields`."""
    return yaml.safe_dump(plain(document), sort_keys=False, allow_unicode=True, width=1000)


def plain(document: Document) -> Document:
    """The object without `managedFields`, which no one reads."""
    if isinstance(document.get("items"), list):
        return {**document, "items": [plain(each) for each in document["items"]]}
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        return document
    return {**document, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}


def aligned(rows: Iterable[Sequence[str]], indent: str = "") -> list[str]:
    """Rows as lines, each column as wide as its widest cell."""
    kept = list(rows)
    widths = [max(map(len, column)) for column in zip(*kept, strict=True)]
    return [indent + _padded(row, widths) for row in kept]


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    return "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cell(value: JSON) -> str:
    if value is None:
        return "<none>"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
