"""Resources from YAML, through the same admission as everything that is stored."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
import yaml

from turnout.resources.admit import admit
from turnout.resources.decode import decode
from turnout.resources.kinds import find_kind, split_api_version
from turnout.resources.metadata import Resource
from turnout.resources.set import ResourceSet, gather
from turnout.translate.stored import status_name

Document = dict[str, Any]

CLASS: Document = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "GatewayClass",
    "metadata": {"name": "turnout"},
    "spec": {"controllerName": "turnout.dev/gateway"},
}


class _PlainLoader(yaml.SafeLoader):
    """Times stay text, as they are in JSON."""


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def documents(text: str) -> list[Document]:
    """The documents of a YAML text."""
    return [document for document in yaml.load_all(text, _PlainLoader) if document]


def stored(document: Mapping[str, Any]) -> Resource:
    """The resource as the API would have stored it: admitted, named in a namespace, with a UID and an age."""
    kind = find_kind(*split_api_version(document["apiVersion"]), document["kind"])
    assert kind is not None, document
    admission = admit(kind, document)
    assert not admission.faults, [str(fault) for fault in admission.faults]
    name = document["metadata"]["name"]
    given = {"uid": f"uid-{name}", "generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z"}
    if kind.namespaced:
        given["namespace"] = "default"
    whole = {**admission.document, "metadata": given | admission.document["metadata"]}
    if "status" in document:
        whole["status"] = document["status"]
    return decode(kind, whole)


def resource_set(found: Iterable[Mapping[str, Any]]) -> ResourceSet:
    """The set of the documents' resources."""
    return gather(stored(document) for document in found)


def resources(of: ResourceSet) -> Iterator[Resource]:
    """Every resource of a set."""
    for name in of.__struct_fields__:
        yield from getattr(of, name).values()


def with_statuses(found: ResourceSet, statuses: Mapping[tuple[str, str], Document]) -> ResourceSet:
    """The set in which each of `statuses`, by kind (as `status_name` has it) and key, is written."""
    written = []
    for one in resources(found):
        name = (status_name(type(one).__name__, split_api_version(one.api_version)[0]), one.key)
        written.append(msgspec.structs.replace(one, status=statuses[name]) if name in statuses else one)
    return gather(written)


def gateway(name: str = "gateway", **spec: Any) -> Document:
    """A Gateway of our class; one HTTP listener at port 80 unless `listeners` says otherwise."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name},
        "spec": {
            "gatewayClassName": "turnout",
            "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}],
            **spec,
        },
    }


def http_route(name: str = "route", *, namespace: str = "default", parent: str = "gateway", **spec: Any) -> Document:
    """An HTTPRoute to Gateway `parent`, with one rule to pool `llm` unless `rules` says otherwise."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"parentRefs": [{"name": parent}], "rules": [{"backendRefs": [backend("llm")]}], **spec},
    }


def backend(name: str, weight: int = 1, **more: Any) -> Document:
    """A backendRef to InferencePool `name`."""
    ref = {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": name, "weight": weight}
    return ref | more


def pool(name: str, *, namespace: str = "default", **spec: Any) -> Document:
    """An InferencePool that selects `app: NAME` at port 8000."""
    return {
        "apiVersion": "inference.networking.k8s.io/v1",
        "kind": "InferencePool",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"matchLabels": {"app": name}}, "targetPorts": [{"number": 8000}], **spec},
    }


def rollout(name: str = "rollout", *, namespace: str = "default", route: str = "route", **spec: Any) -> Document:
    """An InferenceRollout from pool `llm` to pool `llm-new` in HTTPRoute `route`."""
    return {
        "apiVersion": "turnout.dev/v1alpha1",
        "kind": "InferenceRollout",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"targetRef": {"name": route}, "stable": {"name": "llm"}, "candidate": {"name": "llm-new"}, **spec},
    }


def reference_grant(
    name: str, *, namespace: str, source: str = "default", pool: str | None = None, kind: str = "HTTPRoute"
) -> Document:
    """A ReferenceGrant in `namespace` for HTTPRoutes of `source`, to InferencePool `pool` or to all of them."""
    to = {"group": "inference.networking.k8s.io", "kind": "InferencePool"}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "ReferenceGrant",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "from": [{"group": "gateway.networking.k8s.io", "kind": kind, "namespace": source}],
            "to": [to | ({"name": pool} if pool is not None else {})],
        },
    }


def gateway_parameters(name: str, *, namespace: str = "default", **spec: Any) -> Document:
    """A GatewayParameters object."""
    return {
        "apiVersion": "turnout.dev/v1alpha1",
        "kind": "GatewayParameters",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def model_server(name: str, *, app: str = "llm", namespace: str = "default", **spec: Any) -> Document:
    """A ModelServer at 127.0.0.1 labelled `app`."""
    return {
        "apiVersion": "turnout.dev/v1alpha1",
        "kind": "ModelServer",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": app}},
        "spec": {"address": "127.0.0.1", **spec},
    }
