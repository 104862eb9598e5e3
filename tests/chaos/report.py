"""`make chaos`: every failure many times, and docs/chaos.md from what was seen."""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path

import psutil

from tests.support.chaos import DESCRIPTORS, MEMORY, THREADS

ROOT = Path(__file__).resolve().parents[2]
TEXT = """# Chaos

What clients see when a part fails, and how fast it is whole again. Each row is a failure of a real `turnout up` on
loopback, seen over {rounds} rounds after a first one; `make chaos` writes this file. `make test` sees a round of the
quick ones: bad servers, bad clients, descriptors.

{machine}

| failure | what clients saw (last round) | whole again when | rounds | seconds, median | most |
|---|---|---|---|---|---|
{rows}

After the rounds every part's descriptors and threads were at the level from before the first (but for {descriptors} and
{threads}: a scrape, a pool of threads that fills up to its bound), and its memory within {memory} MiB of what it was
after the first, or the run would have failed. `turnout_streams_open` and `turnout_endpoint_inflight` were 0 after bad
servers, `turnout_streams_open` after bad clients. asyncio's tasks cannot be counted from outside (a request has none of
its own): `tests/proxy/test_nothing_left.py` counts them, and what the garbage collector finds, within one process.

- A server's answer that breaks off reaches the client as a connection that ends without the end of the answer.
- A worker limits its clients' connections to what its descriptors can serve ([limits](limits.md)). "No descriptor left"
  is what that limit is to prevent, brought about from outside: the worker closes connections that it cannot hold,
  without a byte (a client may ask again), and is not busy with it.
- "No room" is a tmpfs filled to its last byte (needs root), or a limit on the size of files that the API may write;
  SQLite tells only the first from a disk that fails.
"""


def main() -> int:
    """Runs tests/chaos; the exit code of pytest. Writes the file only when all passed."""
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--rounds", type=int, default=10)
    rounds: int = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures"
        environment = {**os.environ, "TURNOUT_CHAOS_ROUNDS": str(rounds), "TURNOUT_CHAOS_FIGURES": str(figures)}
        # One by one: a file that is named is run though pyproject.toml leaves it out of `make test`.
        parts = sorted(Path(__file__).parent.glob("test_*.py"))
        command = [sys.executable, "-m", "pytest", *map(str, parts), "-q", "--timeout=1800"]
        ended = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if ended or not figures.exists():
            return ended or 1
        rows = [json.loads(line) for line in figures.read_text().splitlines()]
    table = _table(rows)
    print(table)
    (ROOT / "docs" / "chaos.md").write_text(_page(table, rounds))
    return 0


def _table(rows: list[dict[str, object]]) -> str:
    by: dict[str, list[dict[str, object]]] = defaultdict(list)
    for row in rows:
        by[str(row["failure"])].append(row)
    lines = []
    for failure, some in by.items():
        seconds = [float(str(row["seconds"])) for row in some]
        shown = f"{len(some)} | {statistics.median(seconds):.2f} | {max(seconds):.2f}"
        lines.append(f"| {failure} | {some[-1]['saw']} | {some[-1]['recovered']} | {shown} |")
    return "\n".join(lines)


def machine() -> str:
    """The machine and the versions, in one line."""
    memory = psutil.virtual_memory().total / 2**30
    python = f"Python {platform.python_version()}, uvloop {version('uvloop')}, turnout {version('turnout')}"
    return f"{psutil.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, Linux {platform.release()}; {python}."


def _page(table: str, rounds: int) -> str:
    return TEXT.format(
        rounds=rounds, machine=machine(), rows=table, descriptors=DESCRIPTORS, threads=THREADS, memory=MEMORY // 2**20
    )


if __name__ == "__main__":
    raise SystemExit(main())
