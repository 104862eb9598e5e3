"""The text of simulated answers: English words that follow from the model and the prompt alone."""

from typing import Literal
from zlib import adler32, crc32

from msgspec import Struct
from msgspec.json import encode

_TEXT = """
the train leaves on time and takes every switch with care while signals turn green one by one along a quiet line of
stations where people wait for friends under a clock that never stops as rails carry light through rain over bridges
into towns by day or night until all cars reach their yard
"""

WORDS = tuple(_TEXT.split())

SHORTEST = 16
LONGEST = 128

Form = Literal["text", "json", "broken-json", "empty"]


class Prompt(Struct, frozen=True):
    """A prompt as the simulation sees it: its size in tokens, and a number that equal prompts share everywhere."""

    tokens: int
    seed: int


def prompt_of(text: str) -> Prompt:
    """The prompt of a text; a token is four bytes of UTF-8, and there is at least one."""
    data = text.encode("utf-8", "surrogatepass")
    return Prompt(max(1, -(-len(data) // 4)), crc32(data) << 32 | adler32(data))


def natural_length(seed: int) -> int:
    """Tokens after which an answer ends by itself: `SHORTEST` to `LONGEST`."""
    return SHORTEST + seed % (LONGEST - SHORTEST + 1)


class Script(Struct, frozen=True):
    """What an answer of `length` tokens says. It begins with the model's name, so that versions can be told apart.

    `json` is one object whatever the length; `broken-json` the same, never closed; `empty` no text at all.
    """

    model: str
    seed: int
    length: int
    form: Form = "text"

    def piece(self, position: int) -> str:
        """The text of token number `position`, from 0 to `length` - 1."""
        match self.form:
            case "text":
                return self.model if position == 0 else " " + self._word(position)
            case "json" | "broken-json":
                return self._json_piece(position)
            case "empty":
                return ""

    def text(self) -> str:
        """All pieces together."""
        return "".join(map(self.piece, range(self.length)))

    def _json_piece(self, position: int) -> str:
        last = position == self.length - 1
        end = '"}' if last and self.form == "json" else ""
        if position == 0:
            return f'{{"model": {encode(self.model).decode()}, "text": "{end}'
        return (" " if position > 1 else "") + self._word(position) + end

    def _word(self, position: int) -> str:
        mixed = (self.seed + position * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        return WORDS[(mixed >> 32) % len(WORDS)]


def vector(seed: int, dimensions: int) -> list[float]:
    """The embedding of a prompt: numbers from -1 to 1 that float32 holds exactly."""
    state = seed | 1
    numbers: list[float] = []
    for _ in range(dimensions):
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        numbers.append((state >> 48) / 32768 - 1)
    return numbers
