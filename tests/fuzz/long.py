"""`make fuzz`: millions of inputs, several at a time; docs/fuzz.md from what was seen.

A run goes on where one of the same seed and sources stopped: what is done is kept in `--progress`.
"""

import argparse
import json
import os
import platform
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from importlib.metadata import version
from pathlib import Path
from random import Random

from tests.fuzz.grammar import scenario
from tests.fuzz.judging import agree, is_patient, judge
from tests.fuzz.rig import Rig

ROOT = Path(__file__).resolve().parents[2]
BATCH = 5_000
STRIDE = 10**9
KEPT = 20
Tally = dict[str, int]
TEXT = """# Fuzzing

`make fuzz` sends generated requests through the worker's own protocols (`Downstream`, `Exchange`, `Upstream`, `Tunnel`)
between transports in memory, and generated answers back; `FUZZ="--inputs 100000"` for fewer. An input is one client's
connection: one to five requests, the answers of the servers, the places where reads end, refused connects, slow and
leaving clients. Three in ten inputs are well-formed, in the others requests or answers are spoilt: bytes changed,
dropped and spliced in, lines doubled and folded, framings and numbers twisted, cut off anywhere. Inputs follow from a
seed: `python -m tests.fuzz.long --replay SEED:NUMBER` runs one again.

{machine}

| inputs | findings | seconds | inputs a second | requests passed on whole | answers read whole | most body bytes held |
|---|---|---|---|---|---|---|
| {inputs:,} | {findings} | {seconds:,.0f} | {rate:,.0f} | {forwarded:,} | {answered:,} | {most:,} |

Answers by status: {statuses}.

What is held of every input:

- no exception leaves a callback; all is over in bounded virtual time, with nothing in flight and no session left;
- the bytes of bodies in the worker's hands stay below the limits (here 32 KiB for a body, so that inputs reach it);
- what a server is sent, h11 reads as one request: the very one that h11 reads in the client's bytes (or that the
  generator meant): method, target, headers but for those of one hop, body; never one that the client did not send;
- what the client gets, h11 reads as answers, never more than requests, each with the status, the headers and the body
  that h11 reads in the server's bytes; an answer that a server did not finish never ends clean;
- the same bytes of a client in one read bring the same requests and the same answers (tried with {again:,} of them);
- a client that stays gets an answer to each well-formed request, or sees its connection end.

h11 refuses some that llhttp reads and that change no meaning, since all is written anew: more than one space in a first
line, empty lines before it, any reason phrase, a framing header in a trailer or in an interim answer, zeros that bring
a length over 20 digits.

{found}

Faults that fuzzing has found so far, each mended and held by a test:

- a server's whole answer with the first bytes of another one behind it: its connection was used again, and the next
  client got that status with its own answer's headers (such a connection is not used again);
- a server's `Transfer-Encoding: chunked` with a tab behind was taken for chunks, which llhttp does not read there: the
  client got the chunks' framing as its body (502 since);
- an HTTP/1.0 request with `Proxy-Connection: keep-alive` was taken for HTTP/1.1 and answered in chunks, and so was a
  request line without a version;
- a head over the limit was served when it came behind another request in one read;
- a part of a body that is empty was written as the last chunk (no socket brings one);
- switched protocols left a cycle for the garbage collector.
"""


def batch(seed: int, first: int, count: int) -> tuple[Tally, list[str]]:
    """Runs inputs `first` and so many more; what was counted, and what was found."""
    tally: Counter[str] = Counter()
    found: list[str] = []
    rig = Rig()
    most = 0
    for number in range(first, first + count):
        try:
            most = max(most, one(rig, seed, number, tally))
        except Exception as error:  # noqa: BLE001 - that nothing is raised is what is looked for
            found.append(f"{seed}:{number} {''.join(traceback.format_exception(error))[-3000:]}")
            rig.close()
            rig = Rig()
    rig.close()
    tally["inputs"] = count
    tally["most"] = most
    return dict(tally), found


def one(rig: Rig, seed: int, number: int, tally: Counter[str]) -> int:
    """Runs one input; the most bytes of bodies that the rig has ever held."""
    made = scenario(Random(seed * STRIDE + number))
    rig.run(made)
    forwarded, answers = judge(rig)
    if number % 4 == 0 and made.cuts and is_patient(made):
        tally["again in one read"] += 1
        rig.run(made._replace(cuts=()))
        agree((forwarded, answers), judge(rig))
    tally["forwarded"] += len(forwarded)
    for status, _, _ in answers:
        tally[f"status {status}"] += 1
    return rig.most


class Run:
    """A long run: what is done of it so far."""

    def __init__(self, seed: int, progress: Path) -> None:
        self.seed = seed
        self.tally: Counter[str] = Counter()
        self.found: list[str] = []
        self.seconds = 0.0
        self.done: set[int] = set()
        self._progress = progress
        self._sources = sources()
        if progress.exists():
            kept = json.loads(progress.read_text())
            if kept["seed"] == seed and kept["sources"] == self._sources:
                self.tally.update(kept["tally"])
                self.found, self.seconds, self.done = kept["found"], kept["seconds"], set(kept["done"])

    def take(self, number: int, counted: Tally, found: list[str]) -> None:
        """One batch is done."""
        most = max(self.tally["most"], counted.pop("most"))
        self.tally.update(counted)
        self.tally["most"] = most
        self.found = (self.found + found)[:KEPT]
        self.tally["findings"] += len(found)
        self.done.add(number)

    def save(self) -> None:
        """Keeps it for a run that goes on here."""
        self._progress.parent.mkdir(parents=True, exist_ok=True)
        whole = {
            "seed": self.seed,
            "sources": self._sources,
            "tally": self.tally,
            "found": self.found,
            "seconds": self.seconds,
            "done": sorted(self.done),
        }
        fresh = self._progress.with_suffix(".new")
        fresh.write_text(json.dumps(whole))
        fresh.replace(self._progress)

    def go(self, inputs: int, jobs: int) -> None:
        """Runs what is left of so many inputs."""
        left = [number for number in range(-(-inputs // BATCH)) if number not in self.done][::-1]
        before, began, said = self.seconds, time.monotonic(), 0.0
        running: dict[Future[tuple[Tally, list[str]]], int] = {}
        with ProcessPoolExecutor(jobs) as pool:
            while left or running:
                while left and len(running) < jobs * 2:
                    number = left.pop()
                    size = min(BATCH, inputs - number * BATCH)
                    running[pool.submit(batch, self.seed, number * BATCH, size)] = number
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    counted, found = future.result()
                    self.take(running.pop(future), counted, found)
                    for each in found:
                        print(each, flush=True)
                self.seconds = before + time.monotonic() - began
                if self.seconds - said > 30:
                    said = self.seconds
                    print(f"{self.tally['inputs']:,} of {inputs:,}, {self.tally['findings']} findings", flush=True)
                    self.save()
        self.save()

    def page(self) -> str:
        """docs/fuzz.md."""
        tally = self.tally
        statuses = {int(key[7:]): count for key, count in tally.items() if key.startswith("status ")}
        known = ", ".join(f"{status} ({statuses[status]:,})" for status in sorted(statuses) if statuses[status] > 99)
        listed = "\n".join(f"```\n{each}\n```" for each in self.found)
        return TEXT.format(
            machine=machine(self.seed),
            inputs=tally["inputs"],
            findings=tally["findings"],
            seconds=self.seconds,
            rate=tally["inputs"] / max(self.seconds, 1e-9),
            forwarded=tally["forwarded"],
            answered=sum(statuses.values()),
            most=tally["most"],
            again=tally["again in one read"],
            statuses=known,
            found=listed or "The run found nothing that breaks them.",
        )


def sources() -> str:
    """A mark that changes with the sources under test."""
    places = [*(ROOT / "src" / "turnout").rglob("*.py"), *Path(__file__).parent.glob("*.py")]
    return str(max(place.stat().st_mtime_ns for place in places))


def machine(seed: int) -> str:
    """Where it ran."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("httptools", "h11"))
    return f"Python {platform.python_version()}, {versions}, {os.cpu_count()} cores, {platform.machine()}, seed {seed}."


def main() -> int:
    """Writes the page; 1 when something was found."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--inputs", type=int, default=10_000_000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--progress", type=Path, default=ROOT / ".fuzz" / "progress.json")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "fuzz.md")
    parser.add_argument("--replay", metavar="SEED:NUMBER")
    asked = parser.parse_args()
    if asked.replay:
        seed, number = map(int, asked.replay.split(":"))
        print(scenario(Random(seed * STRIDE + number)))
        print(batch(seed, number, 1))
        return 0
    run = Run(asked.seed, asked.progress)
    run.go(asked.inputs, asked.jobs)
    asked.page.write_text(run.page())
    print(f"{run.tally['inputs']:,} inputs, {run.tally['findings']} findings, {run.seconds:.0f} s: {asked.page}")
    return 1 if run.tally["findings"] else 0


if __name__ == "__main__":
    sys.exit(main())
