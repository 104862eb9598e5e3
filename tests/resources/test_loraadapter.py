"""LoRAAdapter: what is loaded where, and by which name."""

import pytest

from tests.support.admission import faults, spec_of


def test_an_adapter_names_its_pool_in_short() -> None:
    assert spec_of("LoRAAdapter") == {
        "modelName": "chat",
        "version": "v2",
        "source": "/adapters/chat-v2",
        "poolRef": {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "llm"},
    }


@pytest.mark.parametrize("field", ["modelName", "version", "source", "poolRef"])
def test_all_but_the_base_model_is_required(field: str) -> None:
    assert faults("LoRAAdapter", **{field: None}) == [f"spec.{field}: Required value"]


@pytest.mark.parametrize("version", ["", "-1", "a b", "v" * 64])
def test_a_version_can_be_part_of_a_name(version: str) -> None:
    assert all(fault.startswith("spec.version: ") for fault in faults("LoRAAdapter", version=version))
    assert faults("LoRAAdapter", version=version)
