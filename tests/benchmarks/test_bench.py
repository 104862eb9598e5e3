"""What a run does when a peer fails."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from benchmarks import bench as module
from benchmarks.bench import Bench, Row
from benchmarks.load import wrk
from benchmarks.processes import PROXY_CORE, FailedError, MissingError, Tree
from benchmarks.proxies import Proxy


class Sleeper(Proxy):
    """A proxy that serves nothing."""

    def __init__(self, name: str, folder: Path, seconds: str = "60") -> None:
        super().__init__([], folder, folder)
        self.name = name
        self.seconds = seconds

    def version(self) -> str:
        return "1"

    def start(self) -> Tree:
        self.tree = Tree(["sleep", self.seconds], self.folder / f"{self.name}.log", PROXY_CORE)
        return self.tree


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(module, "SETTLE", 0.0)
    return Bench(tmp_path, tmp_path, 3, 1.0, [])


@contextmanager
def started(*proxies: Sleeper) -> Iterator[None]:
    with ExitStack() as stack:
        for proxy in proxies:
            stack.enter_context(proxy.start())
        yield


def test_a_proxy_that_fails_is_named_and_the_others_go_on(made: Bench) -> None:
    proxies = [Sleeper("good", made.folder), Sleeper("bad", made.folder)]

    def measure(proxy: Proxy, tree: Tree, turn: int) -> dict[str, float]:
        if proxy.name == "bad" and turn == 1:
            raise FailedError("why")
        return {"figure": float(turn)}

    with started(*proxies):
        rows = made.turns(proxies, measure)
    good, bad = Row("good", {"figure": [0.0, 1.0, 2.0]}), Row("bad", {"figure": [0.0]}, "failed in round 2: why")
    assert rows == [good, bad]


def test_a_proxy_that_has_ended_has_failed_whatever_was_measured(made: Bench) -> None:
    proxy = Sleeper("ended", made.folder)

    def measure(proxy: Proxy, tree: Tree, turn: int) -> dict[str, float]:
        tree.resume()
        tree.process.kill()
        tree.process.wait()
        return {"figure": 1.0}

    with started(proxy):
        (row,) = made.turns([proxy], measure)
    assert row.figures == {}
    assert row.note.startswith("failed in round 1: ended with -9")


def test_peers_that_are_too_slow_are_in_the_cases_that_ask_for_them(
    made: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Quick(Sleeper):
        name = "quick"

        def __init__(self, upstreams: list[int], folder: Path, cache: Path) -> None:
            super().__init__(self.name, folder)

    class Heavy(Quick):
        name = "heavy"
        heavy = True

    monkeypatch.setattr(module, "ALL", (Quick, Heavy))
    with made.proxies([]) as few, made.proxies([], heavy=True) as all_of_them:
        assert [proxy.name for proxy in few] == ["quick"]
        assert [proxy.name for proxy in all_of_them] == ["quick", "heavy"]


def test_a_peer_that_cannot_start_is_left_out_by_name(made: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing(Proxy):
        name = "missing"

        def version(self) -> str:
            raise MissingError("why")

    monkeypatch.setattr(module, "ALL", (Missing,))
    with made.proxies([]) as found:
        assert found == []
    assert made.missing == {"missing": "why"}


def test_a_text_of_the_load_is_one_literal_of_lua() -> None:
    assert wrk._lua('a "b"\r\n\\c') == '"a \\034b\\034\\013\\010\\092c"'
