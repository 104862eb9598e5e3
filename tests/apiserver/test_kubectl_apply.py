"""Stock kubectl on the write path: server-side apply, protobuf, who may do what, what goes with what."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import ApiProcess, api
from tests.support.kubectl import Kubectl, kubeconfig_for, kubectl_for

ROUTE = (Path(__file__).parents[2] / "examples" / "seed" / "routes-to-llm-node-update.yaml").read_text()
OTHER = ROUTE.replace("weight: 90", "weight: 50")
NAME = "httproute/routes-to-llm"
SERVER_SIDE = ("apply", "--server-side", "-f", "-")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    with api(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
def kubectl(served: ApiProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """kubectl in a Namespace `default` that is empty again afterwards."""
    folder = tmp_path_factory.mktemp("kubectl")
    run = kubectl_for(kubeconfig_for(served.url, folder), folder)
    yield run
    run("delete", "httproutes,configmaps,secrets", "--all")


def managers(kubectl: Kubectl, name: str) -> dict[tuple[str, str], Any]:
    found = json.loads(kubectl("get", name, "-o", "json", "--show-managed-fields").stdout)
    return {(each["manager"], each["operation"]): each["fieldsV1"] for each in found["metadata"]["managedFields"]}


def version(kubectl: Kubectl, name: str) -> str:
    return kubectl("get", name, "-o", "jsonpath={.metadata.resourceVersion} {.metadata.generation}").stdout


def test_a_second_server_side_apply_moves_nothing(kubectl: Kubectl) -> None:
    done = kubectl(*SERVER_SIDE, stdin=ROUTE)
    before = version(kubectl, NAME)
    kubectl(*SERVER_SIDE, stdin=ROUTE)

    assert done.stdout == "httproute.gateway.networking.k8s.io/routes-to-llm serverside-applied\n"
    assert version(kubectl, NAME) == before
    assert managers(kubectl, NAME) == {("kubectl", "Apply"): {"f:spec": {"f:parentRefs": {}, "f:rules": {}}}}


def test_a_conflict_names_the_manager_and_the_field_and_can_be_forced(kubectl: Kubectl) -> None:
    kubectl(*SERVER_SIDE, stdin=ROUTE)
    other = (*SERVER_SIDE, "--field-manager=other")

    said = kubectl.refused(*other, stdin=OTHER)
    assert 'Apply failed with 1 conflict: conflict with "kubectl": .spec.rules' in said

    kubectl(*other, "--force-conflicts", stdin=OTHER)
    assert managers(kubectl, NAME)["kubectl", "Apply"] == {"f:spec": {"f:parentRefs": {}}}
    assert managers(kubectl, NAME)["other", "Apply"] == {"f:spec": {"f:parentRefs": {}, "f:rules": {}}}


def test_client_side_apply_is_taken_over_without_a_conflict_and_taken_back(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=ROUTE)
    assert set(managers(kubectl, NAME)) == {("kubectl-client-side-apply", "Update")}

    kubectl(*SERVER_SIDE, stdin=OTHER)
    assert ("kubectl-client-side-apply", "Update") not in managers(kubectl, NAME)
    assert managers(kubectl, NAME)["kubectl", "Apply"] == {"f:spec": {"f:parentRefs": {}, "f:rules": {}}}

    kubectl("apply", "-f", "-", stdin=ROUTE)
    weight = kubectl("get", NAME, "-o", "jsonpath={.spec.rules[0].backendRefs[0].weight}").stdout
    assert weight == "90"


def test_what_is_applied_no_longer_is_removed(kubectl: Kubectl) -> None:
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1", "b": "2"}}
    kubectl(*SERVER_SIDE, stdin=json.dumps(document))
    kubectl("patch", "cm", "c", "-p", '{"data":{"theirs":"3"}}')

    kubectl(*SERVER_SIDE, stdin=json.dumps(document | {"data": {"b": "2"}}))

    assert json.loads(kubectl("get", "cm", "c", "-o", "jsonpath={.data}").stdout) == {"b": "2", "theirs": "3"}


def test_a_server_side_diff_shows_the_change_and_makes_none(kubectl: Kubectl) -> None:
    kubectl(*SERVER_SIDE, stdin=ROUTE)
    before = version(kubectl, NAME)

    with pytest.raises(subprocess.CalledProcessError) as differs:
        kubectl("diff", "--server-side", "-f", "-", stdin=OTHER)

    assert differs.value.returncode == 1
    assert "+      weight: 50" in differs.value.stdout
    assert version(kubectl, NAME) == before


def test_an_unknown_field_cannot_be_applied(kubectl: Kubectl) -> None:
    said = kubectl.refused(*SERVER_SIDE, stdin=ROUTE.replace("rules:", "spam: 1\n  rules:"))

    assert ".spec.spam: field not declared in schema" in said


def test_namespaces_config_maps_and_secrets_are_created_by_their_own_verbs(kubectl: Kubectl) -> None:
    assert kubectl("create", "namespace", "made").stdout == "namespace/made created\n"
    assert kubectl("create", "configmap", "c", "--from-literal=a=b").stdout == "configmap/c created\n"
    assert kubectl("create", "secret", "generic", "s", "--from-literal=a=b").stdout == "secret/s created\n"

    assert kubectl("get", "cm", "c", "-o", "jsonpath={.data.a}").stdout == "b"
    assert kubectl("get", "secret", "s", "-o", "jsonpath={.data.a}").stdout == "Yg=="
    assert ("kubectl-create", "Update") in managers(kubectl, "secret/s")
    assert 'configmaps "c" already exists' in kubectl.refused("create", "configmap", "c")
    kubectl("delete", "namespace", "made")


def test_whoever_asks_may_do_everything(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "create", "httproutes").stdout == "yes\n"
    assert kubectl("auth", "can-i", "--list").stdout.splitlines()[1].split()[:1] == ["*.*"]
    assert "turnout" in kubectl("auth", "whoami").stdout


@pytest.mark.parametrize(("cascade", "left"), [("background", ""), ("foreground", ""), ("orphan", "mine")])
def test_a_delete_cascades_as_it_is_told(kubectl: Kubectl, cascade: str, left: str) -> None:
    kubectl("create", "configmap", "owner")
    uid = kubectl("get", "cm", "owner", "-o", "jsonpath={.metadata.uid}").stdout
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid, "blockOwnerDeletion": True}
    mine = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine", "ownerReferences": [reference]}}
    kubectl("create", "-f", "-", stdin=json.dumps(mine))

    kubectl("delete", "cm", "owner", f"--cascade={cascade}")

    assert kubectl("get", "cm", "-o", "jsonpath={.items[*].metadata.name}").stdout == left
    assert kubectl("get", "cm", "-o", "jsonpath={.items[*].metadata.ownerReferences}").stdout == ""


def test_fields_are_explained_from_the_old_schemas_too(kubectl: Kubectl) -> None:
    said = kubectl("explain", "gateway.spec.listeners", "--output=plaintext-openapiv2").stdout

    assert "RESOURCE: listeners <[]Object>" in said
    assert "hostname" in said
