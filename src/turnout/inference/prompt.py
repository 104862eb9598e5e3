"""A prompt as a chain of block hashes: two prompts share as many leading hashes as they share leading blocks.

The prompt is taken as it is written in the JSON body, undecoded: a conversation's next turn repeats the bytes of the
turn before. Method: the approximate prefix cache of GIE's and llm-d's endpoint pickers (chained xxhash per block,
seeded with the model's name, since another model or adapter shares no cache).
"""

from xxhash import xxh3_64_intdigest

from turnout.inference.request import RequestFields

BLOCK = 256
"""Bytes of a block: about 64 tokens, llm-d's smallest."""
MOST_BLOCKS = 512
"""Blocks that are hashed: 128 KiB, about 32,000 tokens. What follows says nothing about where a prompt is cached."""


def prompt_blocks(fields: RequestFields) -> list[int]:
    """The hashes of the prompt's whole blocks, first to last; none where no prompt is as long as a block."""
    prompt = memoryview(fields.messages or fields.prompt or fields.input)
    size = min(len(prompt), MOST_BLOCKS * BLOCK) // BLOCK * BLOCK
    if not size:
        return []
    chain = xxh3_64_intdigest(fields.model.encode("utf-8", "surrogatepass"))
    for before in (fields.tools, fields.system):  # the engine's template puts them before the messages
        if before:
            chain = xxh3_64_intdigest(memoryview(before)[: MOST_BLOCKS * BLOCK], chain)
    digest = xxh3_64_intdigest
    blocks = []
    for start in range(0, size, BLOCK):
        chain = digest(prompt[start : start + BLOCK], chain)
        blocks.append(chain)
    return blocks
