"""The Responses API (/v1/responses) as vLLM speaks it: its requests, its answers, the typed events of its streams."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from turnout.simulator.answers import Name, finish_reason
from turnout.simulator.refusal import Refusal
from turnout.simulator.requests import Format, Generate, Length, Part, Served, gather, undecodable
from turnout.simulator.words import Prompt, Script, prompt_of

_json = msgspec.json.encode


class _Item(Struct):
    role: str = "user"
    content: str | list[Part] | None = None


class _Text(Struct):
    format: Format | None = None


class _Request(Struct, kw_only=True):
    input: str | Annotated[list[_Item], Meta(min_length=1)]
    model: str | None = None
    instructions: str | None = None
    max_output_tokens: int | None = None
    stream: bool | None = None
    text: _Text | None = None


_request = msgspec.json.Decoder(_Request)


def read_response(body: bytes, served: Served) -> Generate | Refusal:
    """A request of /v1/responses."""
    try:
        request = _request.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return undecodable(error)
    model = served.resolve(request.model)
    if isinstance(model, Refusal):
        return model
    texts = [request.instructions] if request.instructions else []
    extra = 0
    for item in [_Item(content=request.input)] if isinstance(request.input, str) else request.input:
        texts.append(item.role)
        extra += gather(item.content, texts)
    prompt = prompt_of("\n".join(texts))
    prompt = Prompt(prompt.tokens + extra, prompt.seed)
    output = Length(request.max_output_tokens, "max_output_tokens", "input").output(prompt, served)
    if isinstance(output, Refusal):
        return output
    return Generate(
        api="responses",
        model=model,
        prompt=prompt,
        output=output,
        capped=request.max_output_tokens is not None,
        stream=bool(request.stream),
        include_usage=True,
        json=request.text is not None and request.text.format is not None and request.text.format.is_json,
    )


def whole_response(ask: Generate, script: Script, name: Name) -> bytes:
    """The body of a response."""
    return _json(_response(ask, script, name, ended=True))


class ResponseEvents:
    """The events of a streamed response."""

    __slots__ = ("_ask", "_name", "_number", "_script")

    def __init__(self, ask: Generate, script: Script, name: Name) -> None:
        self._ask = ask
        self._script = script
        self._name = name
        self._number = 0

    def token(self, position: int) -> bytes:
        """The events of token number `position`; the first comes behind what opens the message."""
        place = {"item_id": _message_id(self._name), "output_index": 0, "content_index": 0}
        delta = {**place, "delta": self._script.piece(position), "logprobs": []}
        return (self._open(place) if position == 0 else b"") + self._event("response.output_text.delta", delta)

    def end(self) -> bytes:
        """What closes the message, and the response with its usage."""
        text = self._script.text()
        place = {"item_id": _message_id(self._name), "output_index": 0, "content_index": 0}
        message = _message(self._name, text, _status(self._ask, self._script))
        response = _response(self._ask, self._script, self._name, ended=True)
        return (
            self._event("response.output_text.done", {**place, "text": text, "logprobs": []})
            + self._event("response.content_part.done", {**place, "part": _part(text)})
            + self._event("response.output_item.done", {"output_index": 0, "item": message})
            + self._event("response.completed", {"response": response})
        )

    def failure(self, refusal: Refusal) -> bytes:
        """The event that ends a stream in which something went wrong."""
        return self._event("error", {"code": str(refusal.status), "message": refusal.message, "param": refusal.param})

    def _open(self, place: dict[str, object]) -> bytes:
        response = _response(self._ask, self._script, self._name, ended=False)
        item = {**_message(self._name, "", "in_progress"), "content": []}
        return (
            self._event("response.created", {"response": response})
            + self._event("response.in_progress", {"response": response})
            + self._event("response.output_item.added", {"output_index": 0, "item": item})
            + self._event("response.content_part.added", {**place, "part": _part("")})
        )

    def _event(self, kind: str, fields: dict[str, object]) -> bytes:
        data = _json({**fields, "sequence_number": self._number, "type": kind})
        self._number += 1
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)


def _message_id(name: Name) -> str:
    return f"msg_{name.id}"


def _part(text: str) -> dict[str, object]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": None}


def _message(name: Name, text: str, status: str) -> dict[str, object]:
    return {
        "id": _message_id(name),
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [_part(text)],
    }


def _status(ask: Generate, script: Script) -> str:
    return "incomplete" if finish_reason(ask, script) == "length" else "completed"


def _usage(ask: Generate, script: Script) -> dict[str, object]:
    return {
        "input_tokens": ask.prompt.tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": script.length,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": ask.prompt.tokens + script.length,
    }


def _response(ask: Generate, script: Script, name: Name, *, ended: bool) -> dict[str, object]:
    status = _status(ask, script) if ended else "in_progress"
    return {
        "id": name.id,
        "object": "response",
        "created_at": name.created,
        "status": status,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "instructions": None,
        "max_output_tokens": ask.output if ask.capped else None,
        "metadata": None,
        "model": ask.model,
        "output": [_message(name, script.text(), status)] if ended else [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": _usage(ask, script) if ended else None,
    }
