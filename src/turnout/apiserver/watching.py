"""`?watch=1`: the changes of a kind as a stream of JSON lines, until it times out, falls behind, or one side goes."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing, closing
from itertools import chain

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from turnout.apiserver import media
from turnout.apiserver.errors import expired, unknown_version
from turnout.apiserver.list_options import ListOptions
from turnout.apiserver.object_store import ObjectStore
from turnout.apiserver.paths import Target
from turnout.apiserver.stored import Change, Stored
from turnout.apiserver.views import View
from turnout.apiserver.window import ExpiredError, Watch

log = logging.getLogger("turnout.apiserver")

BOOKMARK_SECONDS = 30.0
STALL_SECONDS = 60.0
"""How long a client may take over one piece, before it is cut: it may begin anew. One that takes nothing is cut
sooner, by its connection."""
CHUNK = 64 * 1024
"""Bytes that are handed over at once, about: what waits for a client that does not read is no more."""


class WatchResponse(Response):
    """A stream that ends with its lines, or when its client goes or stalls."""

    media_type = media.JSON

    def __init__(self, lines: AsyncGenerator[bytes, None], stall_seconds: float = STALL_SECONDS) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._lines = lines
        self._stall_seconds = stall_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends until one side ends it."""
        stream = asyncio.create_task(self._stream(send))
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait((stream, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            stream.cancel()
            for outcome in await asyncio.gather(stream, gone, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome

    async def _stream(self, send: Send) -> None:
        async with aclosing(self._lines) as lines:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for chunk in lines:
                try:
                    async with asyncio.timeout(self._stall_seconds):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                except TimeoutError:
                    log.warning("a watch is cut: its client is slower than %.0f s", self._stall_seconds)
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def watch_response(store: ObjectStore, target: Target, options: ListOptions, view: View) -> WatchResponse:
    """The stream. Raises a 410 for a version that is too old, or that this store has not reached.

    Without a version, or with 0, what is there comes first, as ADDED, unless `initial_events` is False. With it True
    what is there comes first for any version, and a bookmark that says where it ends.
    """
    version, resource = options.version or store.version, target.key.resource
    if version > store.version:
        raise unknown_version(version, store.version)
    initial = not options.version if options.initial_events is None else options.initial_events
    try:
        watch = store.watch(resource, store.version if initial else version)
    except ExpiredError as error:
        raise expired(version, error.oldest) from error
    first = store.list(resource, target.namespace) if initial else []
    lines = (event_line("ADDED", view.one(each)) for each in first if options.selects(each.document))
    marked = [view.bookmark(store.version, initial=True)] if options.initial_events and options.bookmarks else []
    ended = (event_line("BOOKMARK", each) for each in marked)
    return WatchResponse(_follow(store, target, options, view, watch, chain(lines, ended)))


async def _follow(
    store: ObjectStore, target: Target, options: ListOptions, view: View, watch: Watch, first: Iterable[bytes]
) -> AsyncGenerator[bytes, None]:
    """The lines of a watch, those of `first` before all others."""
    clock = asyncio.get_running_loop().time
    end = clock() + options.timeout
    bookmark = clock() + BOOKMARK_SECONDS if options.bookmarks else end
    with closing(watch):
        yield b""  # the head goes out at once: a watch of nothing has begun too
        for chunk in _chunks(first):
            yield chunk
        while not watch.closed:
            try:
                changes = watch.take()
            except ExpiredError as error:
                yield event_line("ERROR", msgspec.json.encode(expired(store.version, error.oldest).document()))
                return
            told = False
            for chunk in _chunks(_lines(changes, target, options, view)):
                told = True
                yield chunk
            if not told and options.bookmarks and clock() >= min(bookmark, end):
                # Nothing lies between what was taken and this version: no other code ran since.
                yield event_line("BOOKMARK", view.bookmark(store.version))
                bookmark = clock() + BOOKMARK_SECONDS
            if clock() >= end:
                return
            await watch.wait(max(0.0, min(bookmark, end) - clock()))


def _chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines joined to pieces of about `CHUNK` bytes, each made when it is asked for."""
    gathered: list[bytes] = []
    size = 0
    for line in lines:
        gathered.append(line)
        size += len(line)
        if size >= CHUNK:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)


def _lines(changes: Iterable[Change], target: Target, options: ListOptions, view: View) -> Iterator[bytes]:
    for change in changes:
        if not target.namespace or change.key.namespace == target.namespace:
            kind, stored = event_of(change, options)
            if stored is not None:
                yield event_line(kind, view.one(stored))


def event_of(change: Change, options: ListOptions) -> tuple[str, Stored | None]:
    """What the change is to a watch with a selector; nothing when it never saw the object.

    An object that leaves the selection is DELETED as it was, at the version of the change (as in Kubernetes).
    """
    was = change.before is not None and options.selects(change.before.document)
    is_now = change.after is not None and options.selects(change.after.document)
    if is_now:
        return ("MODIFIED" if was else "ADDED"), change.after
    if was and change.after is None:
        return "DELETED", change.last
    if was and change.before is not None:
        return "DELETED", Stored.at(change.key, change.version, change.before.document)
    return "", None


def event_line(kind: str, encoded: bytes) -> bytes:
    """One event of a watch."""
    return b'{"type":"%s","object":%s}\n' % (kind.encode(), encoded)
