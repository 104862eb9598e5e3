"""Stock kubectl against a real API process."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import ApiProcess, api
from tests.support.kubectl import Kubectl, kubeconfig_for, kubectl_for

SEED = Path(__file__).parents[2] / "examples" / "seed"
ROUTE = SEED / "routes-to-llm-node-update.yaml"
POOL = """
apiVersion: inference.networking.k8s.io/v1
kind: InferencePool
metadata: {name: llm, labels: {tier: gold}}
spec:
  selector: {matchLabels: {app: llm}}
  targetPorts: [{number: 8000}]
"""
SERVER = """
apiVersion: turnout.dev/v1alpha1
kind: ModelServer
metadata: {name: llm-0, labels: {app: llm}}
spec: {address: 127.0.0.1, port: 9001}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    with api(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
def kubectl(served: ApiProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """kubectl in a Namespace `default` that is empty again afterwards."""
    folder = tmp_path_factory.getbasetemp()
    run = kubectl_for(kubeconfig_for(served.url, folder), folder)
    yield run
    run("delete", "httproutes,inferencepools,modelservers", "--all")


def state(kubectl: Kubectl, *what: str) -> tuple[int, str]:
    """The generation and the resourceVersion of an object."""
    metadata = json.loads(kubectl("get", *what, "-o", "json").stdout)["metadata"]
    return metadata["generation"], metadata["resourceVersion"]


def test_apply_creates_and_shows_the_warnings(kubectl: Kubectl) -> None:
    done = kubectl("apply", "-f", str(ROUTE))

    assert done.stdout == "httproute.gateway.networking.k8s.io/routes-to-llm created\n"
    assert "Warning: spec.rules: a mapping is read as a list of one rule" in done.stderr
    assert "Warning: spec.parentRefs[0]: kind InferenceGateway" in done.stderr


@pytest.mark.parametrize("story", sorted(path.name for path in SEED.glob("*.yaml")))
def test_a_second_apply_of_a_seed_route_moves_nothing(kubectl: Kubectl, story: str) -> None:
    kubectl("apply", "-f", str(SEED / story))
    before = state(kubectl, "httproute", "routes-to-llm")

    kubectl("apply", "-f", str(SEED / story))

    assert state(kubectl, "httproute", "routes-to-llm") == before


def test_another_weight_moves_the_generation_by_one(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", str(ROUTE))
    generation, version = state(kubectl, "httproute", "routes-to-llm")

    kubectl("apply", "-f", "-", stdin=ROUTE.read_text().replace("weight: 90", "weight: 50"))

    after = state(kubectl, "httproute", "routes-to-llm")
    assert after[0] == generation + 1
    assert after[1] != version


def test_a_second_apply_of_a_namespace_merges_its_labels(kubectl: Kubectl) -> None:
    manifest = '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"default","labels":{"one":"1"}}}'
    kubectl("apply", "-f", "-", stdin=manifest)

    kubectl("apply", "-f", "-", stdin=manifest.replace("one", "two"))

    labels = json.loads(kubectl("get", "ns", "default", "-o", "jsonpath={.metadata.labels}").stdout)
    assert labels == {"two": "1", "kubernetes.io/metadata.name": "default"}


def test_get_prints_the_columns_of_the_kind(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=SERVER)

    header, row = kubectl("get", "modelservers").stdout.splitlines()

    assert header.split() == ["NAME", "ADDRESS", "PORT", "ENGINE", "AGE"]
    assert row.split()[:4] == ["llm-0", "127.0.0.1", "9001", "vllm"]


def test_get_prints_across_namespaces_and_by_label(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=POOL)

    assert kubectl("get", "infpool", "-A", "-l", "tier=gold").stdout.splitlines()[1].split()[:2] == ["default", "llm"]
    assert "No resources found" in kubectl("get", "infpool", "-l", "tier!=gold").stderr


def test_get_wide_adds_the_columns_of_low_priority(kubectl: Kubectl) -> None:
    kind = '{"apiVersion":"gateway.networking.k8s.io/v1","kind":"GatewayClass","metadata":{"name":"wide"},'
    kubectl("apply", "-f", "-", stdin=kind + '"spec":{"controllerName":"a.dev/b","description":"of no use"}}')

    assert "DESCRIPTION" not in kubectl("get", "gc").stdout
    wide = kubectl("get", "gc", "-o", "wide").stdout

    assert "DESCRIPTION" in wide
    assert "of no use" in wide


def test_get_gives_yaml_json_and_jsonpath(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", str(ROUTE))
    weights = "jsonpath={.spec.rules[0].backendRefs[*].weight}"

    assert kubectl("get", "httproute", "routes-to-llm", "-o", weights).stdout == "90 10"
    assert "weight: 90" in kubectl("get", "httproute", "routes-to-llm", "-o", "yaml").stdout
    assert json.loads(kubectl("get", "httproutes", "-o", "json").stdout)["items"][0]["kind"] == "HTTPRoute"


def test_get_speaks_the_older_version_too(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", str(ROUTE))

    found = kubectl("get", "httproutes.v1beta1.gateway.networking.k8s.io", "routes-to-llm", "-o", "json").stdout

    assert json.loads(found)["apiVersion"] == "gateway.networking.k8s.io/v1beta1"


def test_get_w_prints_changes_as_they_come(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=SERVER)
    watching = kubectl.start("get", "modelservers", "-w", "--no-headers", "-o", "wide")
    assert watching.stdout is not None
    assert watching.stderr is not None
    try:
        assert watching.stdout.readline().split()[:3] == ["llm-0", "127.0.0.1", "9001"]

        kubectl("patch", "modelserver", "llm-0", "--type=merge", "-p", '{"spec":{"port":9002}}')
        assert watching.stdout.readline().split()[:3] == ["llm-0", "127.0.0.1", "9002"]
    finally:
        watching.kill()
        watching.wait()
        watching.stdout.close()
        watching.stderr.close()


def test_describe_prints_the_object_and_its_events(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", str(ROUTE))
    uid = kubectl("get", "httproute", "routes-to-llm", "-o", "jsonpath={.metadata.uid}").stdout
    about = {"kind": "HTTPRoute", "name": "routes-to-llm", "namespace": "default", "uid": uid}
    event = {"involvedObject": about, "reason": "Noticed", "message": "somebody looked", "type": "Normal"}
    named = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "noticed"}}
    kubectl("apply", "-f", "-", stdin=json.dumps({**named, **event}))

    said = kubectl("describe", "httproute", "routes-to-llm").stdout

    assert "Weight:  90" in said
    assert "somebody looked" in said


def test_patch_merges(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=POOL)

    said = kubectl("patch", "infpool", "llm", "--type=merge", "-p", '{"spec":{"targetPorts":[{"number":8001}]}}').stdout

    assert said == "inferencepool.inference.networking.k8s.io/llm patched\n"
    assert kubectl("get", "infpool", "llm", "-o", "jsonpath={.spec.targetPorts}").stdout == '[{"number":8001}]'


def test_patch_takes_json_patches(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=POOL)
    patch = '[{"op":"test","path":"/spec/targetPorts/0/number","value":8000},'
    patch += '{"op":"replace","path":"/spec/targetPorts/0/number","value":8002}]'

    kubectl("patch", "infpool", "llm", "--type=json", "-p", patch)

    assert kubectl("get", "infpool", "llm", "-o", "jsonpath={.spec.targetPorts[0].number}").stdout == "8002"


def test_patch_of_the_status_leaves_the_spec_alone(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=POOL)
    generation, _ = state(kubectl, "infpool", "llm")
    patch = '{"spec":{"targetPorts":[{"number":1}]},"status":{"parents":[]}}'

    kubectl("patch", "infpool", "llm", "--subresource=status", "--type=merge", "-p", patch)

    found = json.loads(kubectl("get", "infpool", "llm", "-o", "json").stdout)
    assert found["spec"]["targetPorts"] == [{"number": 8000}]
    assert found["status"] == {"parents": []}
    assert found["metadata"]["generation"] == generation


def test_label_and_annotate_leave_the_generation(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=POOL)
    generation, _ = state(kubectl, "infpool", "llm")

    kubectl("label", "infpool", "llm", "color=red")
    kubectl("annotate", "infpool", "llm", "note=here")

    assert state(kubectl, "infpool", "llm")[0] == generation
    assert kubectl("get", "infpool", "-l", "color in (red,blue)", "-o", "name").stdout.endswith("/llm\n")


def test_replace_puts_another_object_in_its_place(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=SERVER)

    kubectl("replace", "-f", "-", stdin=SERVER.replace("9001", "9003").replace("app: llm", "app: other"))

    found = json.loads(kubectl("get", "modelserver", "llm-0", "-o", "json").stdout)
    assert (found["spec"]["port"], found["metadata"]["labels"]) == (9003, {"app": "other"})


def test_replace_of_an_old_version_is_a_conflict(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=SERVER)
    old = kubectl("get", "modelserver", "llm-0", "-o", "json").stdout
    kubectl("label", "modelserver", "llm-0", "touched=yes")

    said = kubectl.refused("replace", "-f", "-", stdin=old)

    assert 'Operation cannot be fulfilled on modelservers.turnout.dev "llm-0": the object has been modified' in said


def test_replace_without_a_change_changes_nothing(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=SERVER)
    before = state(kubectl, "modelserver", "llm-0")

    kubectl("replace", "-f", "-", stdin=kubectl("get", "modelserver", "llm-0", "-o", "yaml").stdout)

    assert state(kubectl, "modelserver", "llm-0") == before


def test_delete_removes_and_says_so(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", str(ROUTE))

    assert kubectl("delete", "-f", str(ROUTE)).stdout == (
        'httproute.gateway.networking.k8s.io "routes-to-llm" deleted\n'
    )
    assert kubectl.refused("get", "httproute", "routes-to-llm") == (
        'Error from server (NotFound): httproutes.gateway.networking.k8s.io "routes-to-llm" not found\n'
    )


def test_deleting_a_namespace_deletes_what_is_in_it(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin='{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"away"}}')
    kubectl("apply", "-n", "away", "-f", "-", stdin=SERVER)

    kubectl("delete", "namespace", "away")

    assert 'namespaces "away" not found' in kubectl.refused("get", "ns", "away")
    assert "No resources found" in kubectl("get", "modelservers", "-A").stderr


def test_api_resources_lists_every_kind_with_its_short_name(kubectl: Kubectl) -> None:
    rows = [line.split() for line in kubectl("api-resources", "--no-headers").stdout.splitlines()]

    assert ["httproutes", "gateway.networking.k8s.io/v1", "true", "HTTPRoute"] in rows
    assert ["inferencepools", "infpool", "inference.networking.k8s.io/v1", "true", "InferencePool"] in rows
    assert ["namespaces", "ns", "v1", "false", "Namespace"] in rows


def test_explain_reads_the_schema(kubectl: Kubectl) -> None:
    said = kubectl("explain", "inferencepool.spec.targetPorts").stdout

    assert "KIND:       InferencePool" in said
    assert "number\t<integer>" in said


def test_a_field_out_of_range_is_named_and_nothing_is_stored(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", str(ROUTE))
    before = state(kubectl, "httproute", "routes-to-llm")

    said = kubectl.refused("apply", "-f", "-", stdin=ROUTE.read_text().replace("weight: 10", "weight: -3"))

    assert 'The HTTPRoute "routes-to-llm" is invalid: ' in said
    assert "spec.rules[0].backendRefs[1].weight: Invalid value: -3: " in said
    assert state(kubectl, "httproute", "routes-to-llm") == before


def test_an_unknown_field_is_refused_by_name(kubectl: Kubectl) -> None:
    said = kubectl.refused("apply", "-f", "-", stdin=SERVER.replace("port: 9001", "prot: 9001"))

    assert 'strict decoding error: unknown field "spec.prot"' in said


def test_an_unknown_field_is_a_warning_when_kubectl_is_told_so(kubectl: Kubectl) -> None:
    manifest = SERVER.replace("port: 9001", "prot: 9001")

    assert 'unknown field "spec.prot"' in kubectl("apply", "--validate=warn", "-f", "-", stdin=manifest).stderr


def test_a_dry_run_stores_nothing(kubectl: Kubectl) -> None:
    said = kubectl("apply", "--dry-run=server", "-f", "-", stdin=SERVER).stdout

    assert said == "modelserver.turnout.dev/llm-0 created (server dry run)\n"
    assert "NotFound" in kubectl.refused("get", "modelserver", "llm-0")


def test_an_object_in_no_namespace_is_not_found(kubectl: Kubectl) -> None:
    said = kubectl.refused("apply", "-n", "nowhere", "-f", "-", stdin=SERVER)

    assert 'namespaces "nowhere" not found' in said


def test_diff_is_empty_for_what_is_applied(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=SERVER)

    assert kubectl("diff", "-f", "-", stdin=SERVER).stdout == ""


def test_wait_sees_a_condition_of_the_status(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=POOL)
    conditions = '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}'
    kubectl("patch", "infpool", "llm", "--subresource=status", "--type=merge", "-p", conditions)

    assert "condition met" in kubectl("wait", "infpool/llm", "--for=condition=Ready", "--timeout=20s").stdout
