"""Which server a verb talks to, and as whom."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.command_line import turnout
from tests.support.objects import namespace, pool
from tests.support.real_api import RealApi
from tests.support.system import System, system
from turnout.kube.kubeconfig import write_kubeconfig

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with system(tmp_path_factory.mktemp("guarded"), "--api-auth") as running:
        yield running


@pytest.fixture(scope="module")
def other() -> Iterator[RealApi]:
    with RealApi() as api:
        text = yaml.safe_dump_all([namespace(), pool("other")])
        assert turnout("apply", "--api", api.url, "-f", "-", text=text).returncode == 0
        yield api


def test_a_kubeconfig_brings_its_authority_and_its_token(guarded: System) -> None:
    assert guarded.api.startswith("https://")
    text = yaml.safe_dump(pool("a"))
    applied = turnout("apply", "-f", "-", "--kubeconfig", guarded.kubeconfig, text=text)
    assert (applied.returncode, applied.stderr) == (0, f"server {guarded.api}\n")
    shown = turnout("get", "infpool", "-o", "name", environment={"KUBECONFIG": guarded.kubeconfig})
    assert shown.stdout == "inferencepool.inference.networking.k8s.io/a\n"
    described = turnout("describe", "infpool", "a", "--kubeconfig", guarded.kubeconfig)
    assert described.returncode == 0, described.stderr
    assert turnout("delete", "infpool", "a", "--kubeconfig", guarded.kubeconfig).returncode == 0


def test_a_wrong_token_is_refused(guarded: System, tmp_path: Path) -> None:
    config = yaml.safe_load(Path(guarded.kubeconfig).read_text())
    config["users"][0]["user"]["token"] = "wrong"
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    refused = turnout("get", "ns", "--kubeconfig", str(tmp_path / "config"))
    assert refused.returncode == 1
    assert "Unauthorized" in refused.stderr


def test_a_server_of_another_authority_is_not_believed(guarded: System) -> None:
    refused = turnout("get", "ns", "--api", guarded.api)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"error: {guarded.api}: ")
    assert "certificate" in refused.stderr


def test_a_url_goes_before_kubeconfigs_and_those_before_the_users_own_system(
    guarded: System, other: RealApi, tmp_path: Path
) -> None:
    write_kubeconfig(tmp_path / "turnout" / "kubeconfig", other.url)
    own = {"XDG_STATE_HOME": str(tmp_path)}
    named = {**own, "KUBECONFIG": guarded.kubeconfig}
    other_pool = "inferencepool.inference.networking.k8s.io/other\n"
    ask = ("get", "infpool", "-o", "name")
    assert turnout(*ask, environment=own).stdout == other_pool
    assert turnout(*ask, environment=named).stdout == ""
    assert turnout(*ask, "--api", other.url, environment=named).stdout == other_pool
    assert turnout(*ask, "--kubeconfig", os.devnull, environment=own).returncode == 1


def test_without_any_server_it_says_what_to_do(tmp_path: Path) -> None:
    lost = turnout("get", "ns", environment={"XDG_STATE_HOME": str(tmp_path)})
    assert (lost.returncode, lost.stderr) == (
        1,
        "error: no API server: start `turnout up`, or name one with --api or --kubeconfig\n",
    )
