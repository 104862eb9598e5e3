"""A streamed answer, read as it passes by.

Most events are never decoded: before the first content each one is, and from then on only those in which a byte search
finds what a finish reason, a usage, an error or the last event cannot do without. Such names stand in quotes, and a
quote inside a JSON string has a backslash before it, so no text that a model writes is taken for one of them.

Even the search is spared where an event differs from one that was searched in nothing but its text: servers word every
event of a stream alike.
"""

from collections.abc import Callable

import msgspec
from msgspec import Struct
from msgspec.json import Decoder

from turnout.inference.dialect import Dialect
from turnout.inference.events import EventSplitter, parse_event
from turnout.inference.reading import Reading, field, finish_of_response, items, speaks, tokens, word

TEXT_LIMIT = 256 * 1024
"""Characters of text that are kept; a longer text is not."""

_ENDS = (b"\n\n", b"\r\n\r\n")
_TEXTS = (b'"content":"', b'"text":"', b'"reasoning_content":"', b'"reasoning":"')
_LESSONS = 4
"""Events from which the wording of a stream is learnt; it may change, from reasoning to content."""


class _Document(Struct, gc=False):
    # Any type, so that one odd field does not hide the others.
    type: object = None
    shape: object = msgspec.field(default=None, name="object")
    error: object = None
    choices: object = None
    usage: object = None
    response: object = None
    item: object = None
    delta: object = None
    message: object = None
    content_block: object = None


_decode = Decoder(_Document).decode


class StreamReader:
    """Fed with the pieces of one event stream, in order. Every attribute says what is known so far; see `Reading`.

    `content` turns True with the piece that completes the first event with content. With `keep_text` the first choice's
    text is kept, and every event is decoded.
    """

    __slots__ = (
        "_head",
        "_lessons",
        "_quiet",
        "_splitter",
        "_tail",
        "_take",
        "_text",
        "_text_size",
        "completion_tokens",
        "content",
        "error",
        "finish",
        "prompt_tokens",
        "terminated",
    )

    def __init__(self, dialect: Dialect, *, keep_text: bool = False) -> None:
        self._splitter = EventSplitter()
        self._take, self._quiet = _DIALECTS[dialect]
        self._text: list[str] | None = [] if keep_text else None
        self._text_size = 0
        self._head = b"\0"  # begins no event
        self._tail = b""
        self._lessons = _LESSONS
        self.content = False
        self.finish = ""
        self.terminated = False
        self.error = False
        self.prompt_tokens: int | None = None
        self.completion_tokens: int | None = None

    @property
    def lost(self) -> bool:
        """An event was too long to be read: what is not known so far never will be."""
        return self._splitter.lost

    def feed(self, piece: bytes) -> None:
        """Reads on. What comes behind the stream's last event is not read."""
        if self.terminated:
            return
        passes = self.content and self._text is None
        if passes and self._splitter.whole:
            head, tail = self._head, self._tail
            if piece.startswith(head) and piece.endswith(tail) and piece.find(b'"', len(head), -len(tail)) < 0:
                return
            if piece.endswith(_ENDS) and self._quiet(piece):
                if self._lessons:
                    self._learn(piece)
                return
        block = self._splitter.feed(piece)
        if not block or (passes and self._quiet(block)):
            return
        for each in block.split(b"\n\n"):
            if each and not self.terminated and not (self.content and self._text is None and self._quiet(each)):
                self._read(each)

    def end(self) -> None:
        """The stream is over: reads an event that lacks its blank line."""
        if not self.terminated and (rest := self._splitter.rest()):
            self._read(rest)

    def reading(self) -> Reading:
        """What is known so far."""
        return Reading(
            self.content,
            self.finish,
            self.terminated,
            self.error,
            self.prompt_tokens,
            self.completion_tokens,
            "".join(self._text) if self._text is not None else None,
        )

    def say(self, text: object) -> None:
        """Text of the first choice came."""
        kept = self._text
        if kept is None or not isinstance(text, str):
            return
        self._text_size += len(text)
        if self._text_size > TEXT_LIMIT:
            self._text = None
        else:
            kept.append(text)

    def count(self, usage: object) -> None:
        """A usage came: the last one holds."""
        self.prompt_tokens = tokens(usage, "prompt_tokens", "input_tokens") or self.prompt_tokens
        completion = tokens(usage, "completion_tokens", "output_tokens")
        self.completion_tokens = self.completion_tokens if completion is None else completion

    def _learn(self, piece: bytes) -> None:
        """What stands before and after the text of a quiet piece, if that is one event."""
        self._lessons -= 1
        for name in _TEXTS:
            start = piece.find(name) + len(name)
            if start >= len(name):
                tail = piece[piece.find(b'"', start) :]
                if tail.count(b"\n") == 2:
                    self._head, self._tail = piece[:start], tail
                return

    def _read(self, block: bytes) -> None:
        event = parse_event(block)
        if event is None:
            return
        if event.data.strip() == b"[DONE]":
            self.terminated = True
            return
        if event.name == b"error":
            self.error = True
        try:
            document = _decode(event.data)
        except (ValueError, RecursionError):  # msgspec's errors and a bad UTF-8 sequence are ValueErrors
            return
        if document.error or document.shape == "error" or document.type == "error":
            self.error = True
        else:
            self._take(self, document)


def _take_choices(reader: StreamReader, document: _Document) -> None:
    """Chat completions and completions: a chunk."""
    for choice in items(document.choices):
        delta = field(choice, "delta")
        text = field(delta, "content") if delta is not None else field(choice, "text")
        if text or speaks(delta):
            reader.content = True
        if not field(choice, "index"):
            reader.say(text)
        reader.finish = word(field(choice, "finish_reason")) or reader.finish
    if document.usage is not None:
        reader.count(document.usage)


def _quiet_choices(data: bytes) -> bool:
    return (
        (data.count(b'"finish_reason"') == data.count(b'"finish_reason":null') or _spaced(data, b'"finish_reason"'))
        and (
            b'"usage"' not in data or data.count(b'"usage"') == data.count(b'"usage":null') or _spaced(data, b'"usage"')
        )
        and b'"error"' not in data
        and b"[DONE]" not in data
        and b"event:" not in data
    )


def _spaced(data: bytes, name: bytes) -> bool:
    return data.count(name) == data.count(name + b": null")


def _fails(data: bytes) -> bool:
    return b'"error"' in data or b"event: error" in data or b"event:error" in data


_RESPONSE_ENDS = {"response.completed": "completed", "response.incomplete": "incomplete", "response.failed": "failed"}
_RESPONSE_TEXTS = frozenset({"response.output_text.delta", "response.refusal.delta"})
_RESPONSE_THOUGHTS = frozenset({"response.reasoning_text.delta", "response.reasoning_summary_text.delta"})


def _take_response(reader: StreamReader, document: _Document) -> None:
    """Responses: a typed event."""
    kind = word(document.type)
    if kind in _RESPONSE_ENDS:
        response = document.response
        reader.finish = finish_of_response(response) or _RESPONSE_ENDS[kind]
        reader.error = reader.error or kind == "response.failed" or bool(field(response, "error"))
        reader.count(field(response, "usage"))
        reader.terminated = True
    elif kind in _RESPONSE_TEXTS:
        reader.content = reader.content or bool(document.delta)
        reader.say(document.delta)
    elif kind in _RESPONSE_THOUGHTS:
        reader.content = reader.content or bool(document.delta)
    elif kind == "response.output_item.added" and word(field(document.item, "type")).endswith("_call"):
        reader.content = True


def _quiet_response(data: bytes) -> bool:
    return not (
        b'"response.completed"' in data
        or b'"response.incomplete"' in data
        or b'"response.failed"' in data
        or b"[DONE]" in data
        or _fails(data)
    )


def _take_message(reader: StreamReader, document: _Document) -> None:
    """Messages: a typed event."""
    kind, delta = document.type, document.delta
    if kind == "content_block_delta":
        if field(delta, "text") or field(delta, "thinking") or field(delta, "partial_json"):
            reader.content = True
        reader.say(field(delta, "text"))
    elif kind == "content_block_start":
        block = document.content_block
        if word(field(block, "type")).endswith("tool_use"):
            reader.content = True
        elif field(block, "text") or field(block, "thinking"):
            reader.content = True
            reader.say(field(block, "text"))
    elif kind == "message_start":
        reader.count(field(document.message, "usage"))
    elif kind == "message_delta":
        reader.finish = word(field(delta, "stop_reason")) or reader.finish
        reader.count(document.usage)
    elif kind == "message_stop":
        reader.terminated = True


def _quiet_message(data: bytes) -> bool:
    return not (b'"message_' in data or b"[DONE]" in data or _fails(data))


_DIALECTS: dict[Dialect, tuple[Callable[[StreamReader, _Document], None], Callable[[bytes], bool]]] = {
    "chat": (_take_choices, _quiet_choices),
    "completions": (_take_choices, _quiet_choices),
    "responses": (_take_response, _quiet_response),
    "messages": (_take_message, _quiet_message),
}
