"""Filters become the table's, in order; what is not done is refused."""

from typing import Any

import msgspec
import pytest

from tests.support.resource_sets import pool, reference_grant, resource_set
from turnout.resources.httpfilter import HTTPRouteFilter
from turnout.table import NO_FILTERS, HeaderChange, Mirror, ObjectRef, PathModifier, Redirect, Rewrite
from turnout.translate.destinations import Destinations
from turnout.translate.filters import ReadFilters, Scope, read_filters

Document = dict[str, Any]
AROUND = resource_set(
    [
        pool("llm"),
        pool("h2c", appProtocol="kubernetes.io/h2c"),
        pool("llm", namespace="team"),
        pool("llm", namespace="other"),
        reference_grant("a", namespace="team"),
    ]
)
SCOPE = Scope("default", Destinations.of(AROUND), prefixes=True)
IN_BACKEND = Scope("default", Destinations.of(AROUND), prefixes=True, of_backend=True)


def read(*filters: Document, scope: Scope = SCOPE) -> ReadFilters:
    return read_filters(msgspec.convert(filters, tuple[HTTPRouteFilter, ...]), "f", scope)


def request_headers(**change: Any) -> Document:
    return {"type": "RequestHeaderModifier", "requestHeaderModifier": change}


def mirror(name: str = "llm", more: Document | None = None, **ref: Any) -> Document:
    backend = {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": name} | ref
    return {"type": "RequestMirror", "requestMirror": {"backendRef": backend} | (more or {})}


def pool_ref(name: str, namespace: str = "default") -> ObjectRef:
    return ObjectRef("inference.networking.k8s.io", "InferencePool", namespace, name)


REWRITE: Document = {"type": "URLRewrite", "urlRewrite": {"hostname": "a.com"}}
REDIRECT: Document = {"type": "RequestRedirect", "requestRedirect": {"port": 81}}


def test_no_filters_are_the_one_value_that_an_encoder_leaves_out() -> None:
    assert read().filters is NO_FILTERS
    assert read(mirror(more={"percent": 0})).filters is NO_FILTERS


def test_several_modifiers_keep_their_order() -> None:
    found = read(request_headers(remove=["a"]), request_headers(remove=["b"])).filters
    assert found.request_headers == (HeaderChange(remove=("a",)), HeaderChange(remove=("b",)))
    assert found.response_headers == ()


def test_modifiers_of_answers_are_kept_apart() -> None:
    found = read({"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["a"]}}).filters
    assert found.response_headers == (HeaderChange(remove=("a",)),)
    assert found.request_headers == ()


def test_a_rewrite_has_a_hostname_a_path_or_both() -> None:
    path = {"type": "ReplaceFullPath", "replaceFullPath": "/v2"}
    assert read(REWRITE).filters.rewrite == Rewrite("a.com", None)
    assert read({"type": "URLRewrite", "urlRewrite": {"path": path}}).filters.rewrite == Rewrite(
        "", PathModifier("full", "/v2")
    )


def test_a_redirect_keeps_what_it_does_not_name() -> None:
    assert read({"type": "RequestRedirect", "requestRedirect": {}}).filters.redirect == Redirect()
    assert read(REDIRECT).filters.redirect == Redirect(port=81)


@pytest.mark.parametrize(
    ("share", "numerator", "denominator"),
    [
        ({}, 100, 100),
        ({"percent": 7}, 7, 100),
        ({"fraction": {"numerator": 3}}, 3, 100),
        ({"fraction": {"numerator": 1, "denominator": 1000}}, 1, 1000),
    ],
)
def test_a_mirror_has_a_share_and_without_one_every_request(share: Document, numerator: int, denominator: int) -> None:
    assert read(mirror(more=share)).filters.mirrors == (Mirror(pool_ref("llm"), numerator, denominator),)


@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        ({"name": "missing"}, "BackendNotFound"),
        ({"name": "h2c"}, "UnsupportedProtocol"),
        ({"namespace": "other"}, "RefNotPermitted"),
        ({"group": "", "kind": "Service", "port": 80}, "InvalidKind"),
    ],
)
def test_a_mirror_that_leads_nowhere_is_left_out_and_told(ref: Document, reason: str) -> None:
    found = read(mirror(), mirror(**ref), request_headers(remove=["a"]))
    assert [one.pool for one in found.filters.mirrors] == [pool_ref("llm")]
    assert [one.reason for one in found.unresolved] == [reason]
    assert found.unresolved[0].message.startswith("f[1].requestMirror.backendRef: ")
    assert found.unserved == ()
    assert found.filters.request_headers


def test_a_mirror_across_namespaces_needs_a_grant() -> None:
    found = read(mirror(namespace="team"))
    assert found.filters.mirrors == (Mirror(pool_ref("llm", "team")),)
    assert found.pools == ("team/llm",)


@pytest.mark.parametrize(
    "filters",
    [
        [REDIRECT, REWRITE],
        [REDIRECT, mirror()],
        [REWRITE, REWRITE],
        [REDIRECT, REDIRECT],
    ],
)
def test_what_does_not_go_together_is_incompatible(filters: list[Document]) -> None:
    found = read(*filters)
    assert len(found.unserved) == 1
    assert found.unserved[0].incompatible


def test_a_redirect_s_own_headers_can_be_changed() -> None:
    found = read(REDIRECT, {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["a"]}})
    assert found.unserved == ()
    assert found.filters.redirect is not None
    assert [change.remove for change in found.filters.response_headers] == [("a",)]


@pytest.mark.parametrize(
    ("one", "guard"),
    [
        ({"type": "CORS", "cors": {}}, False),
        ({"type": "ExtensionRef", "extensionRef": {"group": "a.com", "kind": "Q", "name": "q"}}, True),
        ({"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP", "backendRef": {"name": "a", "port": 1}}}, True),
    ],
)
@pytest.mark.parametrize("scope", [SCOPE, IN_BACKEND])
def test_other_types_are_refused_by_name(one: Document, guard: bool, scope: Scope) -> None:
    (fault,) = read(one, scope=scope).unserved
    assert fault.message.startswith(f"f[0].type {one['type']} is not supported")
    assert fault.guard == guard
    assert not fault.incompatible


def test_a_backend_ref_modifies_and_rewrites_and_neither_mirrors_nor_redirects() -> None:
    assert read(request_headers(remove=["a"]), REWRITE, scope=IN_BACKEND).unserved == ()
    for one in (mirror(), REDIRECT):
        (fault,) = read(one, scope=IN_BACKEND).unserved
        assert fault.message.startswith(f"f[0].type {one['type']} is not supported in a backendRef")


def test_faults_of_headers_and_paths_name_their_place() -> None:
    path = {"type": "ReplaceFullPath", "replaceFullPath": "v2"}
    found = read(request_headers(remove=["te"]), {"type": "URLRewrite", "urlRewrite": {"path": path}})
    assert [one.message.split(" ")[0] for one in found.unserved] == [
        "f[0].requestHeaderModifier.remove[0]:",
        "f[1].urlRewrite.path.replaceFullPath",
    ]
