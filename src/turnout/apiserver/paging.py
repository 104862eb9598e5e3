"""Lists in pages, all of them of one moment: what changed since is undone while the window remembers it."""

import base64
import binascii

import msgspec
from msgspec import Struct

from turnout.apiserver.errors import StatusError, bad_request, future_version
from turnout.apiserver.list_options import ListOptions
from turnout.apiserver.object_store import ObjectStore
from turnout.apiserver.paths import Target
from turnout.apiserver.stored import Stored
from turnout.apiserver.window import ExpiredError
from turnout.resources.document import Document

TOKEN_VERSION = "meta.k8s.io/v1"  # noqa: S105 - the form of a continue token, as Kubernetes' own
LATEST = -1
"""The version of a token that goes on with what is there, whatever happened since the first page."""
TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


class Place(Struct, frozen=True, rename={"form": "v", "version": "rv", "after": "start"}):
    """Where a list goes on: after the key (namespace, name), as of `version`."""

    version: int
    after: tuple[str, str]
    form: str = TOKEN_VERSION

    def token(self) -> str:
        """The `continue` parameter that leads here."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


class Page(Struct, frozen=True):
    """Objects of a list at `version`; `more` is what its metadata says of the rest, if there is any."""

    objects: list[Stored]
    version: int
    more: Document


def read_token(text: str) -> Place:
    """The place that a `continue` parameter leads to. Raises a 400."""
    try:
        padded = text + "=" * (-len(text) % 4)
        place = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=Place)
    except (msgspec.DecodeError, binascii.Error, ValueError) as error:
        raise bad_request(f"continue key is not valid: {error}") from error
    if place.form != TOKEN_VERSION or place.version < LATEST:
        raise bad_request("continue key is not valid: it is of another form")
    return place


def list_page(store: ObjectStore, target: Target, options: ListOptions) -> Page:
    """The page that is asked for.

    Raises a 410 for a moment that is no longer remembered, a 504 for a version that this store has not reached.
    """
    place = read_token(options.continues) if options.continues else None
    version = _version(store, options, place)
    try:
        listed = store.snapshot(target.key.resource, target.namespace, version)
    except ExpiredError as error:
        raise _forgotten(place) from error
    if place is not None:
        listed = [each for each in listed if (each.key.namespace, each.key.name) > place.after]
    selected = [each for each in listed if options.selects(each.document)]
    if not options.limit or len(selected) <= options.limit:
        return Page(selected, version, {})
    kept = selected[: options.limit]
    last = kept[-1].key
    # A list that goes on with what is there is of its own moment from here on.
    more: Document = {"continue": Place(version, (last.namespace, last.name)).token()}
    if not options.narrowed:
        more["remainingItemCount"] = len(selected) - options.limit
    return Page(kept, version, more)


def _version(store: ObjectStore, options: ListOptions, place: Place | None) -> int:
    if place is not None:
        wanted = store.version if place.version == LATEST else place.version
    elif options.version and options.version > store.version:
        raise future_version(options.version, store.version)
    else:
        wanted = options.version if options.exact and options.version else store.version
    if wanted > store.version:  # a token of another store
        raise _forgotten(place)
    return wanted


def _forgotten(place: Place | None) -> StatusError:
    if place is None:
        return StatusError(410, "Expired", "The resourceVersion for the provided list is too old.")
    metadata: Document = {"continue": Place(LATEST, place.after).token()}
    return StatusError(410, "Expired", TOO_OLD, metadata=metadata)
