"""`python -m benchmarks`: runs the cases; writes JSON and Markdown after each."""

import argparse
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks.bench import Bench, cores
from benchmarks.cases import CASES
from benchmarks.processes import FailedError, MissingError
from benchmarks.proxies.turnout import Turnout
from benchmarks.report import Case, Run, markdown

HERE = Path(__file__).parent


def main() -> int:
    """0 when every case that was asked for has run."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--cases", default=",".join(CASES), help="letters, comma-separated (default: all)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--only", default="", help="proxies, comma-separated, by the first word of their names")
    parser.add_argument("--into", type=Path, help="JSON (default: benchmarks/results/); a run goes on with what it has")
    asked = parser.parse_args()
    letters = [letter for letter in asked.cases.split(",") if letter]
    if unknown := [letter for letter in letters if letter not in CASES]:
        parser.error(f"--cases: no case {', '.join(unknown)}")
    if cores() < 2:
        print("two cores are needed: one for the proxy, one for upstream and load", file=sys.stderr)
        return 1
    out: Path = asked.into or HERE / "results" / f"{datetime.now(UTC):%Y-%m-%d-%H%M}.json"
    with tempfile.TemporaryDirectory(prefix="turnout-bench-") as folder:
        only = [name for name in asked.only.split(",") if name]
        bench = Bench(Path(folder), HERE.parent / ".bench", asked.rounds, asked.seconds, only)
        bench.versions["turnout"] = Turnout([], Path(folder), bench.cache).version()
        try:
            run = _begun(out, bench)
        except FailedError as failed:
            print(failed, file=sys.stderr)
            return 1
        failures = sum(not _measure(bench, run, letter, out) for letter in letters if letter not in run.cases)
    print(f"written: {out}, {out.with_suffix('.md')}")
    return 1 if failures else 0


def _begun(out: Path, bench: Bench) -> Run:
    """What the file has already, or a new run. Raises FailedError if the file is another version's or setting's."""
    machine = _machine()
    if not out.exists():
        return Run(machine, bench.versions, bench.missing, bench.rounds, bench.seconds)
    run = msgspec.json.decode(out.read_bytes(), type=Run)
    ours = (machine, bench.versions["turnout"], bench.rounds, bench.seconds)
    if (run.machine, run.versions.get("turnout"), run.rounds, run.seconds) != ours:
        raise FailedError(f"{out} is of another machine, version of Turnout, number of rounds or of seconds")
    bench.versions, bench.missing = run.versions, run.missing
    return run


def _measure(bench: Bench, run: Run, letter: str, out: Path) -> bool:
    """Whether the case ran; if so it is in the run and on disk."""
    title, case = CASES[letter]
    bench.say(f"({letter}) {title}")
    try:
        rows = case(bench)
    except (MissingError, FailedError, OSError) as missing:
        bench.say(f"({letter}) cannot be measured here: {missing!r}")
        return False
    run.cases[letter] = Case(title, rows)
    run.cases = {each: run.cases[each] for each in CASES if each in run.cases}
    out.parent.mkdir(parents=True, exist_ok=True)
    half = out.with_suffix(".part")
    half.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1) + b"\n")
    half.replace(out)
    out.with_suffix(".md").write_text(markdown(run))
    print(markdown(msgspec.structs.replace(run, cases={letter: run.cases[letter]})), flush=True)
    return True


def _machine() -> dict[str, str | int]:
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().split("\n") if "model name" in line),
        platform.processor(),
    )
    return {"cores": cores(), "cpu": model, "kernel": os.uname().release, "python": platform.python_version()}


if __name__ == "__main__":
    sys.exit(main())
