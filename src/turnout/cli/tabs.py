"""Tab-separated cells as aligned text, by the rules of Go's text/tabwriter, as kubectl's descriptions are."""

from collections.abc import Iterable

PADDING = 2


def tabbed(lines: Iterable[str]) -> list[str]:
    """The lines with their tabs as spaces.

    A column is a run of lines that have a tab at that place; its cells are as wide as the widest of the run.
    """
    rows = [line.split("\t") for line in lines]
    widths: list[list[int]] = [[] for _ in rows]
    pending = [(0, len(rows), 0)]
    while pending:
        start, end, column = pending.pop()
        at = start
        while at < end:
            run = at
            while run < end and len(rows[run]) > column + 1:
                run += 1
            if run > at:
                width = PADDING + max(len(row[column]) for row in rows[at:run])
                for one in widths[at:run]:
                    one.append(width)
                pending.append((at, run, column + 1))
            at = max(run, at + 1)
    return [
        "".join(cell.ljust(width) for cell, width in zip(row, wide, strict=False)) + row[-1]
        for row, wide in zip(rows, widths, strict=True)
    ]
