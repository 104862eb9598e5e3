"""What one request gets, token by token, under its fate."""

from typing import NamedTuple

from turnout.simulator.answers import DONE, Name, TextEvents, whole_text, whole_vectors
from turnout.simulator.faults import Fate, Ill
from turnout.simulator.refusal import Refusal
from turnout.simulator.requests import Embed, Generate
from turnout.simulator.words import Form, Script

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
        self._events = TextEvents(ask, script, name)
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
                return Part(b"data: %b\n\n" % ENGINE_FAILED.body() + DONE, ended=True)
            case Ill.INVALID_JSON:
                data = self._events.token(position).removesuffix(b"\n\n")
                data = data[:-5] + b"\n\n"
                return Part(data + self._events.end(), ended=True) if position == self._length - 1 else Part(data)
            case _:
                return None


def whole_reply(ask: Generate | Embed, fate: Fate, name: Name) -> Whole:
    """The answer to a request that is not streamed, once the engine is done with it."""
    if fate.ill is Ill.STREAM_ERROR:
        return Whole(ENGINE_FAILED.status, ENGINE_FAILED.body())
    if isinstance(ask, Embed):
        body = whole_vectors(ask, name, empty=fate.ill is Ill.EMPTY)
    else:
        body = whole_text(ask, script_of(ask, fate), name)
    if fate.ill is Ill.INVALID_JSON and (isinstance(ask, Embed) or not ask.json):
        body = body[:-5]
    return Whole(200, body, cut=fate.ill is Ill.BROKEN)
