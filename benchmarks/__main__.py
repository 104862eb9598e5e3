"""`python -m benchmarks`: runs the cases, prints tables, writes JSON."""

import argparse
import json
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.bench import Bench, Row, cores
from benchmarks.cases import CASES
from benchmarks.processes import MissingError
from benchmarks.stats import ratios, summary

HERE = Path(__file__).parent
HIGHER = ("requests/s", "chunks/CPU-s", "chunks/s")
"""Figures of which more is better; of the others less is."""


def main() -> int:
    """0 when every case that was asked for has run."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--cases", default=",".join(CASES), help="letters, comma-separated (default: all)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--only", default="", help="proxies, comma-separated, by the first word of their names")
    parser.add_argument("--out", type=Path, help="JSON (default: benchmarks/results/)")
    asked = parser.parse_args()
    if cores() < 2:
        print("two cores are needed: one for the proxy, one for upstream and load", file=sys.stderr)
        return 1
    console = Console(width=140)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="turnout-bench-") as folder:
        only = [name for name in asked.only.split(",") if name]
        bench = Bench(Path(folder), HERE.parent / ".bench", asked.rounds, asked.seconds, only)
        results: dict[str, object] = {}
        for letter in asked.cases.split(","):
            title, case = CASES[letter]
            bench.say(f"({letter}) {title}")
            try:
                rows = case(bench)
            except MissingError as missing:
                bench.say(f"({letter}) cannot be measured here: {missing}")
                failed += 1
                continue
            console.print(_table(f"({letter}) {title}", rows))
            results[letter] = {"title": title, "rows": msgspec.to_builtins(rows)}
        out = asked.out or HERE / "results" / f"{datetime.now(UTC):%Y-%m-%d-%H%M}.json"
        out.parent.mkdir(parents=True, exist_ok=True)
        document = {"machine": _machine(), "versions": bench.versions, "missing": bench.missing, "cases": results}
        out.write_text(json.dumps({**document, "rounds": asked.rounds, "seconds": asked.seconds}, indent=1) + "\n")
        console.print(f"versions: {bench.versions}\nwritten: {out}")
    return 1 if failed else 0


def _table(title: str, rows: list[Row]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    figures = list(rows[0].figures) if rows else []
    for figure in figures:
        table.add_column(figure, justify="right")
    table.add_column(f"{rows[0].name} is better by ({figures[0]})" if rows else "", justify="right")
    for row in rows:
        cells = [_shown(summary(row.figures[figure])) for figure in figures]
        table.add_row(row.name, *cells, _shown(_better(rows[0], row, figures[0])) if row is not rows[0] else "")
    return table


def _better(ours: Row, theirs: Row, figure: str) -> dict[str, float]:
    one, other = ours.figures[figure], theirs.figures[figure]
    if not all(one) or not all(other):
        return {}
    return ratios(one, other) if figure in HIGHER else ratios(other, one)


def _shown(found: dict[str, float]) -> str:
    if not found:
        return "-"
    return f"{found['median']:,.4g} [{found['least']:,.4g}, {found['most']:,.4g}]"


def _machine() -> dict[str, object]:
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().split("\n") if "model name" in line),
        platform.processor(),
    )
    return {"cores": cores(), "cpu": model, "kernel": platform.release(), "python": platform.python_version()}


if __name__ == "__main__":
    sys.exit(main())
