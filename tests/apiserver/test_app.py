"""The API over HTTP, against a real process."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.support.api import ApiAnswer, ApiClient, ApiProcess, api

GROUP = "/apis/turnout.dev/v1alpha1"
SERVERS = f"{GROUP}/namespaces/default/modelservers"
ROUTES = "/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes"
NAMES = (f"n{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    with api(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
def client(served: ApiProcess) -> Iterator[ApiClient]:
    with closing(ApiClient(served.port)) as opened:
        yield opened


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return next(NAMES)


def server(name: str, port: int = 9001, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "turnout.dev/v1alpha1",
        "kind": "ModelServer",
        "metadata": {"name": name, **metadata},
        "spec": {"address": "127.0.0.1", "port": port},
    }


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def refused(answer: ApiAnswer, code: int, reason: str) -> str:
    """The message of a Status with that code and reason."""
    assert (answer.code, answer.document["code"], answer.document["reason"]) == (code, code, reason), answer
    assert (answer.document["kind"], answer.document["status"]) == ("Status", "Failure")
    return str(answer.document["message"])


# Create and read


def test_a_created_object_has_the_servers_fields(client: ApiClient, name: str) -> None:
    answer = client.post(SERVERS, server(name))

    assert answer.code == 201
    metadata = answer.document["metadata"]
    assert (metadata["name"], metadata["namespace"], metadata["generation"]) == (name, "default", 1)
    assert metadata["uid"]
    assert metadata["creationTimestamp"].endswith("Z")
    assert int(metadata["resourceVersion"]) > 0
    assert answer.document["spec"]["engine"] == "vllm"
    assert client.get(f"{SERVERS}/{name}").document == answer.document


def test_a_client_cannot_choose_the_servers_fields(client: ApiClient, name: str) -> None:
    wished: dict[str, Any] = {
        "uid": "mine",
        "generation": 7,
        "creationTimestamp": "2001-01-01T00:00:00Z",
        "selfLink": "/x",
    }

    metadata = client.post(SERVERS, server(name, **wished, managedFields=[{}])).document["metadata"]

    assert {field for field, value in wished.items() if metadata.get(field) == value} == set()
    assert metadata["managedFields"] != [{}]


def test_nothing_empty_is_kept_in_the_metadata(client: ApiClient, name: str) -> None:
    empty: dict[str, Any] = {
        "labels": {},
        "annotations": {},
        "finalizers": [],
        "ownerReferences": [],
        "generateName": "",
    }

    made = client.post(SERVERS, server(name, **empty)).document["metadata"]
    written = client.patch(f"{SERVERS}/{name}", {"metadata": {"labels": {"a": "1"}}}).document["metadata"]
    cleared = client.patch(f"{SERVERS}/{name}", {"metadata": {"labels": {"a": None}}}).document["metadata"]

    assert not empty.keys() & made.keys()
    assert written["labels"] == {"a": "1"}
    assert "labels" not in cleared


def test_a_status_is_not_created_with_its_object(client: ApiClient, name: str) -> None:
    document = server(name) | {"status": {"conditions": []}}

    assert "status" not in client.post(SERVERS, document).document


def test_a_name_is_made_from_its_beginning(client: ApiClient) -> None:
    document = server("", generateName="made-")
    first, second = (client.post(SERVERS, document).document["metadata"]["name"] for _ in range(2))

    assert first.startswith("made-")
    assert len(first) == len("made-") + 5
    assert first != second


def test_a_second_create_is_refused(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name))

    answer = client.post(SERVERS, server(name, 1))

    assert refused(answer, 409, "AlreadyExists") == f'modelservers.turnout.dev "{name}" already exists'
    assert answer.document["details"] == {"name": name, "group": "turnout.dev", "kind": "modelservers"}


def test_an_object_that_is_not_there_is_not_found(client: ApiClient, name: str) -> None:
    text = f'modelservers.turnout.dev "{name}" not found'

    for answer in (
        client.get(f"{SERVERS}/{name}"),
        client.put(f"{SERVERS}/{name}", server(name)),
        client.patch(f"{SERVERS}/{name}", {}),
        client.delete(f"{SERVERS}/{name}"),
    ):
        assert refused(answer, 404, "NotFound") == text


def test_an_object_in_a_namespace_that_is_not_there_is_not_found(client: ApiClient, name: str) -> None:
    answer = client.post(f"{GROUP}/namespaces/nowhere/modelservers", server(name))

    assert refused(answer, 404, "NotFound") == 'namespaces "nowhere" not found'


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "Gateway"}, "does not match the expected kind"),
        ({"apiVersion": "turnout.dev/v9"}, "does not match the expected kind"),
        ({"apiVersion": None}, "does not match the expected kind"),
        ({"metadata": None}, "metadata is required"),
        ({"metadata": {"name": "x", "namespace": "other"}}, "namespace of the provided object does not match"),
        ({"metadata": {"name": "x", "resourceVersion": "1"}}, "resourceVersion should not be set"),
    ],
)
def test_a_document_of_something_else_is_refused(client: ApiClient, change: dict[str, Any], said: str) -> None:
    assert said in refused(client.post(SERVERS, server("x") | change), 400, "BadRequest")


def test_an_object_without_a_name_is_invalid(client: ApiClient) -> None:
    said = refused(client.post(SERVERS, server("x") | {"metadata": {}}), 422, "Invalid")

    assert said.endswith("metadata.name: Required value: name or generateName is required")


def test_no_kind_is_one_of_a_definition(client: ApiClient) -> None:
    found = client.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").document

    assert (found["kind"], found["items"]) == ("CustomResourceDefinitionList", [])


def test_a_list_is_a_list_of_the_kind(client: ApiClient, name: str) -> None:
    created = client.post(SERVERS, server(name, labels={"only": name}))

    listed = client.get(f"{GROUP}/modelservers?labelSelector=only%3D{name}&limit=1").document

    assert (listed["kind"], listed["apiVersion"]) == ("ModelServerList", "turnout.dev/v1alpha1")
    assert listed["items"] == [created.document]
    assert int(listed["metadata"]["resourceVersion"]) >= created.version


def test_a_list_is_of_one_namespace(client: ApiClient, name: str) -> None:
    client.post("/api/v1/namespaces", namespace(name))
    client.post(f"{GROUP}/namespaces/{name}/modelservers", server("inside"))

    items = client.get(f"{GROUP}/namespaces/{name}/modelservers").document["items"]

    assert [item["metadata"]["name"] for item in items] == ["inside"]


def test_every_served_version_shows_the_same_object(client: ApiClient, name: str) -> None:
    beta: dict[str, Any] = {"apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "HTTPRoute"}
    beta |= {"metadata": {"name": name}, "spec": {}}
    path = f"/apis/gateway.networking.k8s.io/v1beta1/namespaces/default/httproutes/{name}"

    created = client.post(path.removesuffix(f"/{name}"), beta).document
    stable = client.get(f"{ROUTES}/{name}").document

    assert created["apiVersion"] == "gateway.networking.k8s.io/v1beta1"
    assert stable["apiVersion"] == "gateway.networking.k8s.io/v1"
    assert {**created, "apiVersion": stable["apiVersion"]} == stable


# Replace and patch


def test_the_generation_moves_with_the_spec_only(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name))

    labelled = client.patch(f"{SERVERS}/{name}", {"metadata": {"labels": {"a": "1"}}}).document["metadata"]
    moved = client.patch(f"{SERVERS}/{name}", {"spec": {"port": 1}}).document["metadata"]

    assert (labelled["generation"], moved["generation"]) == (1, 2)


def test_a_write_that_changes_nothing_moves_nothing(client: ApiClient, name: str) -> None:
    created = client.post(SERVERS, server(name))

    assert client.patch(f"{SERVERS}/{name}", {"spec": {"port": 9001}}).document == created.document
    assert client.put(f"{SERVERS}/{name}", created.document).document == created.document
    assert client.put(f"{SERVERS}/{name}", server(name)).document == created.document


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_stale_version_is_a_conflict(client: ApiClient, name: str, method: str) -> None:
    created = client.post(SERVERS, server(name))
    client.patch(f"{SERVERS}/{name}", {"spec": {"port": 1}})
    stale = created.document | {"spec": {"address": "127.0.0.1", "port": 2}}

    answer = client.send(
        method,
        f"{SERVERS}/{name}",
        stale,
        media="application/json" if method == "PUT" else "application/merge-patch+json",
    )

    assert refused(answer, 409, "Conflict") == (
        f'Operation cannot be fulfilled on modelservers.turnout.dev "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    assert client.get(f"{SERVERS}/{name}").document["spec"]["port"] == 1


def test_another_uid_is_a_conflict(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name))

    answer = client.put(f"{SERVERS}/{name}", server(name, 1, uid="another"))

    assert "UID in precondition: another" in refused(answer, 409, "Conflict")


def test_of_many_writes_on_one_version_one_wins(served: ApiProcess, client: ApiClient, name: str) -> None:
    created = client.post(SERVERS, server(name)).document
    codes: list[int] = []

    def replace(port: int) -> None:
        with closing(ApiClient(served.port)) as own:
            changed = created | {"spec": {**created["spec"], "port": port}}
            codes.append(own.put(f"{SERVERS}/{name}", changed).code)

    threads = [threading.Thread(target=replace, args=(port,)) for port in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(codes) == [200] + [409] * 7


def test_patches_without_a_version_all_happen(served: ApiProcess, client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name))

    def label(number: int) -> None:
        with closing(ApiClient(served.port)) as own:
            own.patch(f"{SERVERS}/{name}", {"metadata": {"labels": {f"l{number}": "x"}}})

    threads = [threading.Thread(target=label, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(client.get(f"{SERVERS}/{name}").document["metadata"]["labels"]) == 8


def test_a_name_cannot_be_changed(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name))

    renamed = client.patch(f"{SERVERS}/{name}", {"metadata": {"name": "other"}})

    assert "does not match the name on the URL" in refused(renamed, 400, "BadRequest")


def test_a_write_of_the_object_leaves_the_status(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name))
    client.patch(f"{SERVERS}/{name}/status", {"status": {"note": "kept"}})

    put = client.put(f"{SERVERS}/{name}", server(name, 1) | {"status": {"note": "lost"}}).document
    patched = client.patch(f"{SERVERS}/{name}", {"status": None, "spec": {"port": 2}}).document

    assert put["status"] == patched["status"] == {"note": "kept"}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_write_of_the_status_leaves_the_object(client: ApiClient, name: str, method: str) -> None:
    created = client.post(SERVERS, server(name)).document
    wished = server(name, 1, labels={"a": "b"}) | {"status": {"note": method}}

    media = "application/json" if method == "PUT" else "application/merge-patch+json"
    found = client.send(method, f"{SERVERS}/{name}/status", wished, media=media).document

    assert found["status"] == {"note": method}
    assert found["spec"] == created["spec"]
    assert "labels" not in found["metadata"]
    assert found["metadata"]["generation"] == 1
    assert found["metadata"]["resourceVersion"] != created["metadata"]["resourceVersion"]


def test_a_status_that_is_no_object_is_refused(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name))

    answer = client.patch(f"{SERVERS}/{name}/status", {"status": "up"})

    assert "status: Invalid value" in refused(answer, 422, "Invalid")


def test_a_stale_status_write_is_a_conflict(client: ApiClient, name: str) -> None:
    created = client.post(SERVERS, server(name)).document
    client.patch(f"{SERVERS}/{name}", {"spec": {"port": 1}})
    version = created["metadata"]["resourceVersion"]

    answer = client.patch(
        f"{SERVERS}/{name}/status", {"metadata": {"resourceVersion": version}, "status": {"note": "late"}}
    )

    refused(answer, 409, "Conflict")


def test_a_kind_without_a_status_has_no_such_path(client: ApiClient) -> None:
    refused(client.get("/api/v1/namespaces/default/events/x/status"), 404, "NotFound")


def test_a_custom_kind_takes_no_strategic_patch(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name))

    for media in ("application/strategic-merge-patch+json", "application/spam"):
        answer = client.patch(f"{SERVERS}/{name}", {}, media=media)
        assert "application/merge-patch+json" in refused(answer, 415, "UnsupportedMediaType")


def test_a_patch_that_cannot_be_done_is_refused(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name))
    media = "application/json-patch+json"

    failed = client.patch(f"{SERVERS}/{name}", [{"op": "remove", "path": "/none"}], media=media)
    assert "operation 0" in refused(failed, 422, "Invalid")
    refused(client.patch(f"{SERVERS}/{name}", {}, media=media), 400, "BadRequest")
    refused(client.patch(f"{SERVERS}/{name}", []), 400, "BadRequest")
    whole = client.patch(f"{SERVERS}/{name}", [{"op": "replace", "path": "", "value": 1}], media=media)
    refused(whole, 422, "Invalid")


# Validation


def test_a_fault_names_the_field_and_nothing_changes(client: ApiClient, name: str) -> None:
    created = client.post(SERVERS, server(name)).document

    answer = client.patch(f"{SERVERS}/{name}", {"spec": {"port": 70000}})

    message = refused(answer, 422, "Invalid")
    assert message.startswith(f'ModelServer.turnout.dev "{name}" is invalid: spec.port: Invalid value: 70000: ')
    (cause,) = answer.document["details"]["causes"]
    assert (cause["reason"], cause["field"]) == ("FieldValueInvalid", "spec.port")
    assert answer.document["details"]["kind"] == "ModelServer"
    assert client.get(f"{SERVERS}/{name}").document == created


def test_all_faults_are_told_at_once(client: ApiClient, name: str) -> None:
    wrong = server(name) | {"spec": {"port": 0, "engine": "none"}}

    answer = client.post(SERVERS, wrong)

    fields = {cause["field"] for cause in answer.document["details"]["causes"]}
    assert {"spec.port", "spec.engine", "spec.address"} <= fields
    assert "is invalid: [" in refused(answer, 422, "Invalid")


@pytest.mark.parametrize("bad", ["Upper", "a_b", "-a", "a" * 254, "a/b", "ä"])
def test_a_name_that_is_no_name_is_refused(client: ApiClient, bad: str) -> None:
    assert "metadata.name: Invalid value" in refused(client.post(SERVERS, server(bad)), 422, "Invalid")


def test_field_validation_is_strict_warns_or_is_silent(client: ApiClient, name: str) -> None:
    unknown = server(name)
    unknown["spec"]["foo"] = 1

    strict = client.post(f"{SERVERS}?fieldValidation=Strict", unknown)
    assert 'strict decoding error: unknown field "spec.foo"' in refused(strict, 400, "BadRequest")
    warned = client.post(f"{SERVERS}?fieldValidation=Warn", unknown)
    assert warned.warnings == ['299 - "unknown field \\"spec.foo\\""']
    assert "foo" not in warned.document["spec"]
    assert client.put(f"{SERVERS}/{name}", unknown).warnings  # without a word it warns
    assert not client.put(f"{SERVERS}/{name}?fieldValidation=Ignore", unknown).warnings
    refused(client.put(f"{SERVERS}/{name}?fieldValidation=Maybe", unknown), 400, "BadRequest")


def test_a_dry_run_answers_as_if_and_stores_nothing(client: ApiClient, name: str) -> None:
    dry = client.post(f"{SERVERS}?dryRun=All", server(name))
    assert dry.code == 201
    assert "resourceVersion" not in dry.document["metadata"]
    refused(client.get(f"{SERVERS}/{name}"), 404, "NotFound")

    created = client.post(SERVERS, server(name)).document
    patched = client.patch(f"{SERVERS}/{name}?dryRun=All", {"spec": {"port": 1}}).document
    assert (patched["spec"]["port"], patched["metadata"]["generation"]) == (1, 2)
    assert client.delete(f"{SERVERS}/{name}?dryRun=All").document["status"] == "Success"
    assert client.delete(f"{SERVERS}/{name}", {"dryRun": ["All"]}).document["status"] == "Success"
    assert client.get(f"{SERVERS}/{name}").document == created
    refused(client.post(f"{SERVERS}?dryRun=Some", server(name)), 400, "BadRequest")


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b'{"a":\xff}', b"[" * 100_000, b""])
def test_a_body_that_is_no_object_is_refused(client: ApiClient, body: bytes) -> None:
    refused(client.send("POST", SERVERS, body), 400, "BadRequest")


def test_a_deep_document_is_refused(client: ApiClient, name: str) -> None:
    deep = b'{"a":' * 500 + b"1" + b"}" * 500
    client.post(SERVERS, server(name))

    assert client.send(
        "PATCH", f"{SERVERS}/{name}", b'{"spec":%s}' % deep, media="application/merge-patch+json"
    ).code in (
        400,
        422,
    )
    status = client.send(
        "PATCH", f"{SERVERS}/{name}/status", b'{"status":%s}' % deep, media="application/merge-patch+json"
    )
    assert status.code in (400, 422)


@pytest.mark.parametrize("media", ["application/yaml", "application/apply-patch+yaml"])
def test_a_long_body_may_be_yaml(client: ApiClient, name: str, media: str) -> None:
    lines = "".join(f"  k{number}: a value that takes its place\n" for number in range(2500))
    body = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n{lines}".encode()
    assert len(body) > 64 * 1024
    path = "/api/v1/namespaces/default/configmaps"

    if media == "application/yaml":
        answer = client.post(path, body, media=media)
    else:
        answer = client.patch(f"{path}/{name}?fieldManager=me", body, media=media)

    assert answer.code == 201
    assert len(answer.document["data"]) == 2500


def test_a_body_may_be_yaml(client: ApiClient, name: str) -> None:
    text = (
        f"apiVersion: turnout.dev/v1alpha1\nkind: ModelServer\nmetadata: {{name: {name}}}\nspec: {{address: h.local}}\n"
    )

    assert client.post(SERVERS, text.encode(), media="application/yaml").code == 201
    twice = f"{text}---\n{text}".encode()
    assert "2 objects" in refused(client.post(SERVERS, twice, media="application/yaml"), 400, "BadRequest")
    refused(client.post(SERVERS, b"a: [", media="application/yaml"), 400, "BadRequest")


def test_an_answer_may_be_yaml(client: ApiClient) -> None:
    body = client.get("/api/v1/namespaces/default", Accept="application/yaml").body

    assert b"\nkind: Namespace\n" in body


def test_a_body_that_is_too_large_is_refused(client: ApiClient) -> None:
    large = b'{"a":"%s"}' % (b"x" * (3 * 1024 * 1024))

    refused(client.send("POST", SERVERS, large), 413, "RequestEntityTooLarge")


def test_small_patches_cannot_grow_an_object_without_bound(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name))
    piece = "x" * 1_000_000

    assert client.patch(f"{SERVERS}/{name}/status", {"status": {"one": piece}}).code == 200
    second = client.patch(f"{SERVERS}/{name}/status", {"status": {"two": piece}})
    refused(second, 413, "RequestEntityTooLarge")
    client.delete(f"{SERVERS}/{name}")


# Delete


def test_a_deleted_object_is_gone(client: ApiClient, name: str) -> None:
    uid = client.post(SERVERS, server(name)).document["metadata"]["uid"]

    answer = client.delete(f"{SERVERS}/{name}").document

    assert (answer["status"], answer["details"]["uid"], answer["details"]["name"]) == ("Success", uid, name)
    refused(client.get(f"{SERVERS}/{name}"), 404, "NotFound")


def test_a_successor_of_that_name_is_another_object(client: ApiClient, name: str) -> None:
    first = client.post(SERVERS, server(name))
    client.delete(f"{SERVERS}/{name}")

    second = client.post(SERVERS, server(name))

    assert second.document["metadata"]["uid"] != first.document["metadata"]["uid"]
    assert second.version > first.version + 1


@pytest.mark.parametrize("field", ["uid", "resourceVersion"])
def test_a_delete_holds_to_its_preconditions(client: ApiClient, name: str, field: str) -> None:
    metadata = client.post(SERVERS, server(name)).document["metadata"]

    wrong = client.delete(f"{SERVERS}/{name}", {"kind": "DeleteOptions", "preconditions": {field: "17"}})
    assert "Precondition failed" in refused(wrong, 409, "Conflict")
    right = client.delete(f"{SERVERS}/{name}", {"kind": "DeleteOptions", "preconditions": {field: metadata[field]}})
    assert right.code == 200


def test_a_finalizer_keeps_an_object_until_it_is_gone(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name, finalizers=["turnout.dev/test"]))

    going = client.delete(f"{SERVERS}/{name}").document
    assert going["metadata"]["deletionTimestamp"]
    again = client.delete(f"{SERVERS}/{name}").document
    assert again == going == client.get(f"{SERVERS}/{name}").document

    more = {"metadata": {"finalizers": ["turnout.dev/test", "turnout.dev/more"]}}
    assert "no new finalizers" in refused(client.patch(f"{SERVERS}/{name}", more), 422, "Invalid")

    assert client.patch(f"{SERVERS}/{name}", {"metadata": {"finalizers": None}}).code == 200
    refused(client.get(f"{SERVERS}/{name}"), 404, "NotFound")


def test_a_collection_is_deleted_by_label(client: ApiClient, name: str) -> None:
    for number in range(3):
        client.post(SERVERS, server(f"{name}-{number}", labels={"of": name if number else "other"}))

    deleted = client.delete(f"{SERVERS}?labelSelector=of%3D{name}").document

    assert [item["metadata"]["name"] for item in deleted["items"]] == [f"{name}-1", f"{name}-2"]
    assert client.get(f"{SERVERS}/{name}-0").code == 200
    refused(client.get(f"{SERVERS}/{name}-1"), 404, "NotFound")


def test_a_namespace_goes_when_what_is_in_it_has_gone(client: ApiClient, name: str) -> None:
    inside = f"{GROUP}/namespaces/{name}/modelservers"
    client.post("/api/v1/namespaces", namespace(name))
    client.post(inside, server("free"))
    client.post(inside, server("held", finalizers=["turnout.dev/test"]))

    going = client.delete(f"/api/v1/namespaces/{name}").document

    assert going["status"]["phase"] == "Terminating"
    assert [item["metadata"]["name"] for item in client.get(inside).document["items"]] == ["held"]
    assert "being terminated" in refused(client.post(inside, server("late")), 403, "Forbidden")
    assert client.patch(f"{inside}/held", {"metadata": {"finalizers": []}}).code == 200
    refused(client.get(f"/api/v1/namespaces/{name}"), 404, "NotFound")


def test_an_empty_namespace_goes_at_once(client: ApiClient, name: str) -> None:
    client.post("/api/v1/namespaces", namespace(name))

    assert client.delete(f"/api/v1/namespaces/{name}").document["status"] == "Success"


def test_the_default_namespace_stays(client: ApiClient) -> None:
    refused(client.delete("/api/v1/namespaces/default"), 403, "Forbidden")


def test_a_namespace_is_active_and_carries_its_name(client: ApiClient, name: str) -> None:
    created = client.post("/api/v1/namespaces", namespace(name)).document

    assert created["status"] == {"phase": "Active"}
    assert created["metadata"]["labels"] == {"kubernetes.io/metadata.name": name}


# Forms


def test_a_table_has_the_columns_of_the_kind(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name, labels={"only": name}))
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

    for path in (f"{SERVERS}/{name}", f"{SERVERS}?labelSelector=only%3D{name}"):
        table = client.get(path, Accept=accept).document
        assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
        assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Address", "Port", "Engine", "Age"]
        (row,) = table["rows"]
        assert row["cells"][:4] == [name, "127.0.0.1", 9001, "vllm"]
        assert row["object"]["kind"] == "PartialObjectMetadata"
    whole = client.get(f"{SERVERS}/{name}?includeObject=Object", Accept=accept).document
    assert whole["rows"][0]["object"]["spec"]["port"] == 9001
    none = client.get(f"{SERVERS}/{name}?includeObject=None", Accept=accept).document
    assert "object" not in none["rows"][0]


def test_metadata_alone_can_be_asked_for(client: ApiClient, name: str) -> None:
    client.post(SERVERS, server(name))
    accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

    found = client.get(f"{SERVERS}/{name}", Accept=accept).document

    assert (found["kind"], found["metadata"]["name"]) == ("PartialObjectMetadata", name)
    assert "spec" not in found


def test_a_form_that_is_not_served_is_refused(client: ApiClient) -> None:
    for accept in ("application/vnd.kubernetes.protobuf", "text/html", "application/json;as=Table;v=v9;g=meta.k8s.io"):
        refused(client.get(SERVERS, Accept=accept), 406, "NotAcceptable")


# Paths


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/nothing", ""),
        ("/api/v2", ""),
        ("/api/v1/pods", ""),
        ("/apis/unknown.dev", ""),
        ("/apis/turnout.dev/v9", "turnout.dev is served as v1alpha1"),
        ("/apis/inference.networking.k8s.io/v1alpha2/inferencepools", "use inference.networking.k8s.io/v1"),
        (
            "/apis/inference.networking.x-k8s.io/v1alpha2/namespaces/default/inferencepools",
            "use inference.networking.k8s.io/v1",
        ),
        (f"{GROUP}/namespaces/default/modelservers/a/scale", ""),
        (f"{GROUP}/modelservers/a", ""),
        (f"{SERVERS}/a/status/more", ""),
        (f"{SERVERS}//", ""),
        ("/apis/gateway.networking.k8s.io/v1/namespaces/default/gatewayclasses", ""),
        ("/openapi/v4", ""),
        ("/openapi/v3/apis/none/v1", ""),
    ],
)
def test_a_path_of_nothing_is_not_found(client: ApiClient, path: str, hint: str) -> None:
    assert hint in refused(client.get(path), 404, "NotFound")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{SERVERS}/a"),
        ("PUT", SERVERS),
        ("DELETE", f"{SERVERS}/a/status"),
        ("POST", "/apis/turnout.dev"),
        ("POST", "/version"),
    ],
)
def test_a_method_that_a_path_lacks_is_refused(client: ApiClient, method: str, path: str) -> None:
    refused(client.send(method, path, {}), 405, "MethodNotAllowed")


def test_the_health_is_told(client: ApiClient) -> None:
    for path in ("/healthz", "/livez", "/readyz"):
        assert client.get(path).body == b"ok"


@pytest.mark.parametrize(
    "selector", ["labelSelector=a%3Db%3Dc", "fieldSelector=spec.port%3D1", "watch=maybe", "resourceVersion=x"]
)
def test_a_list_option_that_is_not_understood_is_refused(client: ApiClient, selector: str) -> None:
    refused(client.get(f"{SERVERS}?{selector}"), 400, "BadRequest")


# Loopback


def test_a_page_of_another_name_gets_no_answer(client: ApiClient) -> None:
    refused(client.get(SERVERS, Host="evil.example"), 403, "Forbidden")
    refused(client.get(SERVERS, Origin="http://evil.example"), 403, "Forbidden")


def test_a_form_is_not_read(client: ApiClient, name: str) -> None:
    refused(client.post(SERVERS, server(name), media="text/plain"), 415, "UnsupportedMediaType")
    refused(client.get(f"{SERVERS}/{name}"), 404, "NotFound")
