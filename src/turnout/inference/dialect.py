"""Which of the APIs that write text a request speaks, by its path."""

from functools import lru_cache
from typing import Literal

Dialect = Literal["chat", "completions", "responses", "messages"]
"""OpenAI's chat completions, completions and responses, and Anthropic's messages: what writes text, streamed or not."""

_ENDINGS: tuple[tuple[str, Dialect], ...] = (
    ("/chat/completions", "chat"),
    ("/completions", "completions"),
    ("/responses", "responses"),
    ("/messages", "messages"),
)


@lru_cache(1024)
def dialect_of(path: str) -> Dialect | None:
    """The dialect of a path, by its last elements, with or without a closing slash; None for any other path."""
    path = path.rstrip("/")
    return next((name for ending, name in _ENDINGS if path.endswith(ending)), None)
