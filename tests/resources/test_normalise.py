"""Forms beside the standard."""

import pytest

from tests.support.admission import KIND, admission, document
from turnout.resources.admit import admit

OLD_PARENT = {"group": "inference.networking.k8s.io", "kind": "InferenceGateway", "name": "gate"}


def test_a_mapping_of_rules_is_stored_as_the_list_of_it() -> None:
    rule = {"backendRefs": [{"name": "a", "port": 80}]}
    assert admission("HTTPRoute", rules=rule).document == admission("HTTPRoute", rules=[rule]).document


def test_what_is_stored_is_remarked_on_no_more() -> None:
    stored = admission("HTTPRoute", rules={"backendRefs": [{"name": "a", "port": 80}]}).document
    assert admit(KIND["HTTPRoute"], stored).warnings == ()


def test_an_inference_gateway_stays_as_written_with_a_warning() -> None:
    result = admission("HTTPRoute", parentRefs=[{"name": "other"}, OLD_PARENT])
    assert result.document["spec"]["parentRefs"][1] == OLD_PARENT
    (warning,) = result.warnings
    assert warning.startswith("spec.parentRefs[1]: kind InferenceGateway")
    assert '"group: gateway.networking.k8s.io, kind: Gateway"' in warning


@pytest.mark.parametrize("spec", [None, [], "x", {"rules": None}, {"parentRefs": "x"}, {"parentRefs": [None, 1]}])
def test_a_route_of_any_shape_is_left_to_the_checks(spec: object) -> None:
    assert admit(KIND["HTTPRoute"], {**document("HTTPRoute"), "spec": spec}).warnings == ()
