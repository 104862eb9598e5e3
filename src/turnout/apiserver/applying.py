"""Server-side apply: from what a client applies to the object that it makes, and the words of its refusals."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from turnout.apiserver.errors import StatusError, bad_request
from turnout.apiserver.options import Validation, WriteOptions
from turnout.apiserver.ownership.entries import UPDATE, Entry, Writer
from turnout.apiserver.ownership.fields import fields_of
from turnout.apiserver.ownership.paths import NONE, FieldSet, field
from turnout.apiserver.ownership.shapes import below, parts, shape_of
from turnout.apiserver.ownership.writes import ConflictError, applied, updated
from turnout.apiserver.paths import Target
from turnout.apiserver.tracking import bare, owners, writer_of
from turnout.resources.admit import DEEPEST, too_deep
from turnout.resources.defaulting import filled
from turnout.resources.document import JSON, Document
from turnout.resources.kinds import api_version
from turnout.resources.normalise import normalised
from turnout.resources.pruning import pruned
from turnout.resources.schema import Schema, schema_of

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
KUBECTL = "kubectl"
"""The manager that takes over, without force, what client-side apply left: it is the same user with the same file."""
SUBJECT = ("apiVersion", "kind", "status")
IDENTITY = ("name", "namespace", "uid", "resourceVersion")
BEFORE = "before-first-apply"
"""Who owns what was there before anyone was tracked."""


class Config(Struct, frozen=True):
    """What a client applies: as `sent`, and as read: in the standard form, with defaults inside what is owned whole."""

    sent: Document
    document: Document
    warnings: tuple[str, ...] = ()


class Made(Struct, frozen=True):
    """What an apply makes of an object, before it is admitted."""

    document: Document
    entries: tuple[Entry, ...]


def read_config(target: Target, document: Document, options: WriteOptions) -> Config:
    """What `document` says of `target`. Raises a 400 for one that cannot be applied."""
    kind = target.kind
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        raise bad_request("metadata is required and must be an object")
    if metadata.get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    expected = api_version(kind.group, target.version)
    if document.get("apiVersion") != expected:
        said = f"Specified patch version: {document.get('apiVersion', '')}, expected: {expected}"
        raise bad_request(f"Incorrect version specified in apply patch. {said}")
    if too_deep(document):
        raise bad_request(f"the object is nested more than {DEEPEST} levels deep")
    warnings: list[str] = []
    unknown: list[str] = []
    # The server's own label of a Namespace is not the applier's: metadata stays as it was sent.
    standard = {**normalised(kind, document, warnings), "metadata": metadata}
    known = pruned(schema_of(kind), standard, "", unknown)
    if unknown and options.validation is Validation.STRICT:
        raise _undeclared(target, metadata, unknown)
    if options.validation is Validation.WARN:
        warnings += [f'unknown field "{path}"' for path in unknown]
    return Config(document, _with_whole_defaults(shape_of(kind), _part(target, known)), tuple(warnings))


def _undeclared(target: Target, metadata: Document, unknown: Sequence[str]) -> StatusError:
    version = api_version(target.kind.group, target.version)
    named = f"{metadata.get('namespace') or target.namespace}/{metadata.get('name', '')}"
    said = ", ".join(f".{path}: field not declared in schema" for path in unknown)
    kind = f"{version}, Kind={target.kind.kind}"
    return bad_request(f"failed to create typed patch object ({named}; {kind}): {said}")


def _part(target: Target, document: Document) -> Document:
    """The part of a config that its path takes: all but the status, or the status alone; no empty metadata is kept."""
    metadata = {key: value for key, value in document["metadata"].items() if value not in ("", [], {})}
    if target.subresource:
        metadata = {key: value for key, value in metadata.items() if key in IDENTITY}
        return {key: one for key, one in document.items() if key in SUBJECT} | {"metadata": metadata}
    kept = {key: value for key, value in document.items() if key != "status" or not target.kind.has_status}
    return {**kept, "metadata": metadata}


def _with_whole_defaults(shape: Schema, value: JSON) -> JSON:
    """`value` with the defaults inside what is owned whole: who says a list's items says their defaults too."""
    inside = parts(shape, value)
    if inside is None:
        return filled(shape, value)
    whole = [_with_whole_defaults(below(shape, element), one) for element, one in inside.items()]
    return dict(zip(value, whole, strict=True)) if isinstance(value, dict) else whole


def first_applied(target: Target, config: Config, manager: str, now: str) -> tuple[Entry, ...]:
    """The owners of an object that is made by an apply."""
    shape = shape_of(target.kind)
    writer = writer_of(target, manager, applies=True)
    return applied(shape, {"metadata": {}}, config.document, (), writer, now).entries


def apply_config(target: Target, old: Document, config: Config, options: WriteOptions, now: str) -> Made:
    """`old` with `config` applied. Raises a 409 that names the fields of others that it would change."""
    shape, live = shape_of(target.kind), bare(old)
    writer = writer_of(target, options.manager, applies=True)
    entries = owners(old) or _before(shape, live, writer, now)
    takes = _from_client_side(shape, old) if options.manager == KUBECTL else NONE
    try:
        made = applied(shape, live, config.document, entries, writer, now, None if options.force else takes)
    except ConflictError as error:
        raise _refusal(error) from error
    return Made(made.document, made.entries)


def _before(shape: Schema, live: Document, writer: Writer, now: str) -> tuple[Entry, ...]:
    """The owner of everything in an object that has no owners."""
    before = Writer(BEFORE, UPDATE, writer.api_version)
    whole = {key: value for key, value in live.items() if key != "status"}
    return updated(shape, {"metadata": {}}, whole, (), before, now)


def _from_client_side(shape: Schema, live: Document) -> FieldSet:
    """The fields that `kubectl apply` last applied on the client's side."""
    text = (live["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    try:
        document = msgspec.json.decode(text) if text else {}
    except (msgspec.DecodeError, RecursionError):
        return NONE
    if not isinstance(document, dict) or too_deep(document):
        return NONE
    annotation = ("f:metadata", "f:annotations", field(LAST_APPLIED))
    return fields_of(shape, document) | {annotation}


def _refusal(error: ConflictError) -> StatusError:
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {each.manager}", "field": each.field}
        for each in error.conflicts
    ]
    return StatusError(409, "Conflict", str(error), {"causes": causes})


def synced(old: Document, made: Document, config: Config, options: WriteOptions) -> Document:
    """`made` with what kubectl last applied in its annotation, if `old` has one: kubectl may go back to it."""
    annotations = made["metadata"].get("annotations") or {}
    if options.manager != KUBECTL or LAST_APPLIED not in (old["metadata"].get("annotations") or {}):
        return made
    text = msgspec.json.encode(config.sent, order="sorted").decode() + "\n"
    return {**made, "metadata": {**made["metadata"], "annotations": {**annotations, LAST_APPLIED: text}}}
