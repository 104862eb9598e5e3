"""What is read of an answer, streamed or whole, and where each API keeps it.

Sources: OpenAI API reference (chat completions, completions, responses and their streaming events), Anthropic API
reference (messages, streaming), vLLM's `reasoning_content` and `reasoning`.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

NATURAL = frozenset(
    {"stop", "tool_calls", "function_call", "completed", "end_turn", "tool_use", "stop_sequence", "pause_turn", "eos"}
)
"""Finish reasons of an answer that the model ended by itself."""


class Reading(Struct, frozen=True, gc=False):
    """What an answer said of itself.

    `content`: there was text, reasoning or a tool call that is not empty.
    `finish` is the finish reason, in the API's own words, empty without one. `terminated`: the stream's last event came
    (`[DONE]`, `response.completed`, `message_stop`), or the answer came whole. `error`: it said that it failed.
    Tokens are the server's count, None without one. `text` is the first choice's, None where it was not kept.
    """

    content: bool = False
    finish: str = ""
    terminated: bool = False
    error: bool = False
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    text: str | None = None

    @property
    def whole(self) -> bool:
        """It ended as its API says that answers end."""
        return self.terminated and bool(self.finish)


def field(value: object, name: str) -> object:
    """The field of an object; None for what is no object or lacks it."""
    return value.get(name) if isinstance(value, Mapping) else None


def items(value: object) -> Iterator[object]:
    """The items of an array; none for what is no array."""
    return iter(value) if isinstance(value, list) else iter(())


def word(value: object) -> str:
    """Text as it is; empty for anything else."""
    return value if isinstance(value, str) else ""


def tokens(usage: object, *names: str) -> int | None:
    """The first of the counts that is there."""
    for name in names:
        count = field(usage, name)
        if isinstance(count, int):
            return count
    return None


def speaks(message: object) -> bool:
    """Whether a chat message or delta holds text, reasoning, a refusal, sound or a tool call."""
    return any(field(message, name) for name in _SPOKEN)


_SPOKEN = ("content", "tool_calls", "reasoning_content", "reasoning", "refusal", "function_call", "audio")


def finish_of_response(response: object) -> str:
    """How a response ended: `completed`, the reason why it is incomplete, or its status."""
    return word(field(field(response, "incomplete_details"), "reason")) or word(field(response, "status"))
