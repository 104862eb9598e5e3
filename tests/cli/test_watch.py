"""`turnout up --watch`: the objects follow the files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command_line import turnout
from tests.support.objects import namespace, pool
from tests.support.system import System, system, until

pytestmark = pytest.mark.e2e


def written(path: Path, *documents: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump_all(documents))


def pools(running: System, *where: str) -> set[str]:
    shown = turnout("get", "infpool", "-o", "name", "--kubeconfig", running.kubeconfig, *where)
    assert shown.returncode == 0, shown.stderr
    return {line.partition("/")[2] for line in shown.stdout.split()}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    written(folder / "a.yaml", pool("a"), pool("b"))
    return folder


@pytest.fixture
def running(tmp_path: Path, files: Path) -> Iterator[System]:
    with system(tmp_path, "-f", str(files), "--watch") as started:
        yield started


def test_what_a_file_gains_is_applied_and_what_it_loses_is_deleted(running: System, files: Path) -> None:
    other = yaml.safe_dump(pool("mine"))
    assert turnout("apply", "--kubeconfig", running.kubeconfig, "-f", "-", text=other).returncode == 0
    assert pools(running) == {"a", "b", "mine"}
    written(files / "a.yaml", pool("b"), pool("c"))
    until(lambda: pools(running) == {"b", "c", "mine"})
    written(files / "more.yaml", pool("d"))
    until(lambda: pools(running) == {"b", "c", "d", "mine"})
    (files / "a.yaml").unlink()
    until(lambda: pools(running) == {"d", "mine"})
    (files / "more.yaml").unlink()
    until(lambda: pools(running) == {"mine"})


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("kind: InferencePool\nmetadata: {name: a\n", "a.yaml:"),
        ("a: 1\na: 2\n", 'a.yaml:2: key "a" is already set on line 1'),
        (yaml.safe_dump({**pool("a"), "spec": {"targetPorts": []}}), "a.yaml:6: InferencePool/a: spec.targetPorts"),
    ],
)
def test_nothing_is_deleted_while_a_file_is_broken(running: System, files: Path, broken: str, said: str) -> None:
    written(files / "good.yaml", pool("good"))
    until(lambda: "good" in pools(running))
    (files / "a.yaml").write_text(broken)
    until(lambda: said in running.log.read_text())
    written(files / "good.yaml", pool("better"))
    until(lambda: "better" in pools(running))
    assert pools(running) == {"a", "b", "good", "better"}
    written(files / "a.yaml", pool("a"))
    until(lambda: pools(running) == {"a", "better"})


def test_a_namespace_stays_as_long_as_others_live_in_it(running: System, files: Path) -> None:
    inside, mine = pool("inside"), pool("mine")
    for each in (inside, mine):
        each["metadata"]["namespace"] = "team"
    written(files / "team.yaml", namespace("team"), inside)
    until(lambda: pools(running, "-n", "team") == {"inside"})
    assert turnout("apply", "--kubeconfig", running.kubeconfig, "-f", "-", text=yaml.safe_dump(mine)).returncode == 0
    (files / "team.yaml").unlink()
    until(lambda: pools(running, "-n", "team") == {"mine"})
    until(lambda: "namespace/team is in no file any longer and stays" in running.log.read_text())


def test_a_restart_knows_what_came_from_files(tmp_path: Path, files: Path) -> None:
    state = str(tmp_path / "state")
    with system(tmp_path, "-f", str(files), "--watch", state=state) as first:
        assert pools(first) == {"a", "b"}
    written(files / "a.yaml", pool("b"))
    with system(tmp_path, "-f", str(files), state=state) as second:
        assert pools(second) == {"a", "b"}, "without --watch nothing is deleted"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with system(tmp_path, "-f", str(elsewhere), "--watch", state=state) as third:
        assert "a" in pools(third), "objects of other files are left alone"
    with system(tmp_path, "-f", str(files), "--watch", state=state) as fourth:
        assert pools(fourth) == {"b"}


def test_watch_needs_files(tmp_path: Path) -> None:
    assert "--watch needs files" in turnout("up", "--watch").stderr
    assert "--watch needs files" in turnout("up", "--watch", "-f", "-", folder=tmp_path).stderr
