"""Objects on a terminal: tables as the API makes them, and aligned columns."""

from collections.abc import Iterable, Sequence

from turnout.resources.document import JSON, Document

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


class Printed:
    """Rows of one kind's Tables as padded text, the header first.

    `wide` shows columns of lower priority too; `namespaces` and `labels` add those columns; `prefix` stands before each
    cell of the column that is the name; without `header` there is none.
    """

    def __init__(
        self, *, wide: bool, namespaces: bool, prefix: str = "", labels: bool = False, header: bool = True
    ) -> None:
        self._wide = wide
        self._namespaces = namespaces
        self._prefix = prefix
        self._labels = labels
        self._header = header
        self._columns: list[Document] = []
        self._widths: list[int] = []

    def lines(self, *tables: Document) -> list[str]:
        """The lines for the Tables; rows that come later are padded as those before, or wider."""
        rows: list[list[str]] = []
        for table in tables:
            if not self._columns:
                self._columns = table.get("columnDefinitions") or []
                if self._header:
                    names = [column["name"].upper() for column in self._columns]
                    rows.append(self._cut(names, "NAMESPACE", "", "LABELS"))
            rows += [self._row(row) for row in table.get("rows") or ()]
        if rows:
            longest = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
            self._widths = [max(pair) for pair in zip(longest, self._widths or longest, strict=True)]
        return [_padded(row, self._widths) for row in rows]

    def _row(self, row: Document) -> list[str]:
        metadata = row.get("object", {}).get("metadata", {})
        labels = ",".join(f"{key}={value}" for key, value in sorted((metadata.get("labels") or {}).items()))
        cells = [_cell(each) for each in row["cells"]]
        return self._cut(cells, metadata.get("namespace", ""), self._prefix, labels or "<none>")

    def _cut(self, cells: list[str], namespace: str, prefix: str, labels: str) -> list[str]:
        shown = [
            (prefix if column.get("format") == "name" else "") + cell
            for cell, column in zip(cells, self._columns, strict=True)
            if self._wide or not column.get("priority")
        ]
        return [*([namespace] if self._namespaces else ()), *shown, *([labels] if self._labels else ())]


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
    return [indent + _padded(row, widths).rstrip() for row in kept]


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    *cells, last = row
    return "".join(cell.ljust(width + 3) for cell, width in zip(cells, widths, strict=False)) + last


def _cell(value: JSON) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
