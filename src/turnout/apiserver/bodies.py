"""Request bodies: read up to a limit, and decoded as what they say they are."""

import asyncio
from collections.abc import Mapping
from functools import partial

import msgspec
from starlette.requests import Request

from turnout.apiserver import media
from turnout.apiserver.errors import StatusError, bad_request, too_large, unprocessable, unsupported_media_type
from turnout.apiserver.jsonpatch import PatchError, apply_patch
from turnout.apiserver.protobuf.messages import UndescribedError, read_object
from turnout.apiserver.protobuf.wire import WireError
from turnout.apiserver.strategic import strategic_merge
from turnout.apiserver.writes import Edit
from turnout.resources.admit import inside
from turnout.resources.document import JSON, Document
from turnout.resources.kinds import Kind
from turnout.store.merge import merge

LIMIT = 3 * 1024 * 1024
"""Bytes of a body at most, as in Kubernetes."""
SECONDS = 60.0
"""How long a body may take to come."""
LONG = 64 * 1024
"""Bytes of YAML that may be read between other requests."""
UNRECOGNIZED = "the object provided is unrecognized"
MOST_NESTED = 128
"""Levels of a body: more than any object has, and few enough to be walked recursively."""


def media_type_of(headers: Mapping[str, str]) -> str:
    """The media type of a body, without parameters; JSON when none is given, as in Kubernetes."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() or media.JSON


async def read_body(request: Request) -> bytes:
    """The whole body. Raises a 413 as soon as it is more than `LIMIT` bytes, a 408 if it takes too long to come."""
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > LIMIT:
        raise too_large(LIMIT)
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LIMIT:
                    raise too_large(LIMIT)
    except TimeoutError as error:
        raise StatusError(408, "Timeout", f"the body did not come within {SECONDS:.0f} s") from error
    return bytes(body)


async def read_object_body(request: Request) -> Document:
    """The object that a request sends. Raises as `read_body` and `decode_object` do."""
    body, media_type = await read_body(request), media_type_of(request.headers)
    if len(body) > LONG and media_type in (media.YAML, media.APPLY_PATCH):
        # YAML is read at a megabyte in seconds: nobody else waits for that.
        return await asyncio.to_thread(decode_object, body, media_type)
    return decode_object(body, media_type)


def decode_object(body: bytes, media_type: str) -> Document:
    """One object, from JSON, YAML or protobuf. Raises a 400 on anything else, a 415 on another media type."""
    if media_type == media.JSON:
        value = _json(body)
    elif media_type in (media.YAML, media.APPLY_PATCH):
        value = _json_or_yaml(body)
    elif media_type == media.PROTOBUF:
        value = _protobuf(body)
    else:
        raise unsupported_media_type(media.OBJECTS)
    if not isinstance(value, dict):
        raise bad_request("the body is not an object")
    return value


def decode_patch(kind: Kind, body: bytes, media_type: str) -> Edit:
    """The edit that a patch means; it raises StatusError if it cannot be carried out.

    Raises a 400 on a body that is not that kind of patch, a 415 on a media type that `kind` cannot be patched with.
    """
    known = media.patches_of(kind)
    if media_type not in known:
        raise unsupported_media_type(known)
    patch = _json(body, "error decoding patch")
    if media_type == media.JSON_PATCH:
        if not isinstance(patch, list):
            raise bad_request("error decoding patch: a JSON patch is a list of operations")
        return partial(_patched, patch)
    if not isinstance(patch, dict):
        raise bad_request("error decoding patch: a merge patch is an object")
    if media_type == media.MERGE_PATCH:
        return lambda document: _object(merge(document, patch))
    return partial(_strategic, patch)


def _patched(operations: list[JSON], document: Document) -> Document:
    try:
        return _object(apply_patch(document, operations))
    except PatchError as error:
        raise unprocessable(str(error)) from error


def _strategic(patch: Document, document: Document) -> Document:
    try:
        return _object(strategic_merge(document, patch))
    except ValueError as error:
        raise bad_request(str(error)) from error


def _object(value: JSON) -> Document:
    if not isinstance(value, dict):
        raise unprocessable("the patched object is not an object")
    return value


def _json(body: bytes, fails: str = UNRECOGNIZED) -> JSON:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise bad_request(f"{fails}: {error}") from error
    level = [value]
    for _ in range(MOST_NESTED):
        level = [inner for one in level if isinstance(one, dict | list) for inner in inside(one)]
        if not level:
            return value
    raise bad_request(f"the body is nested more than {MOST_NESTED} levels deep")


def _json_or_yaml(body: bytes) -> JSON:
    """JSON is YAML, and kubectl sends it as such; its own reader takes a hundredth of the time."""
    if body.lstrip()[:1] == b"{":
        try:
            msgspec.json.decode(body, type=msgspec.Raw)
        except (msgspec.DecodeError, RecursionError):
            return _yaml(body)
        return _json(body)
    return _yaml(body)


def _yaml(body: bytes) -> JSON:
    from turnout.resources.manifests import Flaw, read  # only here: YAML bodies are rare and its reader is not small

    try:
        found = list(read(body.decode()))
    except UnicodeDecodeError as error:
        raise _unreadable(error) from error
    flaw = next((each for each in found if isinstance(each, Flaw)), None)
    if flaw is not None:
        raise bad_request(f"the object provided is unrecognized: line {flaw.line}: {flaw.text}")
    documents = [each.document for each in found if not isinstance(each, Flaw)]
    if len(documents) != 1:
        raise bad_request(f"the body holds {len(documents)} objects instead of one")
    return documents[0]


def _protobuf(body: bytes) -> Document:
    try:
        return read_object(body)
    except UndescribedError as error:
        raise unsupported_media_type((media.JSON, media.YAML)) from error
    except WireError as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> StatusError:
    return bad_request(f"{UNRECOGNIZED}: {error}")
