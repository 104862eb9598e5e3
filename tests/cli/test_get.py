import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml

from tests.support.command_line import turnout
from tests.support.objects import namespace, pool, route, server
from tests.support.real_api import RealApi


@pytest.fixture(scope="module")
def api() -> Iterator[RealApi]:
    with RealApi() as running:
        elsewhere = server("llm-2")
        elsewhere["metadata"]["namespace"] = "other"
        documents = [
            namespace(),
            namespace("other"),
            server("llm-0"),
            server("llm-1", app="llm-new"),
            elsewhere,
            route(),
        ]
        result = turnout("apply", "--api", running.url, "-f", "-", text=yaml.safe_dump_all(documents))
        assert result.returncode == 0, result.stderr
        yield running


def get(api: RealApi, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return turnout("get", "--api", api.url, *arguments)


@pytest.mark.parametrize("kind", ["modelservers", "modelserver", "ModelServer"])
def test_a_table_has_the_apis_columns(api: RealApi, kind: str) -> None:
    header, *rows = get(api, kind).stdout.splitlines()
    assert header.split()[:3] == ["NAME", "ADDRESS", "PORT"]
    assert [row.split()[:3] for row in rows] == [["llm-0", "127.0.0.1", "9001"], ["llm-1", "127.0.0.1", "9001"]]


def test_all_namespaces_have_a_column_of_their_own(api: RealApi) -> None:
    header, *rows = get(api, "modelservers", "-A").stdout.splitlines()
    assert header.split()[0] == "NAMESPACE"
    assert [row.split()[:2] for row in rows] == [["default", "llm-0"], ["default", "llm-1"], ["other", "llm-2"]]


def test_labels_select(api: RealApi) -> None:
    assert get(api, "modelservers", "-l", "app=llm-new", "-o", "name").stdout == "modelserver.turnout.dev/llm-1\n"


def test_one_object_as_yaml_is_the_object(api: RealApi) -> None:
    document = yaml.safe_load(get(api, "modelserver", "llm-0", "-o", "yaml").stdout)
    assert (document["kind"], document["metadata"]["name"]) == ("ModelServer", "llm-0")
    assert document["spec"]["port"] == 9001


def test_many_objects_as_json_are_a_list(api: RealApi) -> None:
    document = json.loads(get(api, "modelservers,httproutes", "-o", "json").stdout)
    assert document["kind"] == "List"
    assert [each["kind"] for each in document["items"]] == ["ModelServer", "ModelServer", "HTTPRoute"]


def test_several_kinds_are_told_apart(api: RealApi) -> None:
    shown = get(api, "modelservers,httproutes").stdout
    assert "\nmodelserver.turnout.dev/llm-0" in shown
    assert "\nhttproute.gateway.networking.k8s.io/route" in shown


def test_what_is_not_there_is_said(api: RealApi) -> None:
    missing = get(api, "modelserver", "none")
    assert missing.returncode == 1
    assert missing.stderr.startswith("Error from server (NotFound): ")
    nothing = get(api, "infpool")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert nothing.stderr == "No resources found in default namespace.\n"
    unknown = get(api, "cabbages")
    assert unknown.returncode == 1
    assert 'resource type "cabbages"' in unknown.stderr


def test_a_watch_goes_on_with_what_changes(api: RealApi) -> None:
    command = [sys.executable, "-m", "turnout", "get", "--api", api.url, "infpool", "-n", "other", "-w"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watch:
        try:
            assert watch.stderr is not None
            assert watch.stdout is not None
            for name in ("a", "b"):
                result = turnout("apply", "--api", api.url, "-n", "other", "-f", "-", text=yaml.safe_dump(pool(name)))
                assert result.returncode == 0
            assert watch.stdout.readline().split()[0] == "NAME"
            assert [watch.stdout.readline().split()[0] for _ in range(2)] == ["a", "b"]
        finally:
            watch.kill()


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        (
            "name",
            ["inferencepool.inference.networking.k8s.io/first", "inferencepool.inference.networking.k8s.io/second"],
        ),
        ('jsonpath={.metadata.name}{"\\n"}', ["first", "second"]),
    ],
)
def test_a_watch_shows_objects_in_every_form(api: RealApi, form: str, shown: list[str]) -> None:
    place = f"watched-{form[:4]}"
    command = [sys.executable, "-m", "turnout", "get", "--api", api.url, "infpool", "-n", place, "-w", "-o", form]
    objects = [{**pool(name), "metadata": {"name": name, "namespace": place}} for name in ("first", "second")]
    text = yaml.safe_dump_all([namespace(place), objects[0]])
    assert turnout("apply", "--api", api.url, "-f", "-", text=text).returncode == 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watch:
        try:
            assert watch.stdout is not None
            assert watch.stdout.readline().strip() == shown[0]
            assert turnout("apply", "--api", api.url, "-f", "-", text=yaml.safe_dump(objects[1])).returncode == 0
            assert watch.stdout.readline().strip() == shown[1]
        finally:
            watch.kill()


def test_watched_yaml_is_one_document_after_the_other(api: RealApi) -> None:
    command = [sys.executable, "-m", "turnout", "get", "--api", api.url, "modelservers", "-w", "-o", "yaml"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watch:
        try:
            assert watch.stdout is not None
            first = list(iter(watch.stdout.readline, "---\n"))
        finally:
            watch.kill()
    assert yaml.safe_load("".join(first))["metadata"]["name"] == "llm-0"
