"""InferenceModel: upstream's bounds, and what must hold between its fields."""

import pytest

from tests.support.admission import KIND, document, faults, spec_of
from turnout.resources.admit import admit


def test_a_pool_is_of_the_group_that_pools_had() -> None:
    assert spec_of("InferenceModel")["poolRef"]["group"] == "inference.networking.x-k8s.io"


@pytest.mark.parametrize("weights", [(1, 2), (None, None), (1000000,), ()])
def test_all_targets_have_weights_or_none(weights: tuple[int | None, ...]) -> None:
    assert faults("InferenceModel", targetModels=[{"name": "m", "weight": weight} for weight in weights]) == []


def test_weights_for_some_targets_only_are_refused() -> None:
    assert faults("InferenceModel", targetModels=[{"name": "a", "weight": 1}, {"name": "b"}]) == [
        ('spec.targetModels: Invalid value: "array": Weights should be set for all models, or none of the models.')
    ]


def test_a_weight_is_1_to_a_million() -> None:
    assert faults("InferenceModel", targetModels=[{"name": "a", "weight": 0}]) == [
        (
            "spec.targetModels[0].weight: Invalid value: 0: "
            "spec.targetModels[0].weight in body should be greater than or equal to 1"
        )
    ]
    assert faults("InferenceModel", targetModels=[{"name": "a", "weight": 1000001}])


def test_a_model_has_ten_targets_at_most() -> None:
    assert faults("InferenceModel", targetModels=[{"name": "m"}] * 11) == [
        "spec.targetModels: Too many: 11: must have at most 10 items"
    ]


def test_criticality_is_one_of_three_words() -> None:
    assert faults("InferenceModel", criticality="High") == [
        ('spec.criticality: Unsupported value: "High": supported values: "Critical", "Sheddable", "Standard"')
    ]


def test_the_name_of_a_model_never_changes() -> None:
    old = admit(KIND["InferenceModel"], document("InferenceModel")).document
    new = admit(KIND["InferenceModel"], document("InferenceModel", modelName="other"), old)
    assert [str(fault) for fault in new.faults] == ['spec.modelName: Invalid value: "other": field is immutable']
