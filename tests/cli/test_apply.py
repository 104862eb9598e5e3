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
    assert (
        'The InferencePool "bad" is invalid: \n* spec.selector: Required value\n* spec.targetPorts: ' in result.stderr
    )


def test_several_refusals_are_told_one_by_one_and_by_file(api: RealApi, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump_all([{**pool("x"), "spec": {}}, {**pool("y"), "spec": {}}]))
    (tmp_path / "b.yaml").write_text("apiVersion: a.b/v1\nkind: X\nmetadata: {name: it}\n")
    (tmp_path / "c.yaml").write_text("a: 1\na: 2\n")
    result = turnout("apply", "--api", api.url, "-f", str(tmp_path))
    _, first, second, third, ensure, broken = result.stderr.splitlines()
    doing = f'Error from server (Invalid): error when creating "{tmp_path}/a.yaml": '
    assert first.startswith(doing)
    assert second.startswith(doing)
    assert third.startswith('resource mapping not found for name: "it" namespace: "" from ')
    assert ensure == "ensure CRDs are installed first"
    assert broken == f'error: {tmp_path}/c.yaml:2: key "a" is already set on line 1'


def test_nothing_is_stored_in_a_dry_run(api: RealApi) -> None:
    text = yaml.safe_dump(pool("tried"))
    for _ in range(2):
        result = turnout("apply", "--api", api.url, "--dry-run=server", "-f", "-", text=text)
        assert result.stdout == "inferencepool.inference.networking.k8s.io/tried created (server dry run)\n"


def test_a_dry_run_tells_what_would_change(api: RealApi) -> None:
    text = yaml.safe_dump(pool("dry"))
    assert turnout("apply", "--api", api.url, "-f", "-", text=text).returncode == 0
    said = [
        turnout("apply", "--api", api.url, "--dry-run=server", "-f", "-", text=each).stdout.split()[1]
        for each in (text, text.replace("number: 8000", "number: 8001"))
    ]
    assert said == ["unchanged", "configured"]


def test_objects_can_be_printed_as_they_are_stored(api: RealApi) -> None:
    result = turnout("apply", "--api", api.url, "-f", "-", "-o", "yaml", text=yaml.safe_dump(pool("shown")))
    assert yaml.safe_load(result.stdout)["spec"]["appProtocol"] == "http"
    named = turnout("apply", "--api", api.url, "-f", "-", "-o", "name", text=yaml.safe_dump(pool("shown")))
    assert named.stdout == "inferencepool.inference.networking.k8s.io/shown\n"


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
