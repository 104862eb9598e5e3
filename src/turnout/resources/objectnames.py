"""Names, labels and annotations of objects (Kubernetes `apimachinery/pkg/util/validation`)."""

import re
from collections.abc import Iterator, Mapping

from turnout.resources.document import JSON
from turnout.resources.faults import Fault, invalid, required
from turnout.resources.kinds import Kind
from turnout.resources.owners import finalizer_faults, owner_faults
from turnout.resources.words import LABEL, SUBDOMAIN

QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
LABEL_VALUE = f"({QUALIFIED})?"
LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    f"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')"
)
SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{SUBDOMAIN}')"
)
QUALIFIED_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    f"character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{QUALIFIED}')"
)
LABEL_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'{LABEL_VALUE}')"
)
MOST_ANNOTATION_BYTES = 256 * 1024


def check_metadata(kind: Kind, metadata: Mapping[str, JSON]) -> Iterator[Fault]:
    """Every fault of the metadata of an object of `kind`, whose fields have the right types."""
    yield from check_name(kind, metadata)
    namespace = metadata.get("namespace", "")
    if namespace and not kind.namespaced:
        yield Fault("metadata.namespace", "FieldValueForbidden", None, "not allowed on this type")
    elif namespace:
        yield from (invalid("metadata.namespace", namespace, text) for text in label_faults(namespace))
    for key, value in metadata.get("labels", {}).items():
        yield from (invalid("metadata.labels", key, text) for text in key_faults(key))
        yield from (invalid("metadata.labels", value, text) for text in label_value_faults(value))
    annotations = metadata.get("annotations", {})
    for key in annotations:
        yield from (invalid("metadata.annotations", key, text) for text in key_faults(key.lower()))
    size = sum(
        len(key.encode(errors="replace")) + len(value.encode(errors="replace")) for key, value in annotations.items()
    )
    if size > MOST_ANNOTATION_BYTES:
        yield Fault(
            "metadata.annotations", "FieldValueTooLong", None, f"may not be more than {MOST_ANNOTATION_BYTES} bytes"
        )
    yield from owner_faults(metadata)
    yield from finalizer_faults(metadata, key_faults)


def check_name(kind: Kind, metadata: Mapping[str, JSON]) -> Iterator[Fault]:
    """`name` must be there, unless the API is to make one from `generateName`."""
    name = metadata.get("name", "")
    if not name:
        if not metadata.get("generateName"):
            yield required("metadata.name", "name or generateName is required")
        return
    faults = label_faults(name) if kind.kind == "Namespace" else subdomain_faults(name)
    yield from (invalid("metadata.name", name, text) for text in faults)


def label_faults(text: str) -> Iterator[str]:
    """What keeps `text` from being a DNS-1123 label."""
    if len(text) > 63:
        yield "must be no more than 63 characters"
    elif not re.fullmatch(LABEL, text):
        yield LABEL_TEXT


def subdomain_faults(text: str) -> Iterator[str]:
    """What keeps `text` from being a DNS-1123 subdomain."""
    if len(text) > 253:
        yield "must be no more than 253 characters"
    elif not re.fullmatch(SUBDOMAIN, text):
        yield SUBDOMAIN_TEXT


def key_faults(key: str) -> Iterator[str]:
    """What keeps `key` from being the key of a label: an optional DNS prefix, a slash, a name."""
    prefix, slash, name = key.rpartition("/")
    if slash and not prefix:
        yield "prefix part must be non-empty"
    elif slash:
        yield from (f"prefix part {text}" for text in subdomain_faults(prefix))
    if not name:
        yield "name part must be non-empty"
    elif len(name) > 63:
        yield "name part must be no more than 63 characters"
    elif not re.fullmatch(QUALIFIED, name):
        yield QUALIFIED_TEXT


def label_value_faults(value: str) -> Iterator[str]:
    """What keeps `value` from being the value of a label."""
    if len(value) > 63:
        yield "must be no more than 63 characters"
    elif not re.fullmatch(LABEL_VALUE, value):
        yield LABEL_VALUE_TEXT
