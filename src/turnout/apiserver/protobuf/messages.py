"""The messages of the core kinds (`generated.proto` of k8s.io/api and k8s.io/apimachinery), and their envelope."""

import base64

from turnout.apiserver.protobuf.wire import Field, Message, Scalar, WireError, read
from turnout.resources.document import Document

MAGIC = b"k8s\x00"
INT, BOOL, TIME, BYTES = Scalar.INT, Scalar.BOOL, Scalar.TIME, Scalar.BYTES


def _texts(*names: str) -> dict[int, Field]:
    """Text fields, numbered from 1."""
    return {number: Field(name) for number, name in enumerate(names, 1)}


def _object(**fields: Field) -> Message:
    """An object: `metadata` is 1; the others are given as `f2=...`."""
    return Message({1: Field("metadata", META), **{int(number[1:]): field for number, field in fields.items()}})


OWNER = Message(
    {
        1: Field("kind"),
        3: Field("name"),
        4: Field("uid"),
        5: Field("apiVersion"),
        6: Field("controller", BOOL),
        7: Field("blockOwnerDeletion", BOOL),
    }
)
MANAGED = Message(
    {
        **_texts("manager", "operation", "apiVersion"),
        4: Field("time", TIME),
        6: Field("fieldsType"),
        7: Field("fieldsV1", Scalar.RAW_JSON),
        8: Field("subresource"),
    }
)
META = Message(
    {
        **_texts("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion"),
        7: Field("generation", INT),
        8: Field("creationTimestamp", TIME),
        9: Field("deletionTimestamp", TIME),
        10: Field("deletionGracePeriodSeconds", INT),
        11: Field("labels", entries=True),
        12: Field("annotations", entries=True),
        13: Field("ownerReferences", OWNER, repeated=True),
        14: Field("finalizers", repeated=True),
        17: Field("managedFields", MANAGED, repeated=True),
    }
)
CONDITION = Message(
    {**_texts("type", "status"), 4: Field("lastTransitionTime", TIME), 5: Field("reason"), 6: Field("message")}
)
REFERENCE = Message(_texts("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"))
SERIES = Message({1: Field("count", INT), 2: Field("lastObservedTime", Scalar.MICRO_TIME)})
RESOURCE = Message(_texts("namespace", "verb", "group", "version", "resource", "subresource", "name"))
PRECONDITIONS = Message(_texts("uid", "resourceVersion"))

MESSAGES: dict[tuple[str, str], Message] = {
    ("v1", "Namespace"): _object(
        f2=Field("spec", Message({1: Field("finalizers", repeated=True)})),
        f3=Field("status", Message({1: Field("phase"), 2: Field("conditions", CONDITION, repeated=True)})),
    ),
    ("v1", "ConfigMap"): _object(
        f2=Field("data", entries=True), f3=Field("binaryData", BYTES, entries=True), f4=Field("immutable", BOOL)
    ),
    ("v1", "Secret"): _object(
        f2=Field("data", BYTES, entries=True),
        f3=Field("type"),
        f4=Field("stringData", entries=True),
        f5=Field("immutable", BOOL),
    ),
    ("v1", "Event"): _object(
        f2=Field("involvedObject", REFERENCE),
        f3=Field("reason"),
        f4=Field("message"),
        f5=Field("source", Message(_texts("component", "host"))),
        f6=Field("firstTimestamp", TIME),
        f7=Field("lastTimestamp", TIME),
        f8=Field("count", INT),
        f9=Field("type"),
        f10=Field("eventTime", Scalar.MICRO_TIME),
        f11=Field("series", SERIES),
        f12=Field("action"),
        f13=Field("related", REFERENCE),
        f14=Field("reportingComponent"),
        f15=Field("reportingInstance"),
    ),
    ("v1", "DeleteOptions"): Message(
        {
            1: Field("gracePeriodSeconds", INT),
            2: Field("preconditions", PRECONDITIONS),
            3: Field("orphanDependents", BOOL),
            4: Field("propagationPolicy"),
            5: Field("dryRun", repeated=True),
        }
    ),
    ("authorization.k8s.io/v1", "SelfSubjectAccessReview"): _object(
        f2=Field(
            "spec",
            Message(
                {
                    1: Field("resourceAttributes", RESOURCE),
                    2: Field("nonResourceAttributes", Message(_texts("path", "verb"))),
                }
            ),
        )
    ),
    ("authorization.k8s.io/v1", "SelfSubjectRulesReview"): _object(f2=Field("spec", Message(_texts("namespace")))),
    ("authentication.k8s.io/v1", "SelfSubjectReview"): _object(),
}
"""What is read, by apiVersion and kind."""

ENVELOPE = Message({1: Field("type", Message(_texts("apiVersion", "kind"))), 2: Field("raw", BYTES)})


class UndescribedError(Exception):
    """A kind that has no protobuf form here."""


def read_object(body: bytes) -> Document:
    """An object in Kubernetes' envelope (`runtime.Unknown`). Raises WireError, UndescribedError."""
    if not body.startswith(MAGIC):
        raise WireError("the body does not begin as Kubernetes' protobuf does")
    envelope = read(ENVELOPE, body[len(MAGIC) :])
    named = envelope.get("type", {})
    version, kind = named.get("apiVersion", ""), named.get("kind", "")
    message = MESSAGES.get((version, kind))
    if message is None:
        raise UndescribedError(f"{version} {kind}")
    raw = base64.b64decode(envelope.get("raw", ""))
    return {"apiVersion": version, "kind": kind, **read(message, raw)}
