"""The kinds that Turnout serves and reads: their names, versions and printed columns. The one list of them."""

from turnout.resources.configmap import ConfigMap
from turnout.resources.event import Event
from turnout.resources.gateway import Gateway
from turnout.resources.gatewayclass import GatewayClass
from turnout.resources.gatewayparameters import GatewayParameters
from turnout.resources.httproute import HTTPRoute
from turnout.resources.inferencemodel import InferenceModel
from turnout.resources.inferencemodelrewrite import InferenceModelRewrite
from turnout.resources.inferenceobjective import InferenceObjective
from turnout.resources.inferencepool import InferencePool
from turnout.resources.inferencepoolpolicy import InferencePoolPolicy
from turnout.resources.inferencerollout import InferenceRollout
from turnout.resources.kind import AGE, Column, Kind, api_version
from turnout.resources.loraadapter import LoRAAdapter
from turnout.resources.modelserver import ModelServer
from turnout.resources.namespace import Namespace
from turnout.resources.referencegrant import ReferenceGrant
from turnout.resources.secret import Secret

__all__ = [
    "GATEWAY_GROUP",
    "INFERENCE_GROUP",
    "KINDS",
    "TURNOUT_GROUP",
    "Column",
    "Kind",
    "api_version",
    "find_kind",
    "find_plural",
    "split_api_version",
]

GATEWAY_GROUP = "gateway.networking.k8s.io"
INFERENCE_GROUP = "inference.networking.k8s.io"
EXPERIMENTAL_GROUP = "inference.networking.x-k8s.io"
LLM_D_GROUP = "llm-d.ai"
TURNOUT_GROUP = "turnout.dev"

POOL = Column("Inference Pool", "string", ".spec.poolRef.name")

KINDS: tuple[Kind, ...] = (
    Kind(
        group="",
        version="v1",
        versions=("v1",),
        kind="Namespace",
        plural="namespaces",
        singular="namespace",
        short_names=("ns",),
        namespaced=False,
        strategic=True,
        type=Namespace,
        columns=(Column("Status", "string", ".status.phase"), AGE),
    ),
    Kind(
        group="",
        version="v1",
        versions=("v1",),
        kind="Event",
        plural="events",
        singular="event",
        short_names=("ev",),
        has_status=False,
        strategic=True,
        type=Event,
    ),
    Kind(
        group="",
        version="v1",
        versions=("v1",),
        kind="Secret",
        plural="secrets",
        singular="secret",
        has_status=False,
        strategic=True,
        type=Secret,
        immutable=("type",),
        sealed=("immutable", "data"),
        columns=(Column("Type", "string", ".type"), Column("Data", "count", ".data"), AGE),
    ),
    Kind(
        group="",
        version="v1",
        versions=("v1",),
        kind="ConfigMap",
        plural="configmaps",
        singular="configmap",
        short_names=("cm",),
        has_status=False,
        strategic=True,
        type=ConfigMap,
        sealed=("immutable", "data", "binaryData"),
        columns=(Column("Data", "count", ".data .binaryData"), AGE),
    ),
    Kind(
        group=GATEWAY_GROUP,
        version="v1",
        versions=("v1", "v1beta1"),
        kind="GatewayClass",
        plural="gatewayclasses",
        singular="gatewayclass",
        short_names=("gc",),
        categories=("gateway-api",),
        namespaced=False,
        type=GatewayClass,
        immutable=("spec.controllerName",),
        columns=(
            Column("Controller", "string", ".spec.controllerName"),
            Column("Accepted", "string", '.status.conditions[?(@.type=="Accepted")].status'),
            AGE,
            Column("Description", "string", ".spec.description", priority=1),
        ),
    ),
    Kind(
        group=GATEWAY_GROUP,
        version="v1",
        versions=("v1", "v1beta1"),
        kind="Gateway",
        plural="gateways",
        singular="gateway",
        short_names=("gtw",),
        categories=("gateway-api",),
        type=Gateway,
        columns=(
            Column("Class", "string", ".spec.gatewayClassName"),
            Column("Address", "string", ".status.addresses[*].value"),
            Column("Programmed", "string", '.status.conditions[?(@.type=="Programmed")].status'),
            AGE,
        ),
    ),
    Kind(
        group=GATEWAY_GROUP,
        version="v1",
        versions=("v1", "v1beta1"),
        kind="HTTPRoute",
        plural="httproutes",
        singular="httproute",
        categories=("gateway-api",),
        type=HTTPRoute,
        columns=(Column("Hostnames", "string", ".spec.hostnames"), AGE),
    ),
    Kind(
        group=GATEWAY_GROUP,
        version="v1",
        versions=("v1", "v1beta1"),
        kind="ReferenceGrant",
        plural="referencegrants",
        singular="referencegrant",
        short_names=("refgrant",),
        categories=("gateway-api",),
        has_status=False,
        type=ReferenceGrant,
        columns=(AGE,),
    ),
    Kind(
        group=INFERENCE_GROUP,
        version="v1",
        versions=("v1",),
        kind="InferencePool",
        plural="inferencepools",
        singular="inferencepool",
        short_names=("infpool",),
        type=InferencePool,
        columns=(AGE,),
    ),
    *(
        Kind(
            group=group,
            version="v1alpha2",
            versions=("v1alpha2",),
            kind="InferenceObjective",
            plural="inferenceobjectives",
            singular="inferenceobjective",
            type=InferenceObjective,
            columns=(POOL, Column("Priority", "string", ".spec.priority"), AGE),
        )
        for group in (EXPERIMENTAL_GROUP, LLM_D_GROUP)
    ),
    *(
        Kind(
            group=group,
            version="v1alpha2",
            versions=("v1alpha2",),
            kind="InferenceModelRewrite",
            plural="inferencemodelrewrites",
            singular="inferencemodelrewrite",
            type=InferenceModelRewrite,
            columns=(POOL, AGE),
        )
        for group in (EXPERIMENTAL_GROUP, LLM_D_GROUP)
    ),
    Kind(
        group=EXPERIMENTAL_GROUP,
        version="v1alpha2",
        versions=("v1alpha2",),
        kind="InferenceModel",
        plural="inferencemodels",
        singular="inferencemodel",
        type=InferenceModel,
        immutable=("spec.modelName",),
        columns=(
            Column("Model Name", "string", ".spec.modelName"),
            POOL,
            Column("Criticality", "string", ".spec.criticality"),
            AGE,
        ),
    ),
    Kind(
        group=TURNOUT_GROUP,
        version="v1alpha1",
        versions=("v1alpha1",),
        kind="ModelServer",
        plural="modelservers",
        singular="modelserver",
        type=ModelServer,
        columns=(
            Column("Address", "string", ".spec.address"),
            Column("Port", "integer", ".spec.port"),
            Column("Engine", "string", ".spec.engine"),
            AGE,
        ),
    ),
    Kind(
        group=TURNOUT_GROUP,
        version="v1alpha1",
        versions=("v1alpha1",),
        kind="InferenceRollout",
        plural="inferencerollouts",
        singular="inferencerollout",
        short_names=("iro",),
        categories=("all", "inference"),
        type=InferenceRollout,
        columns=(
            Column("Phase", "string", ".status.phase"),
            Column("Step", "string", ".status.step"),
            Column("Weight", "integer", ".status.weights.effective", description="Percent of every worker's"),
            Column("Actual", "number", ".status.weights.observed.share", description="Share of the requests seen"),
            Column("Verdict", "string", ".status.analysis.verdict"),
            Column("Candidate", "string", ".spec.candidate.name"),
            AGE,
            Column("Stable", "string", ".spec.stable.name", priority=1),
            Column("Reason", "string", ".status.reason", priority=1),
            Column("Message", "string", ".status.message", priority=1),
        ),
    ),
    Kind(
        group=TURNOUT_GROUP,
        version="v1alpha1",
        versions=("v1alpha1",),
        kind="LoRAAdapter",
        plural="loraadapters",
        singular="loraadapter",
        categories=("inference",),
        type=LoRAAdapter,
        columns=(
            Column("Model Name", "string", ".spec.modelName"),
            Column("Version", "string", ".spec.version"),
            POOL,
            Column("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
            AGE,
            Column("Source", "string", ".spec.source", priority=1),
        ),
    ),
    Kind(
        group=TURNOUT_GROUP,
        version="v1alpha1",
        versions=("v1alpha1",),
        kind="GatewayParameters",
        plural="gatewayparameters",
        singular="gatewayparameters",
        type=GatewayParameters,
        columns=(AGE,),
    ),
    Kind(
        group=TURNOUT_GROUP,
        version="v1alpha1",
        versions=("v1alpha1",),
        kind="InferencePoolPolicy",
        plural="inferencepoolpolicies",
        singular="inferencepoolpolicy",
        categories=("inference",),
        type=InferencePoolPolicy,
        columns=(Column("Target", "string", ".spec.targetRefs[*].name"), AGE),
    ),
)


def split_api_version(text: str) -> tuple[str, str]:
    """(group, version) of an `apiVersion`."""
    group, _, version = text.rpartition("/")
    return group, version


def find_kind(group: str, version: str, kind: str) -> Kind | None:
    """The kind that is served under that group, version and kind name; None when there is none."""
    return next((k for k in KINDS if k.group == group and version in k.versions and k.kind == kind), None)


def find_plural(group: str, version: str, plural: str) -> Kind | None:
    """The kind that is served under that group, version and plural name; None when there is none."""
    return next((k for k in KINDS if k.group == group and version in k.versions and k.plural == plural), None)
