"""An answer in one piece."""

from collections.abc import Callable

import msgspec
from msgspec import Struct
from msgspec.json import Decoder, decode

from turnout.inference.dialect import Dialect
from turnout.inference.reading import Reading, field, finish_of_response, items, speaks, tokens, word


class _Body(Struct, gc=False):
    # Any type, so that one odd field does not hide the others.
    shape: object = msgspec.field(default=None, name="object")
    error: object = None
    choices: object = None
    usage: object = None
    status: object = None
    incomplete_details: object = None
    output: object = None
    content: object = None
    stop_reason: object = None


class _Counted(Struct, gc=False):
    usage: object = None


_body = Decoder(_Body)
_counted = Decoder(_Counted)
_NOTHING = Reading()


def read_answer(dialect: Dialect | None, body: bytes) -> Reading:
    """What a whole answer says of itself; without a dialect (embeddings, rerank, score) only its usage is read.

    Nothing is known of what is no JSON object.
    """
    try:
        if dialect is None:
            usage = _counted.decode(body).usage
            return Reading(terminated=True, prompt_tokens=_prompt(usage), completion_tokens=_completion(usage))
        document = _body.decode(body)
    except (ValueError, RecursionError):  # msgspec's errors and a bad UTF-8 sequence are ValueErrors
        return _NOTHING
    content, finish, text = _DIALECTS[dialect](document)
    return Reading(
        content=content,
        finish=finish,
        terminated=True,
        error=bool(document.error) or document.shape == "error",
        prompt_tokens=_prompt(document.usage),
        completion_tokens=_completion(document.usage),
        text=text,
    )


def is_json_text(text: str) -> bool:
    """Whether the text is one JSON value and nothing else."""
    try:
        decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _prompt(usage: object) -> int | None:
    return tokens(usage, "prompt_tokens", "input_tokens", "total_tokens")


def _completion(usage: object) -> int | None:
    return tokens(usage, "completion_tokens", "output_tokens")


_Found = tuple[bool, str, str | None]
"""Whether there is content, the finish reason, the first choice's text."""


def _in_choices(document: _Body) -> _Found:
    content, finish = False, ""
    text: str | None = None
    for choice in items(document.choices):
        message = field(choice, "message")
        said = field(message, "content") if message is not None else field(choice, "text")
        content = content or bool(said) or speaks(message)
        finish = word(field(choice, "finish_reason")) or finish
        if text is None:
            text = word(said)
    return content, finish, text


def _in_response(document: _Body) -> _Found:
    content, texts = False, []
    for item in items(document.output):
        kind = word(field(item, "type"))
        parts = [word(field(part, "text")) or word(field(part, "refusal")) for part in items(field(item, "content"))]
        thoughts = [word(field(part, "text")) for part in items(field(item, "summary"))]
        content = content or kind.endswith("_call") or any(parts) or any(thoughts)
        if kind == "message":
            texts += parts
    details = {"incomplete_details": document.incomplete_details, "status": document.status}
    return content, finish_of_response(details), "".join(texts)


def _in_message(document: _Body) -> _Found:
    content, texts = False, []
    for block in items(document.content):
        text = word(field(block, "text"))
        texts.append(text)
        content = content or bool(text or field(block, "thinking")) or word(field(block, "type")).endswith("tool_use")
    return content, word(document.stop_reason), "".join(texts)


_DIALECTS: dict[Dialect, Callable[[_Body], _Found]] = {
    "chat": _in_choices,
    "completions": _in_choices,
    "responses": _in_response,
    "messages": _in_message,
}
