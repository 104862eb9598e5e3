"""Documents of every kind and short ways to admit them."""

import copy
from typing import Any

from turnout.resources.admit import Admission, admit
from turnout.resources.kinds import KINDS, Kind

Document = dict[str, Any]

KIND: dict[str, Kind] = {kind.kind: kind for kind in reversed(KINDS)}

SPECS: dict[str, Document] = {
    "GatewayClass": {"controllerName": "turnout.dev/gateway"},
    "Gateway": {"gatewayClassName": "turnout", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
    "HTTPRoute": {"parentRefs": [{"name": "gate"}], "rules": [{"backendRefs": [{"name": "llm", "port": 80}]}]},
    "InferencePool": {"selector": {"matchLabels": {"app": "llm"}}, "targetPorts": [{"number": 8000}]},
    "ModelServer": {"address": "127.0.0.1", "port": 9001},
    "ReferenceGrant": {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "web"}],
        "to": [{"group": "inference.networking.k8s.io", "kind": "InferencePool"}],
    },
    "InferenceObjective": {"poolRef": {"name": "llm"}, "priority": 10},
    "InferenceModel": {"poolRef": {"name": "llm"}, "modelName": "chat"},
    "InferenceModelRewrite": {"poolRef": {"name": "llm"}, "rules": [{"targets": [{"modelRewrite": "chat-2"}]}]},
    "LoRAAdapter": {"modelName": "chat", "version": "v2", "source": "/adapters/chat-v2", "poolRef": {"name": "llm"}},
    "GatewayParameters": {"limits": {"requestBodyBytes": 1000}},
    "InferencePoolPolicy": {"targetRefs": [{"name": "llm"}]},
    "InferenceRollout": {
        "targetRef": {"name": "route"},
        "stable": {"name": "llm"},
        "candidate": {"name": "llm-new"},
        "strategy": {"canary": {"steps": [{"setWeight": 10}, {"analysis": {"minDuration": "1s"}}, {"pause": {}}]}},
        "analysis": {
            "metrics": [{"name": "errors", "builtin": "ErrorRate", "objective": {"maxMissRate": 0.1}, "compare": {}}]
        },
    },
}


def document(kind: str, **spec: Any) -> Document:
    """A right document of `kind`, with the given fields of its spec in place of its own."""
    whole: Document = {"apiVersion": KIND[kind].api_version, "kind": kind, "metadata": {"name": "it"}}
    if kind in SPECS:
        whole["spec"] = {**copy.deepcopy(SPECS[kind]), **spec}
    if kind == "Event":
        whole["involvedObject"] = {"kind": "Gateway", "name": "it"}
    return whole


def admission(kind: str, **spec: Any) -> Admission:
    return admit(KIND[kind], document(kind, **spec))


def faults(kind: str, **spec: Any) -> list[str]:
    """The faults of a document that is right but for the given fields."""
    return [str(fault) for fault in admission(kind, **spec).faults]


def spec_of(kind: str, **spec: Any) -> Document:
    """The spec as it is stored."""
    result = admission(kind, **spec)
    assert not result.faults, [str(fault) for fault in result.faults]
    stored: Document = result.document["spec"]
    return stored
