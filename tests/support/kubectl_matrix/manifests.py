"""The objects of the script. None of them is one that Turnout's controllers write a status to, but for `STATUSES`."""

CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {app: matrix}}
data: {color: red, size: small}
"""
SERVER = """
apiVersion: turnout.dev/v1alpha1
kind: ModelServer
metadata: {name: llm-0, labels: {app: llm}}
spec: {address: 127.0.0.1, port: 9001}
"""
POOL = """
apiVersion: inference.networking.k8s.io/v1
kind: InferencePool
metadata: {name: llm, labels: {tier: gold}}
spec: {selector: {matchLabels: {app: llm}}, targetPorts: [{number: 8000}]}
"""
GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gate, labels: {tier: gold}}
spec:
  gatewayClassName: of-others
  listeners: [{name: http, port: 80, protocol: HTTP}]
"""
ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: route, labels: {tier: gold}}
spec:
  parentRefs: [{name: gate}]
  hostnames: [a.example, b.example]
  rules:
  - backendRefs:
    - {group: inference.networking.k8s.io, kind: InferencePool, name: llm, port: 80, weight: 90}
    - {group: inference.networking.k8s.io, kind: InferencePool, name: llm-new, port: 80, weight: 10}
"""
GRANT = """
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: grant}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: web}]
  to: [{group: inference.networking.k8s.io, kind: InferencePool}]
"""
CLASS = """
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: kx-class}
spec: {controllerName: others.dev/gateway, description: of others}
"""
EVENT = """
apiVersion: v1
kind: Event
metadata: {name: noticed, labels: {tier: gold}}
involvedObject: {apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, name: gate, namespace: "@NS"}
reason: Noticed
message: somebody looked
type: Normal
count: 1
source: {component: matrix}
firstTimestamp: "2026-01-01T00:00:00Z"
lastTimestamp: "2026-01-01T00:00:00Z"
"""
STATUSES = """
apiVersion: inference.networking.x-k8s.io/v1alpha2
kind: InferenceObjective
metadata: {name: urgent}
spec: {poolRef: {name: llm}, priority: 10}
---
apiVersion: inference.networking.x-k8s.io/v1alpha2
kind: InferenceModel
metadata: {name: chat}
spec: {poolRef: {name: llm}, modelName: chat}
---
apiVersion: inference.networking.x-k8s.io/v1alpha2
kind: InferenceModelRewrite
metadata: {name: chat}
spec: {poolRef: {name: llm}, rules: [{targets: [{modelRewrite: chat-2}]}]}
---
apiVersion: turnout.dev/v1alpha1
kind: GatewayParameters
metadata: {name: small}
spec: {limits: {requestBodyBytes: 1000}}
---
apiVersion: turnout.dev/v1alpha1
kind: InferencePoolPolicy
metadata: {name: policy}
spec: {targetRefs: [{name: nobody}]}
---
apiVersion: turnout.dev/v1alpha1
kind: LoRAAdapter
metadata: {name: adapter}
spec: {modelName: chat, version: v2, source: /adapters/chat-v2, poolRef: {name: nobody}}
---
apiVersion: turnout.dev/v1alpha1
kind: InferenceRollout
metadata: {name: rollout}
spec:
  targetRef: {name: nobody}
  stable: {name: llm}
  candidate: {name: llm-new}
  strategy: {canary: {steps: [{setWeight: 10}, {pause: {}}]}}
"""


def several(*manifests: str) -> str:
    """One file of several documents."""
    return "\n---".join(manifests)
