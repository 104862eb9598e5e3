"""ReferenceGrant: who may name what."""

import pytest

from tests.support.admission import faults, spec_of

FROM = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "web"}
TO = {"group": "inference.networking.k8s.io", "kind": "InferencePool"}


def test_a_grant_is_stored_as_it_is_written() -> None:
    assert spec_of("ReferenceGrant", to=[{**TO, "name": "llm"}]) == {"from": [FROM], "to": [{**TO, "name": "llm"}]}


@pytest.mark.parametrize("side", ["from", "to"])
def test_each_side_has_1_to_16_entries(side: str) -> None:
    entry = {"from": FROM, "to": TO}[side]
    assert faults("ReferenceGrant", **{side: [entry] * 16}) == []
    assert faults("ReferenceGrant", **{side: [entry] * 17}) == [
        f"spec.{side}: Too many: 17: must have at most 16 items"
    ]
    assert faults("ReferenceGrant", **{side: []}) == [
        f"spec.{side}: Invalid value: 0: spec.{side} in body should have at least 1 items"
    ]


@pytest.mark.parametrize("field", ["group", "kind", "namespace"])
def test_who_is_granted_something_is_named_in_full(field: str) -> None:
    entry = {key: value for key, value in FROM.items() if key != field}
    assert faults("ReferenceGrant", **{"from": [FROM, entry]}) == [f"spec.from[1].{field}: Required value"]


def test_the_core_group_is_named_by_an_empty_text() -> None:
    assert faults("ReferenceGrant", to=[{"group": "", "kind": "Secret"}]) == []
    assert faults("ReferenceGrant", to=[{"kind": "Secret"}]) == ["spec.to[0].group: Required value"]
