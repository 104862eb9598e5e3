"""No reference leaves its namespace without a grant there."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.resource_sets import CLASS, gateway, http_route, pool, reference_grant, resource_set
from tests.support.written_sets import FACTS, resource_sets
from turnout.resources.referencegrant import ReferenceGrant
from turnout.resources.set import ResourceSet
from turnout.table import ObjectRef, Route
from turnout.translate import translate
from turnout.translate.grants import Grants

Document = dict[str, Any]


def pool_ref(namespace: str, name: str) -> ObjectRef:
    return ObjectRef("inference.networking.k8s.io", "InferencePool", namespace, name)


def grants(*documents: Document) -> Grants:
    return Grants.of(resource_set(documents).reference_grants.values())


def test_an_object_of_the_same_namespace_needs_no_grant() -> None:
    assert Grants().permit("team", pool_ref("team", "llm"))
    assert not Grants().permit("default", pool_ref("team", "llm"))


def test_a_grant_holds_in_its_own_namespace_for_the_kind_and_namespace_that_it_names() -> None:
    found = grants(reference_grant("a", namespace="team"))
    assert found.permit("default", pool_ref("team", "llm"))
    assert not found.permit("other", pool_ref("team", "llm"))
    assert not found.permit("default", pool_ref("models", "llm"))
    assert not found.permit("default", ObjectRef("", "Service", "team", "llm"))
    assert not found.permit("default", pool_ref("team", "llm"), ("gateway.networking.k8s.io", "GRPCRoute"))


def test_a_grant_with_a_name_is_for_that_object_alone() -> None:
    found = grants(reference_grant("a", namespace="team", pool="llm"))
    assert found.permit("default", pool_ref("team", "llm"))
    assert not found.permit("default", pool_ref("team", "llm-new"))


def test_several_grants_permit_what_any_of_them_permits() -> None:
    found = grants(
        reference_grant("a", namespace="team", pool="llm"), reference_grant("b", namespace="team", source="other")
    )
    assert found.permit("default", pool_ref("team", "llm"))
    assert found.permit("other", pool_ref("team", "llm-new"))
    assert not found.permit("default", pool_ref("team", "llm-new"))


TEAM_POOL = {"group": "inference.networking.k8s.io", "kind": "InferencePool", "namespace": "team", "name": "llm"}
MIRROR = {"type": "RequestMirror", "requestMirror": {"backendRef": TEAM_POOL}}
CROSSING = http_route(rules=[{"filters": [MIRROR], "backendRefs": [TEAM_POOL]}])


@pytest.mark.parametrize("exists", [True, False])
def test_what_is_not_granted_is_refused_in_words_that_do_not_tell_whether_it_exists(exists: bool) -> None:
    documents = [CLASS, gateway(), CROSSING]
    with_pool = translate(resource_set([*documents, pool("llm", namespace="team")]), FACTS)
    without = translate(resource_set(documents), FACTS)
    found = with_pool if exists else without
    rule = found.table.routes["default/route"].rules[0]
    assert [one.invalid for one in rule.split.backends] == ["RefNotPermitted"]
    assert rule.filters.mirrors == ()
    assert with_pool.statuses["HTTPRoute", "default/route"] == without.statuses["HTTPRoute", "default/route"]
    assert ("InferencePool", "team/llm") not in found.statuses


def test_a_grant_that_goes_takes_its_force_along() -> None:
    documents = [CLASS, gateway(), CROSSING, pool("llm", namespace="team")]
    granted = resource_set([*documents, reference_grant("a", namespace="team")])
    rule = translate(granted, FACTS).table.routes["default/route"].rules[0]
    assert [one.invalid for one in rule.split.backends] == [""]
    assert [one.pool for one in rule.filters.mirrors] == [pool_ref("team", "llm")]
    revoked = msgspec.structs.replace(granted, reference_grants={})
    rule = translate(revoked, FACTS).table.routes["default/route"].rules[0]
    assert [one.invalid for one in rule.split.backends] == ["RefNotPermitted"]
    assert rule.filters.mirrors == ()


def permitted(grant: ReferenceGrant, source: str, target: ObjectRef) -> bool:
    """The spec read literally, one grant at a time."""
    return (
        grant.metadata.namespace == target.namespace
        and any(
            (one.group, one.kind, one.namespace) == ("gateway.networking.k8s.io", "HTTPRoute", source)
            for one in grant.spec.from_
        )
        and any(
            (to.group, to.kind) == (target.group, target.kind) and to.name in (None, target.name)
            for to in grant.spec.to
        )
    )


def crossings(route: Route) -> list[ObjectRef]:
    """What of another namespace the route's requests, or copies of them, may reach."""
    found = []
    for rule in route.rules:
        found += [one.ref for one in rule.split.backends if not one.invalid]
        for filters in (rule.filters, *(one.filters for one in rule.split.backends)):
            found += [mirror.pool for mirror in filters.mirrors]
    return [ref for ref in found if ref.namespace != route.ref.namespace]


def ungranted(found: ResourceSet) -> list[tuple[str, ObjectRef]]:
    given = found.reference_grants.values()
    return [
        (key, ref)
        for key, route in translate(found, FACTS).table.routes.items()
        for ref in crossings(route)
        if not any(permitted(grant, route.ref.namespace, ref) for grant in given)
    ]


PARENTS = [{"name": "gateway", "namespace": "default"}]
SPACES = st.sampled_from(["default", "team", "models"])
references = st.builds(
    lambda namespace, name: {**TEAM_POOL, "namespace": namespace, "name": name},
    SPACES,
    st.sampled_from(["llm", "llm", "missing"]),
)
mirror = references.map(lambda ref: {"type": "RequestMirror", "requestMirror": {"backendRef": ref}})
crossing_rules = st.fixed_dictionaries(
    {"backendRefs": st.lists(references, min_size=1, max_size=3)}, optional={"filters": st.lists(mirror, max_size=2)}
)
crossing_routes = st.builds(
    lambda namespace, rules: http_route(namespace, namespace=namespace, parentRefs=PARENTS, rules=rules),
    SPACES,
    st.lists(crossing_rules, min_size=1, max_size=2),
)
crossing_grants = st.builds(
    lambda namespace, source, name, kind: reference_grant(
        f"from-{source}", namespace=namespace, source=source, pool=name, kind=kind
    ),
    SPACES,
    SPACES,
    st.sampled_from([None, "llm", "missing"]),
    st.sampled_from(["HTTPRoute", "HTTPRoute", "HTTPRoute", "GRPCRoute"]),
)
OPEN = {"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}
STAGE = [CLASS, gateway(listeners=[OPEN]), *(pool("llm", namespace=namespace) for namespace in ("default", "team"))]


@given(st.lists(crossing_routes, min_size=1, max_size=2), st.lists(crossing_grants, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_what_crosses_a_namespace_is_what_is_granted(routes: list[Document], given_grants: list[Document]) -> None:
    """Both ways: nothing without a grant crosses, and everything that is there and granted does."""
    found = resource_set([*STAGE, *routes, *given_grants])
    assert ungranted(found) == []
    table = translate(found, FACTS).table
    for route in found.http_routes.values():
        named = [
            pool_ref(ref.namespace or route.metadata.namespace, ref.name)
            for rule in route.spec.rules
            for ref in (
                *rule.backend_refs,
                *(one.request_mirror.backend_ref for one in rule.filters if one.request_mirror),
            )
        ]
        allowed = {
            ref
            for ref in named
            if ref.namespace != route.metadata.namespace
            and ref.key in table.pools
            and any(permitted(grant, route.metadata.namespace, ref) for grant in found.reference_grants.values())
        }
        assert set(crossings(table.routes[route.key])) == allowed


@given(resource_sets())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_request_and_no_copy_of_one_crosses_a_namespace_without_a_grant(documents: list[Document]) -> None:
    found = resource_set(documents)
    assert ungranted(found) == []
    # With every grant gone at once, nothing crosses at all.
    revoked = msgspec.structs.replace(found, reference_grants={})
    assert not any(crossings(route) for route in translate(revoked, FACTS).table.routes.values())
