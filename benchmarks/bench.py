"""One run: its folder, its proxies, its turns."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import Struct

from benchmarks.processes import FailedError, MissingError, Tree, free_ports
from benchmarks.proxies import ALL, Proxy
from benchmarks.upstream import model_servers

SETTLE = 1.0
"""Seconds between a proxy's waking and its measurement: what it does after a pause is not its work."""


class Row(Struct):
    """One proxy (or setting) of one case: each figure once per round.

    `note` says why there are fewer: a proxy whose measurement failed has no further ones in this case.
    """

    name: str
    figures: dict[str, list[float]]
    note: str = ""

    def add(self, found: dict[str, float]) -> None:
        """One round more."""
        for key, value in found.items():
            self.figures.setdefault(key, []).append(value)


class Bench:
    """What the cases need. `rounds` measurements of `seconds` each, per proxy."""

    def __init__(self, folder: Path, cache: Path, rounds: int, seconds: float, only: Sequence[str]) -> None:
        self.folder = folder
        self.cache = cache
        self.rounds = rounds
        self.seconds = seconds
        self.only = tuple(only)
        self.missing: dict[str, str] = {}
        self.versions: dict[str, str] = {}

    def say(self, text: str) -> None:
        """Progress, for whoever waits."""
        print(text, file=sys.stderr, flush=True)

    @contextmanager
    def upstreams(
        self, count: int, start: Callable[[Path, Sequence[int]], Tree] = model_servers
    ) -> Iterator[list[int]]:
        """So many model servers on the other core."""
        ports = free_ports(count)
        with start(self.folder / start.__name__, ports):
            yield ports

    @contextmanager
    def proxies(self, upstreams: Sequence[int], *, heavy: bool = False) -> Iterator[list[Proxy]]:
        """Every proxy that this machine can run, started and paused. What it cannot is noted in `missing`."""
        with ExitStack() as stack:
            started: list[Proxy] = []
            for kind in ALL:
                if (self.only and kind.name.split(" ")[0] not in self.only) or (kind.heavy and not heavy):
                    continue
                proxy = kind(upstreams, self.folder, self.cache)
                try:
                    self.versions[kind.name] = proxy.version()
                    tree = proxy.start()
                except MissingError as missing:
                    self.missing[kind.name] = str(missing)
                    self.say(f"left out: {kind.name}: {missing}")
                    continue
                stack.enter_context(tree)
                tree.pause()
                started.append(proxy)
            yield started

    def turns(self, proxies: Sequence[Proxy], measure: Callable[[Proxy, Tree, int], dict[str, float]]) -> list[Row]:
        """Each round measures every proxy once, while the others are stopped; each begins with another.

        One that fails is named in its row, and left out of the rounds that follow.
        """
        rows = {proxy.name: Row(proxy.name, {}) for proxy in proxies}
        for turn in range(self.rounds):
            for place in range(len(proxies)):
                proxy = proxies[(place + turn) % len(proxies)]
                row = rows[proxy.name]
                if row.note:
                    continue
                assert proxy.tree is not None
                try:
                    found = _measured(proxy, proxy.tree, turn, measure)
                except FailedError as failed:
                    row.note = f"failed in round {turn + 1}: {failed}"
                    self.say(f"  {proxy.name}: {row.note}")
                    continue
                row.add(found)
                shown = ", ".join(f"{key} {value:,.4g}" for key, value in found.items())
                self.say(f"  round {turn + 1}: {proxy.name}: {shown}")
        return list(rows.values())


def _measured(
    proxy: Proxy, tree: Tree, turn: int, measure: Callable[[Proxy, Tree, int], dict[str, float]]
) -> dict[str, float]:
    tree.resume()
    try:
        time.sleep(SETTLE)
        tree.require()
        found = measure(proxy, tree, turn)
        tree.require()
        return found
    finally:
        tree.pause()


@contextlib.contextmanager
def descriptors() -> Iterator[None]:
    """Raises this process's limit of open files to what it may have."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))
