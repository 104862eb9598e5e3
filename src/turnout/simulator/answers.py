"""Answers of the OpenAI API as vLLM words them: whole bodies, and the events of a stream."""

from base64 import b64encode
from struct import pack
from typing import Protocol

import msgspec
from msgspec import Struct

from turnout.simulator.refusal import Refusal
from turnout.simulator.requests import Embed, Generate, Served
from turnout.simulator.words import Script, vector

_json = msgspec.json.encode

DONE = b"data: [DONE]\n\n"


class Name(Struct, frozen=True):
    """What marks one answer: its id, when it began (seconds since 1970), and the server that gives it."""

    id: str
    created: int
    server: str


def event(document: object) -> bytes:
    """One server-sent event."""
    return b"data: %b\n\n" % _json(document)


def finish_reason(ask: Generate, script: Script) -> str:
    """`length` where the asked length cuts the answer."""
    return "length" if ask.capped and script.form != "empty" else "stop"


def usage(prompt: int, completion: int) -> dict[str, object]:
    """The `usage` of an answer, in tokens."""
    return {
        "prompt_tokens": prompt,
        "total_tokens": prompt + completion,
        "completion_tokens": completion,
        "prompt_tokens_details": None,
    }


def whole_text(ask: Generate, script: Script, name: Name) -> bytes:
    """The body of a chat completion or a completion."""
    choice: dict[str, object] = {
        "index": 0,
        "logprobs": None,
        "finish_reason": finish_reason(ask, script),
        "stop_reason": None,
    }
    if ask.api == "chat":
        choice["message"] = {"role": "assistant", "content": script.text(), "refusal": None, "tool_calls": []}
    else:
        choice["text"] = script.text()
    return _json(
        {
            "id": name.id,
            "object": "chat.completion" if ask.api == "chat" else "text_completion",
            "created": name.created,
            "model": ask.model,
            "choices": [choice],
            "system_fingerprint": name.server,
            "usage": usage(ask.prompt.tokens, script.length),
        }
    )


class Events(Protocol):
    """The events of one streamed answer."""

    def token(self, position: int) -> bytes:
        """The events of token number `position`, from 0."""

    def end(self) -> bytes:
        """The events behind the last token."""

    def failure(self, refusal: Refusal) -> bytes:
        """The events that end a stream in which something went wrong."""


class TextEvents:
    """The events of a streamed chat completion or completion."""

    __slots__ = ("_ask", "_chat", "_head", "_open", "_script", "_shut")

    def __init__(self, ask: Generate, script: Script, name: Name) -> None:
        self._ask = ask
        self._chat = ask.api == "chat"
        self._script = script
        head = {
            "id": name.id,
            "object": "chat.completion.chunk" if ask.api == "chat" else "text_completion",
            "created": name.created,
            "model": ask.model,
            "system_fingerprint": name.server,
        }
        self._head = b"data: " + _json(head)[:-1]
        # A stream has one event per token: only the text between these two differs.
        text = b'"delta":{"content":' if ask.api == "chat" else b'"text":'
        self._open = self._head + b',"choices":[{"index":0,' + text
        self._shut = (b"}" if ask.api == "chat" else b"") + b',"logprobs":null,"finish_reason":null}]}\n\n'

    def token(self, position: int) -> bytes:
        """The events of token number `position`; a chat's first comes behind the role."""
        data = _json(self._script.piece(position))
        if position == self._script.length - 1:
            reason = _json(finish_reason(self._ask, self._script))
            shut = (b"}" if self._chat else b"") + b',"logprobs":null,"finish_reason":%b,"stop_reason":null}]}\n\n'
            chunk = self._open + data + shut % reason
        else:
            chunk = self._open + data + self._shut
        return self._role() + chunk if position == 0 and self._chat else chunk

    def end(self) -> bytes:
        """The events behind the last token: usage, if it was asked for, and the terminator."""
        if not self._ask.include_usage:
            return DONE
        counted = _json(usage(self._ask.prompt.tokens, self._script.length))
        return self._head + b',"choices":[],"usage":%b}\n\n' % counted + DONE

    def failure(self, refusal: Refusal) -> bytes:
        """The events that end a stream in which something went wrong."""
        return b"data: %b\n\n" % refusal.body() + DONE

    def _role(self) -> bytes:
        delta = b'"delta":{"role":"assistant","content":""}'
        return self._head + b',"choices":[{"index":0,%b,"logprobs":null,"finish_reason":null}]}\n\n' % delta


def whole_vectors(ask: Embed, name: Name, *, empty: bool = False) -> bytes:
    """The body of an embeddings answer."""
    vectors = [] if empty else [vector(prompt.seed, ask.dimensions) for prompt in ask.prompts]
    read = sum(prompt.tokens for prompt in ask.prompts)
    data = [
        {
            "index": index,
            "object": "embedding",
            "embedding": b64encode(pack(f"<{len(each)}f", *each)).decode() if ask.base64 else each,
        }
        for index, each in enumerate(vectors)
    ]
    return _json(
        {
            "id": name.id,
            "object": "list",
            "created": name.created,
            "model": ask.model,
            "data": data,
            "usage": usage(read, 0),
        }
    )


def model_list(served: Served, created: int) -> bytes:
    """The body of /v1/models: the base model, then its adapters with the base as `parent`."""

    def card(name: str) -> dict[str, object]:
        base = name == served.model
        return {
            "id": name,
            "object": "model",
            "created": created,
            "owned_by": "vllm",
            "root": name,
            "parent": None if base else served.model,
            "max_model_len": served.max_model_len if base else None,
            "permission": [],
        }

    return _json({"object": "list", "data": [card(name) for name in (served.model, *served.loras)]})
