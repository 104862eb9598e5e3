"""Admission: what a user wrote becomes what is stored, or all that is wrong with it."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.admission import KIND, document
from turnout.resources.admit import admit
from turnout.resources.decode import decode
from turnout.resources.httproute import HTTPRoute
from turnout.resources.kinds import KINDS, Kind

SEED = Path(__file__).parents[2] / "examples" / "seed"

FIELDS = st.sampled_from(
    ["apiVersion", "kind", "metadata", "name", "labels", "annotations", "spec", "status", "rules", "parentRefs",
     "backendRefs", "matches", "path", "type", "value", "weight", "listeners", "port", "protocol", "tls", "hostname",
     "hostnames", "filters", "selector", "matchLabels", "targetPorts", "number", "address", "timeouts", "request",
     "involvedObject", "0", "", "x.y"]
)  # fmt: skip
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["/", "Exact", "a", "1s"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS | st.text(max_size=4), inner, max_size=5),
    max_leaves=25,
)
KINDS_DRAWN = st.sampled_from(KINDS)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[Kind, dict[str, Any]]:
    """A right document in which a few values are replaced by anything."""
    kind = draw(KINDS_DRAWN)
    whole = copy.deepcopy(admit(kind, document(kind.kind)).document)
    for _ in range(draw(st.integers(0, 3))):
        at: Any = whole
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(at[key], dict | list) and draw(st.booleans()):
                at = at[key]
                continue
            at[key] = draw(JSON)
            break
    return kind, whole


@given(KINDS_DRAWN, st.dictionaries(FIELDS, JSON, max_size=6))
@settings(max_examples=150, deadline=None)
def test_admission_raises_nothing_whatever_the_document(kind: Kind, anything: dict[str, Any]) -> None:
    for fault in admit(kind, anything).faults:
        assert str(fault)
        assert fault.cause()["message"]


@given(damaged())
@settings(max_examples=200, deadline=None)
def test_what_is_admitted_is_decoded_and_admitted_again_unchanged(drawn: tuple[Kind, dict[str, Any]]) -> None:
    kind, whole = drawn
    first = admit(kind, whole)
    if first.faults:
        return
    second = admit(kind, first.document)
    assert second.document == first.document
    assert (second.unknown, second.faults) == ((), ())
    decode(kind, first.document)


@given(damaged())
@settings(max_examples=50, deadline=None)
def test_the_document_given_is_left_as_it_was(drawn: tuple[Kind, dict[str, Any]]) -> None:
    kind, whole = drawn
    before = repr(whole)
    admit(kind, whole)
    assert repr(whole) == before


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_plain_document_of_every_kind_is_admitted(kind: Kind) -> None:
    admission = admit(kind, document(kind.kind))
    assert (admission.faults, admission.unknown, admission.warnings) == ((), (), ())


@pytest.mark.parametrize("file", sorted(SEED.glob("*.yaml")), ids=lambda file: file.stem)
def test_the_seed_is_admitted_as_it_stands(file: Path) -> None:
    admission = admit(KIND["HTTPRoute"], yaml.safe_load(file.read_text()))
    assert (admission.faults, admission.unknown) == ((), ())
    route = decode(KIND["HTTPRoute"], admission.document)
    assert isinstance(route, HTTPRoute)
    assert [(ref.kind, ref.weight) for ref in route.spec.rules[0].backend_refs] == [
        ("InferencePool", 90),
        ("InferencePool", 10),
    ]
    assert [(parent.kind, parent.name) for parent in route.spec.parent_refs] == [
        ("InferenceGateway", "my-inference-gateway")
    ]


def test_nulls_are_as_if_they_were_not_there() -> None:
    whole = document("ModelServer", engine=None)
    whole["metadata"]["creationTimestamp"] = None
    stored = admit(KIND["ModelServer"], whole).document
    assert stored["spec"]["engine"] == "vllm"
    assert "creationTimestamp" not in stored["metadata"]


def test_a_required_field_that_is_null_is_missing() -> None:
    (fault,) = admit(KIND["ModelServer"], document("ModelServer", address=None)).faults
    assert str(fault) == "spec.address: Required value"


def test_unknown_fields_are_cut_and_named_by_their_path() -> None:
    whole = document("HTTPRoute", foo=1)
    whole["spec"]["rules"][0]["backendRefs"][0]["wieght"] = 9
    whole["metadata"]["colour"] = "red"
    admission = admit(KIND["HTTPRoute"], whole)
    assert set(admission.unknown) == {"metadata.colour", "spec.foo", "spec.rules[0].backendRefs[0].wieght"}
    assert "foo" not in admission.document["spec"]


def test_all_faults_are_told_at_once() -> None:
    whole = document("HTTPRoute", hostnames=["UPPER"], rules=[{"backendRefs": [{"name": "", "weight": -3, "port": 1}]}])
    whole["metadata"]["name"] = "Bad_Name"
    assert {fault.field for fault in admit(KIND["HTTPRoute"], whole).faults} == {
        "metadata.name",
        "spec.hostnames[0]",
        "spec.rules[0].backendRefs[0].name",
        "spec.rules[0].backendRefs[0].weight",
    }


def test_status_is_kept_as_it_is() -> None:
    whole = {**document("Gateway"), "status": {"conditions": [{"type": "Accepted", "extra": None}], "ours": 1}}
    assert admit(KIND["Gateway"], whole).document["status"] == whole["status"]


def test_every_served_version_is_stored_as_one() -> None:
    whole = {**document("HTTPRoute"), "apiVersion": "gateway.networking.k8s.io/v1beta1"}
    assert admit(KIND["HTTPRoute"], whole).document["apiVersion"] == "gateway.networking.k8s.io/v1"


def test_a_controller_name_never_changes() -> None:
    old = admit(KIND["GatewayClass"], document("GatewayClass")).document
    (fault,) = admit(KIND["GatewayClass"], document("GatewayClass", controllerName="other.dev/x"), old).faults
    assert str(fault) == 'spec.controllerName: Invalid value: "other.dev/x": field is immutable'


def test_a_controller_name_may_be_written_again() -> None:
    old = admit(KIND["GatewayClass"], document("GatewayClass")).document
    assert not admit(KIND["GatewayClass"], document("GatewayClass", description="new"), old).faults


def test_a_document_nested_without_end_is_one_fault() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"status": deep}
    (fault,) = admit(KIND["Gateway"], deep).faults
    assert "nested more than" in str(fault)


def test_a_new_namespace_is_active_and_labelled_with_its_name() -> None:
    stored = admit(KIND["Namespace"], document("Namespace")).document
    assert stored["status"] == {"phase": "Active"}
    assert stored["metadata"]["labels"] == {"kubernetes.io/metadata.name": "it"}
