"""A prompt as a chain of block hashes: two prompts share as many leading hashes as they share leading blocks.

The prompt is taken as it is written in the JSON body, undecoded: a conversation's next turn repeats the bytes of the
turn before. Method: the approximate prefix cache of GIE's and llm-d's endpoint pickers (chained xxhash per block,
seeded with the model's name, since another model or adapter shares no cache).
"""

from functools import lru_cache
from itertools import pairwise

from xxhash import xxh3_64_intdigest

from turnout.inference.request import RequestFields

FIRST = 512
"""Bytes of a prompt's first blocks: about 128 tokens, which a GPU reads in milliseconds. Later ones are longer."""


def _edges() -> tuple[int, ...]:
    """Where the blocks end: the fourth part of the prompt so far, so that one of 128 KiB takes 24, not 256."""
    edges = [0]
    while edges[-1] < 128 * 1024:
        edges.append(edges[-1] + max(FIRST, edges[-1] // 4 // FIRST * FIRST))
    return tuple(edges)


EDGES = _edges()
"""Bytes of the prompt before its first, second, ... block. What follows the last says nothing about caches: 128 KiB are
about 32,000 tokens."""
COPIED = 16 * 1024
"""Bytes up to which one copy costs less than a view for every block."""
_SPANS = tuple(pairwise(EDGES))


@lru_cache(256)
def _seed(model: str) -> int:
    return xxh3_64_intdigest(model.encode("utf-8", "surrogatepass"))


def prompt_blocks(fields: RequestFields) -> list[int]:
    """The hashes of the prompt's whole blocks, first to last; none where no prompt is as long as a block."""
    raw = fields.messages or fields.prompt or fields.input
    size = len(raw)
    if size < FIRST:
        return []
    prompt = bytes(raw) if size <= COPIED else memoryview(raw)
    digest = xxh3_64_intdigest
    chain = _seed(fields.model)
    for before in (fields.tools, fields.system):  # the engine's template puts them before the messages
        if before:
            chain = digest(memoryview(before)[: EDGES[-1]], chain)
    blocks = []
    for start, end in _SPANS:
        if end > size:
            break
        chain = digest(prompt[start:end], chain)
        blocks.append(chain)
    return blocks
