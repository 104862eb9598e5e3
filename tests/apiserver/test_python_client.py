"""The official Python client, with the kubeconfig as it is written: the API is a Kubernetes API to it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.secured import Secured, secured
from turnout.kube.client import Client
from turnout.kube.target import Target

kubernetes = pytest.importorskip("kubernetes")
kubernetes_dynamic = pytest.importorskip("kubernetes.dynamic")

GROUP = "turnout.dev/v1alpha1"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured(tmp_path_factory.mktemp("api")) as running:
        asyncio.run(_make_default(running.target))
        yield running


async def _make_default(target: Target) -> None:
    async with Client(target) as client:
        await client.send(
            "POST", "/api/v1/namespaces", body={"apiVersion": "v1", "kind": "Namespace", **named("default")}
        )


@pytest.fixture(scope="module")
def opened(served: Secured) -> Iterator[Any]:
    client = kubernetes.config.new_client_from_config(str(served.kubeconfig))
    yield client
    client.close()


@pytest.fixture(scope="module")
def servers(opened: Any) -> Any:
    found = kubernetes_dynamic.DynamicClient(opened)
    return found.resources.get(api_version=GROUP, kind="ModelServer")


def named(name: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, **metadata}}


def server(name: str, port: int = 1, **metadata: Any) -> dict[str, Any]:
    spec = {"address": "127.0.0.1", "port": port}
    return {"apiVersion": GROUP, "kind": "ModelServer", **named(name, **metadata), "spec": spec}


def test_the_dynamic_client_finds_every_kind(opened: Any) -> None:
    found = kubernetes_dynamic.DynamicClient(opened)

    for kind, version in (
        ("HTTPRoute", "gateway.networking.k8s.io/v1"),
        ("InferencePool", "inference.networking.k8s.io/v1"),
    ):
        assert found.resources.get(api_version=version, kind=kind).namespaced
    assert not found.resources.get(api_version="v1", kind="Namespace").namespaced


def test_the_dynamic_client_creates_lists_and_deletes(servers: Any) -> None:
    servers.create(namespace="default", body=server("listed", labels={"of": "x"}))

    assert [each.metadata.name for each in servers.get(namespace="default").items] == ["listed"]
    assert servers.get(namespace="default", label_selector="of!=x").items == []
    assert servers.get(namespace="default", field_selector="metadata.name=listed").items
    servers.delete(namespace="default", name="listed")
    with pytest.raises(kubernetes_dynamic.exceptions.NotFoundError):
        servers.get(namespace="default", name="listed")


def test_the_dynamic_client_patches(servers: Any) -> None:
    servers.create(namespace="default", body=server("patched"))
    merge = {"spec": {"port": 2}}
    operations = [{"op": "replace", "path": "/spec/port", "value": 3}]

    merged = servers.patch(namespace="default", name="patched", body=merge, content_type="application/merge-patch+json")
    edited = servers.patch(
        namespace="default", name="patched", body=operations, content_type="application/json-patch+json"
    )

    assert (merged.spec.port, edited.spec.port) == (2, 3)
    servers.delete(namespace="default", name="patched")


def test_the_dynamic_client_applies_and_meets_conflicts(servers: Any) -> None:
    asked = {"namespace": "default", "name": "applied"}
    servers.server_side_apply(**asked, body=server("applied"), field_manager="one")

    with pytest.raises(kubernetes_dynamic.exceptions.ConflictError):
        servers.server_side_apply(**asked, body=server("applied", port=2), field_manager="two")
    forced = servers.server_side_apply(
        **asked, body=server("applied", port=2), field_manager="two", force_conflicts=True
    )

    assert forced.spec.port == 2
    servers.delete(**asked)


def test_the_dynamic_client_watches_and_resumes(servers: Any) -> None:
    listed = servers.get(namespace="default")
    servers.create(namespace="default", body=server("watched"))
    servers.patch(
        namespace="default", name="watched", body={"spec": {"port": 2}}, content_type="application/merge-patch+json"
    )
    servers.delete(namespace="default", name="watched")

    since = {"namespace": "default", "timeout": 1}
    events = list(servers.watch(**since, resource_version=listed.metadata.resourceVersion))
    resumed = list(servers.watch(**since, resource_version=events[0]["object"].metadata.resourceVersion))

    assert [each["type"] for each in events] == ["ADDED", "MODIFIED", "DELETED"]
    assert [each["type"] for each in resumed] == ["MODIFIED", "DELETED"]


def test_the_typed_client_reads_pages(opened: Any) -> None:
    core = kubernetes.client.CoreV1Api(opened)
    for number in range(5):
        core.create_namespaced_config_map("default", named(f"c{number}"))

    first = core.list_namespaced_config_map("default", limit=2)
    rest = core.list_namespaced_config_map("default", _continue=first.metadata._continue)

    assert [each.metadata.name for each in (*first.items, *rest.items)] == ["c0", "c1", "c2", "c3", "c4"]
    assert first.metadata.remaining_item_count == 3
    assert first.metadata.resource_version == rest.metadata.resource_version


def test_the_typed_client_watches(opened: Any) -> None:
    core = kubernetes.client.CoreV1Api(opened)
    core.create_namespaced_config_map("default", named("seen"))

    watch = kubernetes.watch.Watch()
    seen = [
        (each["type"], each["object"].metadata.name)
        for each in watch.stream(
            core.list_namespaced_config_map, "default", field_selector="metadata.name=seen", timeout_seconds=1
        )
    ]

    assert seen == [("ADDED", "seen")]


def test_the_client_is_told_the_version(opened: Any) -> None:
    assert kubernetes.client.VersionApi(opened).get_code().git_version.endswith("+turnout")
