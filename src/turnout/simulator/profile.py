"""How fast a model server is: the time of one engine step, and how much it holds."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace


class Profile(Struct, frozen=True, kw_only=True):
    """One model on one accelerator. Times are seconds; sizes are tokens unless they say otherwise.

    `step_floor` is the reading of the weights, which every step pays once. `max_batched` is at least `max_seqs`, so
    that every running sequence moves in every step.
    """

    name: str
    overhead: float
    """From a request's arrival to its place in the queue: parsing and tokenising."""
    step_floor: float
    prefill_constant: float
    prefill_token: float
    prefill_attention: float
    """Per prompt token and token before it."""
    decode_sequence: float
    decode_context: float
    """Per token of context of each decoding sequence."""
    kv_tokens: int
    block: int = 16
    max_seqs: int = 256
    max_batched: int = 8192
    max_model_len: int = 131072
    slow_prefill: float = 1.0
    slow_decode: float = 1.0

    def __post_init__(self) -> None:
        """Raises ValueError where the engine could not go on."""
        if not 1 <= self.max_seqs <= self.max_batched:
            raise ValueError(f"profile {self.name}: max_seqs must be from 1 to max_batched")
        if self.max_model_len >= self.kv_tokens:
            raise ValueError(f"profile {self.name}: one sequence of max_model_len and a token must fit into kv_tokens")

    def queue_delay(self) -> float:
        """Seconds from a request's arrival to its place in the engine's queue."""
        return self.overhead * self.slow_prefill

    def step_seconds(self, prefill: int, attention: float, decoding: int, context: int) -> float:
        """The time of a step that reads `prefill` prompt tokens and writes one token for each of `decoding` sequences.

        `attention` is the sum over prompt chunks of tokens times mean context; `context` the tokens of the decoding.
        T = max(floor, a·n) + c0 + b·n·ctx + k_B·B + k_c·Σctx: a line fitted to measured kernel times. A step without
        decoding sequences is prefill's alone, so a lone request's first token is exactly `slow_prefill` times later.
        """
        slow = self.slow_prefill
        floor = self.step_floor * (self.slow_decode if decoding else slow)
        if not prefill:
            reading = floor
        else:
            reading = max(floor, self.prefill_token * prefill * slow)
            reading += (self.prefill_constant + self.prefill_attention * attention) * slow
        return reading + (self.decode_sequence * decoding + self.decode_context * context) * self.slow_decode

    def slowed(self, prefill: float, decode: float) -> "Profile":
        """The same server, `prefill` times slower to the first token and `decode` times slower from there on."""
        return replace(self, slow_prefill=self.slow_prefill * prefill, slow_decode=self.slow_decode * decode)


_MS = 1e-3

DEFAULT = "llama-3.1-8b-h100"

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            # 8B BF16 on one H100, 70B BF16 on four: fitted to a measured kernel database, KV as vLLM sizes it.
            Profile(
                name=DEFAULT,
                overhead=15.0 * _MS,
                step_floor=6.32 * _MS,
                prefill_constant=1.4 * _MS,
                prefill_token=0.0201 * _MS,
                prefill_attention=7.9e-7 * _MS,
                decode_sequence=0.0115 * _MS,
                decode_context=4.10e-5 * _MS,
                kv_tokens=29_205 * 16,
            ),
            Profile(
                name="llama-3.1-70b-h100-tp4",
                overhead=15.0 * _MS,
                step_floor=15.19 * _MS,
                prefill_constant=4.2 * _MS,
                prefill_token=0.0622 * _MS,
                prefill_attention=8.8e-7 * _MS,
                decode_sequence=0.0330 * _MS,
                decode_context=2.63e-5 * _MS,
                kv_tokens=128_273 * 16,
            ),
            # No accelerator is like this: what remains is the cost of whatever stands before the server.
            Profile(
                name="instant",
                overhead=0.0,
                step_floor=0.1 * _MS,
                prefill_constant=0.0,
                prefill_token=0.0,
                prefill_attention=0.0,
                decode_sequence=0.0,
                decode_context=0.0,
                kv_tokens=1_000_000 * 16,
                max_seqs=8192,
            ),
        )
    }
)


def find_profile(name: str) -> Profile:
    """The profile of that name. Raises ValueError that lists the names there are."""
    profile = PROFILES.get(name)
    if profile is None:
        raise ValueError(f"profile {name!r} does not exist; there are {', '.join(PROFILES)}")
    return profile
