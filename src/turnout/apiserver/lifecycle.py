"""What a write makes of an object: the fields that belong to the server, as Kubernetes keeps them.

Pure functions on documents; none changes what it is given. Each raises StatusError for a write that is refused.
"""

from collections.abc import Mapping
from typing import cast

from msgspec import Struct

from turnout.apiserver.errors import bad_request, conflict, invalid, modified, wrong_uid
from turnout.apiserver.jsonpatch import same
from turnout.apiserver.options import Validation, WriteOptions
from turnout.resources.admit import Admission, admit
from turnout.resources.document import JSON, Document
from turnout.resources.faults import Fault, required
from turnout.resources.faults import invalid as invalid_value
from turnout.resources.kinds import Kind

SERVERS = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "namespace")
"""Metadata that a client cannot change."""
DROPPED = ("managedFields", "selfLink", "resourceVersion")
"""Metadata that a document to store does not hold: written anew with each version, or with the owners, or not kept."""

PERMANENT = ("default",)
"""Namespaces that cannot be deleted: every kubeconfig of ours points there."""


class Edited(Struct, frozen=True):
    """A document to store, and what to tell the user."""

    document: Document
    warnings: tuple[str, ...] = ()


def created(kind: Kind, document: Document, options: WriteOptions, *, uid: str, now: str) -> Edited:
    """A new object, from what a client sent with its name and namespace filled in."""
    metadata = _metadata(kind, document)
    if metadata.get("resourceVersion"):
        raise bad_request("resourceVersion should not be set on objects to be created")
    admission = _admitted(kind, _clients(kind, document), None, options)
    server = {"uid": uid, "creationTimestamp": now, **({} if kind.strategic else {"generation": 1})}
    theirs = _kept(admission.document["metadata"])
    if metadata.get("namespace"):
        server["namespace"] = metadata["namespace"]
    whole = {**admission.document, "metadata": {**theirs, **server}}
    if kind.kind == "Namespace":
        whole["status"] = {"phase": "Active"}
    return Edited(whole, _warnings(admission, options))


def replaced(kind: Kind, old: Document, document: Document, options: WriteOptions) -> Edited:
    """The object with everything but its status as a client wants it. The generation grows if the spec changes."""
    check_preconditions(kind, old, _metadata(kind, document))
    admission = _admitted(kind, _clients(kind, document), old, options)
    before = old["metadata"]
    theirs = _kept(admission.document["metadata"])
    _check_finalizers(kind, before, theirs)
    whole = {**admission.document, "metadata": {**theirs, **{k: before[k] for k in SERVERS if k in before}}}
    if kind.has_status and "status" in old:
        whole["status"] = old["status"]
    if "generation" in before and not same(_spec(whole), _spec(old)):
        whole["metadata"]["generation"] = before["generation"] + 1
    return Edited(whole, _warnings(admission, options))


def with_status(kind: Kind, old: Document, document: Document) -> Edited:
    """The object with the status that a client wants, and nothing else of it."""
    check_preconditions(kind, old, _metadata(kind, document))
    whole = {**old, "metadata": {k: v for k, v in old["metadata"].items() if k not in DROPPED}}
    whole.pop("status", None)
    if document.get("status") is None:
        return Edited(whole)
    # Not the whole object: its spec is most of the work, and one from before a rule grew stricter is no status's fault.
    named = {name: value for name, value in whole.items() if name in ("apiVersion", "kind")}
    admission = admit(kind, {**named, "status": document["status"]})
    faults = [fault for fault in admission.faults if not fault.field or fault.field.startswith("status")]
    if faults:
        raise invalid(kind, str(old["metadata"]["name"]), faults)
    return Edited({**whole, "status": admission.document["status"]})


def deleting(old: Document, now: str) -> Document:
    """The object marked as on its way out, until its finalizers are gone."""
    kept = {k: v for k, v in old["metadata"].items() if k != "resourceVersion"}
    return {**old, "metadata": {**kept, "deletionTimestamp": now, "deletionGracePeriodSeconds": 0}}


def terminating(namespace: Document, now: str) -> Document:
    """The Namespace, open for nothing new."""
    return {**deleting(namespace, now), "status": {**namespace.get("status", {}), "phase": "Terminating"}}


def is_deleting(document: Document) -> bool:
    """Whether the object is on its way out."""
    return bool(document["metadata"].get("deletionTimestamp"))


def is_finished(document: Document) -> bool:
    """Whether the object is on its way out and nobody keeps it any longer."""
    return is_deleting(document) and not document["metadata"].get("finalizers")


def unchanged(old: Document, new: Document) -> bool:
    """Whether storing `new` would change nothing but the resourceVersion."""
    kept = {k: v for k, v in old["metadata"].items() if k != "resourceVersion"}
    return same({**old, "metadata": kept}, new)


def check_preconditions(kind: Kind, stored: Document, wanted: Mapping[str, JSON]) -> None:
    """Raises a 409 if `wanted` names a `uid` or a `resourceVersion` that is not the stored object's."""
    metadata = stored["metadata"]
    name = metadata["name"]
    uid, version = wanted.get("uid"), wanted.get("resourceVersion")
    if uid and uid != metadata["uid"]:
        raise wrong_uid(kind, name, uid, metadata["uid"])
    if version and version != metadata["resourceVersion"]:
        raise modified(kind, name)


def check_delete(kind: Kind, stored: Document, uid: str, version: str) -> None:
    """Raises a 409 if the preconditions of a delete do not hold; the words are Kubernetes'."""
    metadata = stored["metadata"]
    if uid and uid != metadata["uid"]:
        raise wrong_uid(kind, metadata["name"], uid, metadata["uid"])
    if version and version != metadata["resourceVersion"]:
        found = metadata["resourceVersion"]
        why = (
            f"Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {found}"
        )
        raise conflict(kind, metadata["name"], why)


def _metadata(kind: Kind, document: Document) -> Document:
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        raise invalid(kind, "", [required("metadata")])
    for name in ("uid", "resourceVersion"):
        if not isinstance(metadata.get(name, ""), str | None):
            raise invalid(kind, "", [invalid_value(f"metadata.{name}", metadata[name], "must be a string")])
    return cast("Document", metadata)


def _admitted(kind: Kind, document: Document, old: Document | None, options: WriteOptions) -> Admission:
    admission = admit(kind, document, old)
    if admission.unknown and options.validation is Validation.STRICT:
        said = ", ".join(f'unknown field "{path}"' for path in admission.unknown)
        raise bad_request(
            f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: strict decoding error: {said}'
        )
    if admission.faults:
        name = document["metadata"].get("name")
        raise invalid(kind, name if isinstance(name, str) else "", admission.faults)
    return admission


def _warnings(admission: Admission, options: WriteOptions) -> tuple[str, ...]:
    if options.validation is Validation.IGNORE:
        return admission.warnings
    return (*admission.warnings, *(f'unknown field "{path}"' for path in admission.unknown))


def _check_finalizers(kind: Kind, before: Document, after: Document) -> None:
    added = set(after.get("finalizers", ())) - set(before.get("finalizers", ()))
    if before.get("deletionTimestamp") and added:
        why = "no new finalizers can be added if the object is being deleted, found new finalizers"
        named = ", ".join(f'"{each}"' for each in sorted(added))
        detail = f"{why} []string{{{named}}}"
        raise invalid(kind, before["name"], [Fault("metadata.finalizers", "FieldValueForbidden", detail=detail)])


def _clients(kind: Kind, document: Document) -> Document:
    """The part of a document that a write of the object may say anything in."""
    metadata = {key: value for key, value in document["metadata"].items() if key != "managedFields"}
    return {**{k: v for k, v in document.items() if k != "status" or not kind.has_status}, "metadata": metadata}


def _kept(metadata: Document) -> Document:
    """What a client says of the metadata. Kubernetes keeps nothing empty in it."""
    return {k: v for k, v in metadata.items() if k not in (*SERVERS, *DROPPED) and v not in ("", [], {})}


def _spec(document: Document) -> Document:
    """What a generation counts the changes of."""
    return {key: value for key, value in document.items() if key not in ("metadata", "status")}
