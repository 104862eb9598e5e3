"""Kinds that nothing acts on yet say so."""

from typing import Any

import pytest

from tests.support.resource_sets import pool, resource_set
from turnout.translate import Facts, translate
from turnout.translate.stored import status_name

Document = dict[str, Any]
FACTS = Facts(gateway_port=8080, now="2026-02-02T02:02:02Z")
EXPERIMENTAL = "inference.networking.x-k8s.io/v1alpha2"
KINDS: list[tuple[str, str, Document]] = [
    ("InferenceObjective", EXPERIMENTAL, {}),
    ("InferenceObjective", "llm-d.ai/v1alpha2", {}),
    ("InferenceModel", EXPERIMENTAL, {"modelName": "m"}),
    ("InferenceModelRewrite", EXPERIMENTAL, {"rules": [{"targets": [{"modelRewrite": "m"}]}]}),
    ("InferenceModelRewrite", "llm-d.ai/v1alpha2", {"rules": []}),
    ("LoRAAdapter", "turnout.dev/v1alpha1", {"modelName": "m", "version": "1", "source": "/m"}),
]


def document(kind: str, version: str, spec: Document) -> Document:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "one", "generation": 7}, "spec": spec}


@pytest.mark.parametrize(("kind", "version", "spec"), KINDS)
@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ({"name": "llm"}, "Stored, and not acted on yet"),
        ({"name": "none"}, "Stored, and not acted on yet; poolRef: InferencePool none not found"),
        (
            {"name": "llm", "group": "a.com", "kind": "Pool"},
            "Stored, and not acted on yet; poolRef: a.com/Pool llm is no InferencePool of inference.networking.k8s.io",
        ),
    ],
)
def test_an_object_about_a_pool_is_pending(
    kind: str, version: str, spec: Document, ref: Document, message: str
) -> None:
    found = translate(resource_set([document(kind, version, {**spec, "poolRef": ref}), pool("llm")]), FACTS)
    status: Any = found.statuses[status_name(kind, version.partition("/")[0]), "default/one"]
    assert status["conditions"] == [
        {
            "type": "Accepted",
            "status": "Unknown",
            "reason": "Pending",
            "message": message,
            "observedGeneration": 7,
            "lastTransitionTime": FACTS.now,
        }
    ]


def test_of_two_groups_with_one_kind_the_second_bears_its_name() -> None:
    assert status_name("InferenceObjective", "inference.networking.x-k8s.io") == "InferenceObjective"
    assert status_name("InferenceObjective", "llm-d.ai") == "InferenceObjective.llm-d.ai"
