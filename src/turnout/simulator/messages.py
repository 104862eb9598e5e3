"""Anthropic's Messages API (/v1/messages) as vLLM speaks it: its requests, its answers, its events, its errors."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from turnout.simulator.answers import Name, finish_reason
from turnout.simulator.refusal import Refusal
from turnout.simulator.requests import Generate, Length, Message, Part, Served, gather, undecodable
from turnout.simulator.words import Prompt, Script, prompt_of

_json = msgspec.json.encode
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
}


class _Request(Struct, kw_only=True):
    model: str
    messages: Annotated[list[Message], Meta(min_length=1)]
    max_tokens: int
    system: str | list[Part] | None = None
    stream: bool | None = None


_request = msgspec.json.Decoder(_Request)


def read_messages(body: bytes, served: Served) -> Generate | Refusal:
    """A request of /v1/messages."""
    try:
        request = _request.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return undecodable(error)
    model = served.resolve(request.model)
    if isinstance(model, Refusal):
        return model
    texts: list[str] = []
    extra = gather(request.system, texts)
    for message in request.messages:
        texts.append(message.role)
        extra += gather(message.content, texts)
    prompt = prompt_of("\n".join(texts))
    prompt = Prompt(prompt.tokens + extra, prompt.seed)
    output = Length(request.max_tokens, "max_tokens", "messages").output(prompt, served)
    if isinstance(output, Refusal):
        return output
    return Generate(
        api="messages",
        model=model,
        prompt=prompt,
        output=output,
        capped=True,
        stream=bool(request.stream),
        include_usage=True,
        json=False,
    )


def message_error(refusal: Refusal) -> bytes:
    """The body of an error: `{"type": "error", "error": {"type", "message"}}`."""
    kind = _ERRORS.get(refusal.status, "api_error" if refusal.status >= 500 else "invalid_request_error")
    return _json({"type": "error", "error": {"type": kind, "message": refusal.message}})


def whole_message(ask: Generate, script: Script, name: Name) -> bytes:
    """The body of a message."""
    message = _message(ask, name, script.length)
    message["content"] = [{"type": "text", "text": script.text()}]
    message["stop_reason"] = _stop_reason(ask, script)
    return _json(message)


class MessageEvents:
    """The events of a streamed message."""

    __slots__ = ("_ask", "_name", "_script")

    def __init__(self, ask: Generate, script: Script, name: Name) -> None:
        self._ask = ask
        self._script = script
        self._name = name

    def token(self, position: int) -> bytes:
        """The events of token number `position`; the first comes behind what opens the message."""
        delta = {"type": "text_delta", "text": self._script.piece(position)}
        event = _event("content_block_delta", {"index": 0, "delta": delta})
        return self._open() + event if position == 0 else event

    def end(self) -> bytes:
        """What closes the text and the message, with the usage between."""
        delta = {"stop_reason": _stop_reason(self._ask, self._script), "stop_sequence": None}
        usage = {"input_tokens": self._ask.prompt.tokens, "output_tokens": self._script.length}
        return (
            _event("content_block_stop", {"index": 0})
            + _event("message_delta", {"delta": delta, "usage": usage})
            + _event("message_stop", {})
        )

    def failure(self, refusal: Refusal) -> bytes:
        """The event that ends a stream in which something went wrong."""
        return b"event: error\ndata: %b\n\n" % message_error(refusal)

    def _open(self) -> bytes:
        block = {"type": "text", "text": ""}
        return _event("message_start", {"message": _message(self._ask, self._name, 0)}) + _event(
            "content_block_start", {"index": 0, "content_block": block}
        )


def _event(kind: str, fields: dict[str, object]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), _json({"type": kind, **fields}))


def _stop_reason(ask: Generate, script: Script) -> str:
    return "max_tokens" if finish_reason(ask, script) == "length" else "end_turn"


def _message(ask: Generate, name: Name, output: int) -> dict[str, object]:
    return {
        "id": name.id,
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": ask.model,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": ask.prompt.tokens, "output_tokens": output},
    }
