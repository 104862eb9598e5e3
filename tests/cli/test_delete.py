import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml

from tests.support.command_line import turnout
from tests.support.objects import namespace, pool
from tests.support.real_api import RealApi


@pytest.fixture(scope="module")
def api() -> Iterator[RealApi]:
    with RealApi() as running:
        yield running


@pytest.fixture(autouse=True)
def pools(api: RealApi) -> str:
    text = yaml.safe_dump_all([namespace(), pool("a"), pool("b")])
    assert turnout("apply", "--api", api.url, "-f", "-", text=text).returncode == 0
    return yaml.safe_dump_all([pool("a"), pool("b")])


def left(api: RealApi) -> list[str]:
    return [line.partition("/")[2] for line in turnout("get", "infpool", "--api", api.url, "-o", "name").stdout.split()]


def test_objects_are_deleted_by_name(api: RealApi) -> None:
    result = turnout("delete", "infpool", "a", "--api", api.url)
    assert result.returncode == 0
    assert result.stdout == 'inferencepool.inference.networking.k8s.io "a" deleted\n'
    assert result.stderr == f"server {api.url}\n"
    assert left(api) == ["b"]


def test_objects_are_deleted_by_manifest(api: RealApi, pools: str) -> None:
    assert turnout("delete", "-f", "-", "--api", api.url, text=pools).returncode == 0
    assert left(api) == []


def test_every_name_is_tried(api: RealApi) -> None:
    result = turnout("delete", "infpool", "none", "b", "--api", api.url)
    assert result.returncode == 1
    assert "Error from server (NotFound)" in result.stderr
    assert left(api) == ["a"]


def test_what_is_not_there_can_be_as_good_as_deleted(api: RealApi) -> None:
    assert turnout("delete", "infpool", "none", "--ignore-not-found", "--api", api.url).returncode == 0


@pytest.mark.parametrize(
    "arguments", [[], ["infpool"], ["infpool", "a", "-f", "-"], ["infpool", "a", "--all"], ["infpool", "gateway/a"]]
)
def test_it_must_be_clear_what_to_delete(api: RealApi, arguments: list[str]) -> None:
    assert turnout("delete", *arguments, "--api", api.url).returncode in (1, 2)
    assert left(api) == ["a", "b"]


def test_labels_choose_what_is_deleted(api: RealApi) -> None:
    chosen = pool("a")
    chosen["metadata"]["labels"] = {"old": "yes"}
    assert turnout("apply", "--api", api.url, "-f", "-", text=yaml.safe_dump(chosen)).returncode == 0
    assert turnout("delete", "infpool", "-l", "old=yes", "--api", api.url).returncode == 0
    assert left(api) == ["b"]
    assert turnout("delete", "infpool", "--all", "--api", api.url).returncode == 0
    assert left(api) == []


def test_nothing_goes_in_a_dry_run(api: RealApi) -> None:
    result = turnout("delete", "infpool/a", "--dry-run=server", "--api", api.url)
    assert result.stdout == 'inferencepool.inference.networking.k8s.io "a" deleted (server dry run)\n'
    assert left(api) == ["a", "b"]


def test_an_object_that_is_kept_is_waited_for(api: RealApi) -> None:
    kept = pool("a")
    kept["metadata"]["finalizers"] = ["example.com/keep"]
    assert turnout("apply", "--api", api.url, "-f", "-", text=yaml.safe_dump(kept)).returncode == 0
    waited = turnout("delete", "infpool/a", "--timeout", "200ms", "--api", api.url)
    assert (waited.returncode, waited.stderr.splitlines()[-1]) == (1, "error: timed out waiting for the condition")
    assert turnout("delete", "infpool/a", "--wait=false", "--api", api.url).returncode == 0
    with subprocess.Popen(
        [sys.executable, "-m", "turnout", "delete", "infpool/a", "--api", api.url], stdout=subprocess.PIPE, text=True
    ) as waiting:
        assert waiting.stdout is not None
        assert waiting.stdout.readline().endswith("deleted\n")
        assert turnout("apply", "--api", api.url, "-f", "-", text=yaml.safe_dump(pool("a"))).returncode == 0
        assert waiting.wait(30) == 0
    assert left(api) == ["b"]
