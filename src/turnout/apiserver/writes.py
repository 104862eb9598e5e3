"""Create, replace and patch: read an object, work out what it becomes, commit, and begin again if it moved."""

import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct

from turnout.apiserver.applying import Config, apply_config, first_applied, read_config, synced
from turnout.apiserver.attempts import attempt_one
from turnout.apiserver.deletion import Deletion, namespace_key
from turnout.apiserver.errors import already_exists, bad_request, forbidden, invalid, not_found
from turnout.apiserver.lifecycle import Edited, created, is_deleting, is_finished, replaced, unchanged, with_status
from turnout.apiserver.object_store import ObjectStore
from turnout.apiserver.options import WriteOptions
from turnout.apiserver.paths import Target
from turnout.apiserver.stored import Key, Stored
from turnout.apiserver.tracking import owned, tracked_create, tracked_update, writer_of
from turnout.resources.document import Document
from turnout.resources.faults import required
from turnout.resources.kinds import find_kind, split_api_version

LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""Kubernetes' letters for generated names: no vowels, so no words."""

Edit = Callable[[Document], Document]
"""From the stored object to what the client wants it to be."""


class Written(Struct, frozen=True):
    """The object after a write, and what to tell the user; `created` if an apply made it."""

    stored: Stored
    warnings: tuple[str, ...] = ()
    created: bool = False


class Writes:
    """The writes on one store. Each raises StatusError for a write that is refused, with nothing changed."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self.deletion = Deletion(store, now)

    async def create(self, target: Target, document: Document, options: WriteOptions) -> Written:
        """A new object in the namespace of `target`."""
        while True:
            named = _named(target, document)
            key = target.key._replace(name=named["metadata"]["name"])
            expected = {**self._open_namespace(target), key: 0}
            made = created(target.kind, named, options, uid=str(uuid.uuid4()), now=now())
            writer = writer_of(target, options.manager)
            whole = tracked_create(target.kind, named, made.document, writer, now())
            if self._store.get(key) is not None:
                if document["metadata"].get("name"):
                    raise already_exists(target.kind, key.name)
            elif options.dry_run:
                return Written(Stored.at(key, 0, whole), made.warnings)
            else:
                stored = await attempt_one(self._store, key, whole, expected)
                if stored is not None:
                    await self._settle(stored)
                    return Written(stored, made.warnings)

    async def replace(self, target: Target, document: Document, options: WriteOptions) -> Written:
        """The object, or its status, in place of the old one."""
        return await self.patch(target, lambda _: document, options)

    async def patch(self, target: Target, edit: Edit, options: WriteOptions) -> Written:
        """The object, or its status, edited."""
        while True:
            old = self._store.get(target.key)
            if old is None:
                raise not_found(target.kind, target.name)
            document = edit(old.document)
            _check_identity(target, document)
            made = _edited(target, old.document, document, options)
            writer = writer_of(target, options.manager)
            whole = tracked_update(target.kind, old.document, document, made.document, writer, now())
            stored = await self._put(target, old, whole, options)
            if stored is not None:
                return Written(stored, made.warnings)

    async def apply(self, target: Target, document: Document, options: WriteOptions) -> Written:
        """The object, or its status, with what the document says (server-side apply); a new one if there is none."""
        _check_identity(target, document)
        config = read_config(target, document, options)
        while True:
            old = self._store.get(target.key)
            if old is None:
                written = await self._create_applied(target, config, options)
                if written is not None:
                    return written
                continue
            applied = apply_config(target, old.document, config, options, now())
            made = _edited(target, old.document, synced(old.document, applied.document, config, options), options)
            stored = await self._put(target, old, owned(made.document, applied.entries), options)
            if stored is not None:
                return Written(stored, tuple(dict.fromkeys((*config.warnings, *made.warnings))))

    async def _create_applied(self, target: Target, config: Config, options: WriteOptions) -> Written | None:
        if target.subresource:
            raise not_found(target.kind, target.name)
        named = _named(target, config.document)
        expected = {**self._open_namespace(target), target.key: 0}
        made = created(target.kind, named, options, uid=str(uuid.uuid4()), now=now())
        whole = owned(made.document, first_applied(target, config, options.manager, now()))
        warnings = tuple(dict.fromkeys((*config.warnings, *made.warnings)))
        if options.dry_run:
            return Written(Stored.at(target.key, 0, whole), warnings, created=True)
        stored = await attempt_one(self._store, target.key, whole, expected)
        if stored is None:
            return None
        await self._settle(stored)
        return Written(stored, warnings, created=True)

    async def _put(self, target: Target, old: Stored, document: Document, options: WriteOptions) -> Stored | None:
        """The object in place of `old`, or removed if nobody keeps it any longer; None if it is not `old` any more."""
        if unchanged(old.document, document):
            return old
        if options.dry_run:
            return Stored.at(old.key, old.version, document)
        gone = is_finished(document) and target.kind.kind != "Namespace"
        new = await attempt_one(self._store, old.key, None if gone else document, {old.key: old.version})
        if new is not None:
            await self._settle(new)
        return new

    async def _settle(self, stored: Stored) -> None:
        """What follows from a write: only objects with owners and those on their way out have consequences."""
        if is_deleting(stored.document) or stored.document["metadata"].get("ownerReferences"):
            await self.deletion.settle(stored)

    def _open_namespace(self, target: Target) -> dict[Key, int]:
        """What a create expects of its Namespace. Raises a 404 if it is not there, a 403 if it is on its way out."""
        if not target.kind.namespaced:
            return {}
        key = namespace_key(target.namespace)
        stored = self._store.get(key)
        if stored is None:
            kind = find_kind("", "v1", "Namespace")
            assert kind is not None
            raise not_found(kind, target.namespace)
        if is_deleting(stored.document):
            why = f"unable to create new content in namespace {target.namespace} because it is being terminated"
            raise forbidden(why)
        return {key: stored.version}


def _edited(target: Target, old: Document, document: Document, options: WriteOptions) -> Edited:
    if target.subresource == "status":
        return with_status(target.kind, old, document)
    return replaced(target.kind, old, document, options)


def now() -> str:
    """The time as Kubernetes writes it: UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _named(target: Target, document: Document) -> Document:
    """The document with its name and namespace filled in from `generateName` and the path. Raises a 400.

    Without either name it raises a 422.
    """
    _check_identity(target, document)
    metadata = document["metadata"]
    if target.kind.namespaced and not target.namespace:
        raise bad_request("an empty namespace may not be set during creation")
    name = metadata.get("name") or metadata.get("generateName")
    if not isinstance(name, str) or not name:
        raise invalid(target.kind, "", [required("metadata.name", "name or generateName is required")])
    if not metadata.get("name"):
        # Names are not secrets: they need to be new, not unguessable.
        name = name[:58] + "".join(random.choices(LETTERS, k=5))  # noqa: S311
    placed = {"namespace": target.namespace} if target.namespace else {}
    return {**document, "metadata": {**metadata, "name": name, **placed}}


def _check_identity(target: Target, document: Document) -> None:
    """Raises a 400 if the document is not of the kind, version, namespace and name that the path says."""
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        raise bad_request("metadata is required and must be an object")
    group, version = split_api_version(str(document.get("apiVersion", "")))
    if group != target.kind.group or version not in target.kind.versions or document.get("kind") != target.kind.kind:
        said = f"{document.get('apiVersion', '')} {document.get('kind', '')}".strip()
        raise bad_request(
            f"the object in the data ({said}) does not match the expected kind "
            f"({target.kind.api_version} {target.kind.kind})"
        )
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if target.name and name != target.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({target.name})")
    if namespace and namespace != target.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
