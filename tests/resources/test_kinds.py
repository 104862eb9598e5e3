"""The list of kinds."""

import pytest

from tests.support.admission import KIND
from turnout.resources.kinds import KINDS, find_kind, find_plural, split_api_version
from turnout.resources.schema import parts_of


def test_gateway_kinds_are_found_under_both_versions() -> None:
    found = {find_kind("gateway.networking.k8s.io", version, "HTTPRoute") for version in ("v1", "v1beta1")}
    assert [kind.version for kind in found if kind] == ["v1"]


def test_a_kind_is_found_by_its_plural() -> None:
    kind = find_plural("inference.networking.k8s.io", "v1", "inferencepools")
    assert kind is not None
    assert (kind.kind, kind.short_names) == ("InferencePool", ("infpool",))


def test_what_is_not_served_is_not_found() -> None:
    assert find_kind("inference.networking.k8s.io", "v1alpha2", "InferencePool") is None
    assert find_plural("", "v1", "pods") is None


@pytest.mark.parametrize("name", ["InferenceObjective", "InferenceModelRewrite"])
def test_llm_d_kinds_are_found_in_both_groups_with_one_type(name: str) -> None:
    groups = ("inference.networking.x-k8s.io", "llm-d.ai")
    found = [find_kind(group, "v1alpha2", name) for group in groups]
    assert [(kind.group, kind.type) for kind in found if kind] == [(group, KIND[name].type) for group in groups]


def test_every_kind_of_the_contract_is_served() -> None:
    assert {(kind.group, kind.kind) for kind in KINDS} == {
        *(("", name) for name in ("Namespace", "Secret", "ConfigMap", "Event")),
        *(("gateway.networking.k8s.io", name) for name in ("GatewayClass", "Gateway", "HTTPRoute", "ReferenceGrant")),
        ("inference.networking.k8s.io", "InferencePool"),
        ("inference.networking.x-k8s.io", "InferenceModel"),
        *(("inference.networking.x-k8s.io", name) for name in ("InferenceObjective", "InferenceModelRewrite")),
        *(("llm-d.ai", name) for name in ("InferenceObjective", "InferenceModelRewrite")),
        *(("turnout.dev", name) for name in ("ModelServer", "InferenceRollout", "LoRAAdapter")),
        *(("turnout.dev", name) for name in ("GatewayParameters", "InferencePoolPolicy")),
    }


def test_names_are_unique_within_their_group() -> None:
    names = [(kind.group, name) for kind in KINDS for name in {kind.plural, kind.singular, *kind.short_names}]
    assert len(set(names)) == len(names)


def test_an_api_version_without_a_group_is_core() -> None:
    assert split_api_version("v1") == ("", "v1")
    assert split_api_version("a.b/v1") == ("a.b", "v1")


def test_parts_of_a_kind_have_names_of_their_own() -> None:
    for kind in KINDS:
        parts = parts_of(kind.type)
        assert kind.kind in parts
        assert "ObjectMeta" in parts
