from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.command_line import turnout
from tests.support.objects import gateway_class, namespace, pool, route
from tests.support.real_api import RealApi
from turnout.kube.kubeconfig import write_kubeconfig


@pytest.fixture(scope="module")
def api() -> Iterator[RealApi]:
    with RealApi() as running:
        result = turnout("apply", "--api", running.url, "-f", "-", text=yaml.safe_dump(namespace()))
        assert result.returncode == 0, result.stderr
        yield running


def test_what_became_of_each_object_is_printed(api: RealApi) -> None:
    text = yaml.safe_dump_all([route(llm=1), pool("llm"), namespace("team")])
    first = turnout("apply", "--api", api.url, "-f", "-", text=text)
    assert first.returncode == 0
    assert first.stdout.splitlines() == [
        "namespace/team created",
        "httproute.gateway.networking.k8s.io/route created",
        "inferencepool.inference.networking.k8s.io/llm created",
    ]
    assert first.stderr.splitlines()[0] == f"server {api.url}"
    again = turnout("apply", "--api", api.url, "-f", "-", text=text.replace("weight: 1", "weight: 2"))
    assert [line.rpartition(" ")[2] for line in again.stdout.splitlines()] == ["unchanged", "configured", "unchanged"]


def test_one_bad_object_fails_the_command_and_no_other_object(api: RealApi) -> None:
    bad = {**pool("bad"), "spec": {}}
    text = yaml.safe_dump_all([bad, pool("good")])
    result = turnout("apply", "--api", api.url, "-f", "-", text=text)
    assert result.returncode == 1
    assert result.stdout == "inferencepool.inference.networking.k8s.io/good created\n"
    assert "inferencepool.inference.networking.k8s.io/bad: " in result.stderr
    assert "spec.selector" in result.stderr


def test_a_folder_and_a_namespace(api: RealApi, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(pool("one")))
    (tmp_path / "b.yml").write_text(yaml.safe_dump(namespace("place")))
    result = turnout("apply", "--api", api.url, "-n", "place", "-f", str(tmp_path))
    assert result.returncode == 0, result.stderr
    listed = turnout("get", "infpool", "--api", api.url, "-n", "place", "-o", "name")
    assert listed.stdout == "inferencepool.inference.networking.k8s.io/one\n"


def test_a_file_that_cannot_be_read_is_named_with_its_line(api: RealApi, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("a: 1\nb: [\n")
    (tmp_path / "good.yaml").write_text(yaml.safe_dump(gateway_class()))
    result = turnout("apply", "--api", api.url, "-f", str(tmp_path))
    assert result.returncode == 1
    assert "gatewayclass.gateway.networking.k8s.io/turnout created" in result.stdout
    assert "bad.yaml:" in result.stderr


def test_the_servers_warnings_are_shown(api: RealApi) -> None:
    document = route("seed", llm=1)
    document["spec"]["parentRefs"][0].update(group="inference.networking.k8s.io", kind="InferenceGateway")
    result = turnout("apply", "--api", api.url, "-f", "-", text=yaml.safe_dump(document))
    assert result.returncode == 0
    assert "\nWarning: " in result.stderr


def test_the_server_is_found_through_a_kubeconfig(api: RealApi, tmp_path: Path) -> None:
    write_kubeconfig(tmp_path / "turnout" / "kubeconfig", api.url)
    for environment in (
        {"XDG_STATE_HOME": str(tmp_path)},
        {"KUBECONFIG": str(tmp_path / "turnout" / "kubeconfig")},
    ):
        result = turnout("apply", "-f", "-", text=yaml.safe_dump(namespace()), environment=environment)
        assert (result.returncode, result.stdout) == (0, "namespace/default unchanged\n")


def test_without_a_server_the_text_says_what_to_do() -> None:
    result = turnout("apply", "-f", "-", text=yaml.safe_dump(namespace()))
    assert result.returncode == 1
    assert "turnout up" in result.stderr


def test_a_server_that_does_not_answer_is_named() -> None:
    result = turnout("apply", "--api", "127.0.0.1:1", "-f", "-", text=yaml.safe_dump(namespace()))
    assert result.returncode == 1
    assert "http://127.0.0.1:1" in result.stderr
    assert "Traceback" not in result.stderr


def test_nothing_to_apply_is_a_usage_error() -> None:
    assert turnout("apply").returncode == 2
