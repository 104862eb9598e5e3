"""What one request gets, token by token, under its fate."""

from collections.abc import Callable
from typing import NamedTuple

from turnout.simulator.answers import Events, Name, TextEvents, whole_text, whole_vectors
from turnout.simulator.audio import Transcribe, whole_transcript
from turnout.simulator.faults import Fate, Ill
from turnout.simulator.messages import MessageEvents, message_error, whole_message
from turnout.simulator.ranking import Rank, whole_ranking
from turnout.simulator.refusal import Refusal
from turnout.simulator.requests import Api, Embed, Generate
from turnout.simulator.responses import ResponseEvents, whole_response
from turnout.simulator.words import Form, Script

Ask = Generate | Embed | Rank | Transcribe
"""What is asked of a model."""

_Wording = tuple[Callable[[Generate, Script, Name], bytes], Callable[[Generate, Script, Name], Events]]
_WORDINGS: dict[Api, _Wording] = {
    "chat": (whole_text, TextEvents),
    "completions": (whole_text, TextEvents),
    "responses": (whole_response, ResponseEvents),
    "messages": (whole_message, MessageEvents),
}

ENGINE_FAILED = Refusal(500, "EngineCore encountered an issue.")


class Part(NamedTuple):
    """A stream's next bytes; `ended` after the last of them, `cut` if the connection then breaks instead."""

    data: bytes
    ended: bool = False
    cut: bool = False


class Whole(NamedTuple):
    """An answer in one piece; `cut` breaks the connection in the middle of its body."""

    status: int
    body: bytes
    cut: bool = False
    content_type: str = "application/json"


def jobs_of(ask: Ask, fate: Fate) -> list[tuple[int, int]]:
    """The sequences that an engine computes for it: tokens of the prompt and of the output."""
    match ask:
        case Generate():
            return [(ask.prompt.tokens, script_of(ask, fate).length)]
        case Transcribe():
            return [(ask.prompt.tokens, ask.output)]
        case _:
            return [(prompt.tokens, 1) for prompt in ask.prompts]


def script_of(ask: Generate, fate: Fate) -> Script:
    """The text that is written for a request of that fate."""
    if fate.ill is Ill.EMPTY:
        return Script(ask.model, ask.prompt.seed, 1, "empty")
    form: Form = "text"
    if ask.json:
        form = "broken-json" if fate.ill is Ill.INVALID_JSON else "json"
    return Script(ask.model, ask.prompt.seed, ask.output, form)


class StreamReply:
    """A streamed answer. What goes wrong goes wrong at its middle token."""

    __slots__ = ("_events", "_ill", "_length", "_middle")

    def __init__(self, ask: Generate, fate: Fate, name: Name) -> None:
        script = script_of(ask, fate)
        self._events = _WORDINGS[ask.api][1](ask, script, name)
        self._length = script.length
        self._middle = script.length // 2
        self._ill = Ill.NONE if ask.json and fate.ill is Ill.INVALID_JSON else fate.ill

    def token(self, position: int) -> Part:
        """What token number `position` sends."""
        if position == self._middle and (part := self._broken(position)) is not None:
            return part
        data = self._events.token(position)
        if position == self._length - 1:
            return Part(data + self._events.end(), ended=True)
        return Part(data)

    def _broken(self, position: int) -> Part | None:
        match self._ill:
            case Ill.BROKEN:
                return Part(b"", ended=True, cut=True)
            case Ill.STREAM_ERROR:
                return Part(self._events.failure(ENGINE_FAILED), ended=True)
            case Ill.INVALID_JSON:
                data = self._events.token(position).removesuffix(b"\n\n")
                data = data[:-5] + b"\n\n"
                return Part(data + self._events.end(), ended=True) if position == self._length - 1 else Part(data)
            case _:
                return None


def whole_reply(ask: Ask, fate: Fate, name: Name) -> Whole:
    """The answer to a request that is not streamed, once the engine is done with it."""
    if fate.ill is Ill.STREAM_ERROR:
        spoken = isinstance(ask, Generate) and ask.api == "messages"
        return Whole(ENGINE_FAILED.status, message_error(ENGINE_FAILED) if spoken else ENGINE_FAILED.body())
    empty = fate.ill is Ill.EMPTY
    content_type = "application/json"
    match ask:
        case Generate():
            body = _WORDINGS[ask.api][0](ask, script_of(ask, fate), name)
        case Embed():
            body = whole_vectors(ask, name, empty=empty)
        case Rank():
            body = whole_ranking(ask, name, empty=empty)
        case Transcribe():
            body, content_type = whole_transcript(ask, empty=empty)
    if fate.ill is Ill.INVALID_JSON and not (isinstance(ask, Generate) and ask.json):
        body = body[:-5]
    return Whole(200, body, cut=fate.ill is Ill.BROKEN, content_type=content_type)
