"""Which endpoints were sent which prompts: a guess at what their prefix caches hold, from what this gateway has sent.

A prompt is a chain of block hashes (`turnout.inference.prompt_blocks`). Each block's holders are the bits of one
number, so that a look-up costs one step per block, however many endpoints there are. Two generations stand for least
recently used: what was not sent while a generation filled up is forgotten with it. Most prompts are never met again:
one of which nobody held even the first block is kept as it is, under that, and taken to blocks when it is asked for.

Source of the method: GIE's and llm-d's approximate prefix cache (`approx-prefix-cache-producer`).
"""

from collections.abc import Iterator, Sequence
from itertools import count

from msgspec import Struct

from turnout.inference import EDGES

CAPACITY = 31_250
"""Blocks that an endpoint's cache is taken to hold (llm-d's `lruCapacityPerServer`)."""
MOST_BLOCKS = 262_144
"""Blocks that are remembered in all, however many endpoints there are: about 50 MB, 16 million tokens of prompts."""
MOST_BITS = 8192
"""Bits that may be taken, those of endpoints that have left among them, before all is forgotten."""


class PrefixMatch(Struct, frozen=True, gc=False):
    """What of one prompt is held where. `layers` are (depth in blocks, holders), the deepest first; holders are bits.

    An endpoint's depth is that of the first layer that it is in; 0 if it is in none.
    """

    blocks: int
    layers: tuple[tuple[int, int], ...]

    def share(self, bit: int) -> float:
        """The part of the prompt's bytes, 0 to 1, that the endpoint of `bit` holds."""
        for depth, holders in self.layers:  # a plain loop: this runs for every endpoint of a pick
            if holders >> bit & 1:
                return EDGES[depth] / EDGES[self.blocks]
        return 0.0

    def deepest(self, most: int) -> Iterator[int]:
        """At most `most` bits of those that hold the longest part."""
        holders = self.layers[0][1] if self.layers else 0
        while holders and most:
            low = holders & -holders
            yield low.bit_length() - 1
            holders ^= low
            most -= 1


class _Generation:
    """`blocks` are the holders of each; `alone` are prompts by their first block, each with its only holder's bit."""

    __slots__ = ("_waiting", "alone", "blocks")

    def __init__(self) -> None:
        self.blocks: dict[int, int] = {}
        self.alone: dict[int, tuple[int, Sequence[int]]] = {}
        self._waiting = 0

    @property
    def size(self) -> int:
        """Blocks in all."""
        return len(self.blocks) + self._waiting

    def put(self, blocks: Sequence[int], mask: int) -> None:
        """Keeps a prompt of which nobody holds anything."""
        first = blocks[0]
        if first in self.alone:
            self.unfold(first)  # of one that has left
        self.alone[first] = (mask, blocks)
        self._waiting += len(blocks)

    def unfold(self, first: int) -> None:
        """Takes the prompt under this block, which must be there, to its blocks."""
        mask, blocks = self.alone.pop(first)
        self._waiting -= len(blocks)
        self.blocks.update(dict.fromkeys(blocks, mask))


class PrefixIndex:
    """One pool's. Endpoints are known by their bits: `admit` gives them."""

    __slots__ = ("_bits", "_limit", "_live", "_old", "_retired", "_retiring", "_young")

    def __init__(self) -> None:
        self._bits: dict[str, int] = {}
        self._live = 0
        self._retiring: set[int] = set()
        self._retired: set[int] = set()
        self._young = _Generation()
        self._old = _Generation()
        self._limit = CAPACITY // 2

    def admit(self, addresses: Sequence[str]) -> list[int]:
        """The pool's endpoints are these: the bit of each. One that left and came back holds nothing."""
        bits = self._bits
        present = set(addresses)
        if bits.keys() != present:
            for address in bits.keys() - present:
                self._retiring.add(bits.pop(address))
            taken = {*bits.values(), *self._retiring, *self._retired}
            if len(taken) + len(present) > MOST_BITS:
                self._young, self._old = _Generation(), _Generation()
                self._retiring, self._retired = set(), set()
                taken = set(bits.values())
            free = (bit for bit in count() if bit not in taken)
            for address in dict.fromkeys(addresses):
                if address not in bits:
                    bits[address] = next(free)
            self._live = sum(1 << bit for bit in bits.values())
            self._limit = min(CAPACITY * max(len(bits), 1), MOST_BLOCKS) // 2
        return [bits[address] for address in addresses]

    def match(self, blocks: Sequence[int]) -> PrefixMatch | None:
        """Who holds a first part of the prompt; None if nobody does."""
        if not blocks:
            return None
        first = blocks[0]
        for generation in (self._young, self._old):
            if first in generation.alone:
                generation.unfold(first)
        young, old = self._young.blocks.get, self._old.blocks.get
        holders = (young(first, 0) | old(first, 0)) & self._live
        if not holders:
            return None
        layers = []
        depth = 0
        for block in blocks:
            still = holders & (young(block, 0) | old(block, 0))
            if still != holders:
                layers.append((depth, holders))
                holders = still
                if not holders:
                    break
            depth += 1
        if holders:
            layers.append((depth, holders))
        layers.reverse()
        return PrefixMatch(len(blocks), tuple(layers))

    def shares(self, blocks: Sequence[int]) -> dict[str, float]:
        """The part of the prompt, 0 to 1, that each endpoint holds, by address; the others are left out."""
        match = self.match(blocks)
        if match is None:
            return {}
        return {address: share for address, bit in self._bits.items() if (share := match.share(bit))}

    def add(self, blocks: Sequence[int], address: str, *, known: bool = True) -> None:
        """The endpoint was sent the prompt. Nothing is kept of one that was not admitted.

        Not `known`: nobody held any of it when it was looked up. That spares a look at what each block has.
        """
        bit = self._bits.get(address)
        if bit is None or not blocks:
            return
        if self._young.size + len(blocks) > self._limit:
            self._turn()
        young, mask = self._young, 1 << bit
        if not known:
            young.put(blocks, mask)
            return
        if blocks[0] in young.alone:
            young.unfold(blocks[0])
        held, place = young.blocks.get, young.blocks
        if held(blocks[-1], 0) & mask:
            return  # and with the last one all that come before it
        for block in blocks:
            place[block] = held(block, 0) | mask

    def _turn(self) -> None:
        """The young generation is old; what the old one said is forgotten, and with it who left while it was young."""
        self._old, self._young = self._young, _Generation()
        self._retired, self._retiring = self._retiring, set()
