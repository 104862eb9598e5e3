"""A run as Markdown: a table for each case, the aims, the machine and the versions."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from benchmarks.aims import OURS, verdicts
from benchmarks.bench import Row
from benchmarks.stats import ratios, summary

LOAD = ("requests/s", "CPU us/request", "its core busy %", "load's core busy %")
SHOWN = {
    "a": LOAD,
    "b": LOAD,
    "c": ("chunks/CPU-s",),
    "d": ("added p50 ms", "added p99 ms"),
    "e": ("CPU us/request",),
    "f": ("CPU us/request",),
    "g": ("KB/stream",),
    "h": ("CPU us/request",),
    "i": ("write to acknowledgement ms", "longest request ms", "longest without a change ms"),
    "j": ("p99 ms alone", "p99 ms beside", "ratio"),
}
COMPARED = {"a": "requests/s", "b": "requests/s", "c": "chunks/CPU-s"}
"""Of these figures Turnout's is shown over each other proxy's."""
SUMMARY = (
    ("a", "requests/s", "2 KB requests/s"),
    ("b", "requests/s", "32 KB requests/s"),
    ("c", "chunks/CPU-s", "chunks per CPU-second"),
    ("d", "added p50 ms", "added p50 ms"),
    ("d", "added p99 ms", "added p99 ms"),
    ("g", "KB/stream", "KB per open stream"),
)
FULL = 95.0
"""Percent from which on a core counts as busy: below, something else bounded the proxy's requests/s."""
FAULTS = ("errors", "broken")


class Run(Struct):
    """The JSON of a run. `missing`: peers that were left out, with the reason."""

    machine: dict[str, str | int]
    versions: dict[str, str]
    missing: dict[str, str]
    rounds: int
    seconds: float
    cases: dict[str, "Case"] = {}


class Case(Struct):
    """One case's rows: of proxies, or of settings of Turnout."""

    title: str
    rows: list[Row]


def markdown(run: Run) -> str:
    """The whole of it."""
    parts = [[_machine(run)], _overview(run)]
    parts += [_case(letter, case) for letter, case in run.cases.items()]
    parts += [_aims(run)]
    return "\n".join(line for part in parts for line in (*part, ""))


def shown(found: Mapping[str, float]) -> str:
    """Median [least, most]."""
    return f"{number(found['median'])} [{number(found['least'])}, {number(found['most'])}]"


def number(value: float) -> str:
    """Three digits that count, and all of those before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def bounded(row: Row) -> bool:
    """Whether its core had time left, so that load and upstream bound its requests/s."""
    busy = row.figures.get("its core busy %", [])
    return bool(busy) and summary(busy)["median"] < FULL


def _machine(run: Run) -> str:
    machine = ", ".join(f"{key} {value}" for key, value in run.machine.items())
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    missing = "".join(f" Left out: {name} ({_flat(why)})." for name, why in run.missing.items())
    return f"{run.rounds} rounds of {run.seconds:g} s. Machine: {machine}. Versions: {versions}.{missing}"


def _overview(run: Run) -> list[str]:
    """The README's table: medians of what every proxy is measured by."""
    columns = [(run.cases[letter], figure, title) for letter, figure, title in SUMMARY if letter in run.cases]
    names = dict.fromkeys(row.name for case, _, _ in columns for row in case.rows)
    lines = _head([title for _, _, title in columns])
    for name in names:
        cells = []
        for case, figure, _ in columns:
            row = next((row for row in case.rows if row.name == name and figure in row.figures), None)
            cells.append(_least(row, figure, number(summary(row.figures[figure])["median"])) if row else "-")
        lines.append(_line(name, cells))
    return lines if columns else []


def _case(letter: str, case: Case) -> list[str]:
    figures = SHOWN[letter]
    compared = COMPARED.get(letter)
    lines = [f"({letter}) {case.title}", ""]
    lines += _head([*figures, *(["Turnout's over it"] if compared else [])])
    ours = next((row for row in case.rows if row.name == OURS), None)
    for row in case.rows:
        cells = [_least(row, key, shown(summary(row.figures[key]))) if key in row.figures else "-" for key in figures]
        if compared:
            cells.append(_ratio(ours, row, compared))
        lines.append(_line(row.name, cells))
    return [*lines, *_notes(case.rows)]


def _least(row: Row, figure: str, text: str) -> str:
    return f"≥ {text}" if figure == "requests/s" and bounded(row) else text


def _ratio(ours: Row | None, theirs: Row, figure: str) -> str:
    if ours is None or ours is theirs or figure not in ours.figures or figure not in theirs.figures:
        return ""
    text = shown(ratios(ours.figures[figure], theirs.figures[figure]))
    return f"≤ {text}" if figure == "requests/s" and bounded(theirs) and not bounded(ours) else text


def _notes(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        said = [_flat(row.note)] if row.note else []
        said += [f"{sum(row.figures[key]):,.0f} {key}" for key in FAULTS if sum(row.figures.get(key, ()))]
        if said:
            yield from ("", f"{row.name}: {'; '.join(said)}.")


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _aims(run: Run) -> list[str]:
    cases = {letter: {row.name: row.figures for row in case.rows} for letter, case in run.cases.items()}
    lines = ["| case | aim | measured | |", "|---|---|---|---|"]
    lines += [
        _line(each.case, [each.text, shown(each.measured), "reached" if each.reached else "missed"])
        for each in verdicts(cases)
    ]
    return lines


def _head(columns: Sequence[str]) -> list[str]:
    return [_line("", columns), "|---" * (len(columns) + 1) + "|"]


def _line(name: str, cells: Sequence[str]) -> str:
    return f"| {' | '.join((name, *cells))} |"
