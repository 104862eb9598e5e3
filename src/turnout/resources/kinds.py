"""The kinds that Turnout serves and reads: their names, versions and printed columns. The one list of them."""

from msgspec import Struct

from turnout.resources.event import Event
from turnout.resources.gateway import Gateway
from turnout.resources.gatewayclass import GatewayClass
from turnout.resources.httproute import HTTPRoute
from turnout.resources.inferencepool import InferencePool
from turnout.resources.inferencerollout import InferenceRollout
from turnout.resources.metadata import Resource
from turnout.resources.modelserver import ModelServer
from turnout.resources.namespace import Namespace

GATEWAY_GROUP = "gateway.networking.k8s.io"
INFERENCE_GROUP = "inference.networking.k8s.io"
TURNOUT_GROUP = "turnout.dev"


class Column(Struct, frozen=True):
    """A column of `kubectl get` beside the name, which always comes first. `priority` 1 is shown by `-o wide` only."""

    name: str
    type: str
    json_path: str
    priority: int = 0
    description: str = ""


class Kind(Struct, frozen=True):
    """A kind as the API serves it. `group` is empty for core kinds; `version` is the one that is stored.

    `strategic` kinds are merged by strategic merge patch, as Kubernetes does with its own kinds. `immutable` are the
    fields that never change.
    """

    group: str
    version: str
    versions: tuple[str, ...]
    kind: str
    plural: str
    singular: str
    type: type[Resource]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    namespaced: bool = True
    has_status: bool = True
    strategic: bool = False
    immutable: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()

    @property
    def api_version(self) -> str:
        """`group/version` as it is stored; `version` alone for core kinds."""
        return api_version(self.group, self.version)


AGE = Column("Age", "date", ".metadata.creationTimestamp")

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
        columns=(
            Column("Last Seen", "date", ".lastTimestamp"),
            Column("Type", "string", ".type"),
            Column("Reason", "string", ".reason"),
            Column("Kind", "string", ".involvedObject.kind"),
            Column("Object", "string", ".involvedObject.name"),
            Column("Message", "string", ".message"),
        ),
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
)


def api_version(group: str, version: str) -> str:
    """`group/version`, or `version` alone for the core group."""
    return f"{group}/{version}" if group else version


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
