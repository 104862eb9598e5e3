"""Step times by the formula."""

import pytest
from msgspec.structs import replace

from turnout.simulator import DEFAULT, PROFILES, find_profile

H100 = find_profile(DEFAULT)


@pytest.mark.parametrize(("tokens", "milliseconds"), [(128, 7.7), (512, 11.8), (2048, 44.2)])
def test_a_prefill_step_takes_what_was_fitted(tokens: int, milliseconds: float) -> None:
    seconds = H100.step_seconds(prefill=tokens, attention=tokens * tokens / 2, decoding=0, context=0)
    assert seconds * 1000 == pytest.approx(milliseconds, abs=0.05)


def test_a_decode_step_takes_the_floor_and_its_share_per_sequence_and_context() -> None:
    seconds = H100.step_seconds(prefill=0, attention=0, decoding=64, context=64 * 1000)
    assert seconds * 1000 == pytest.approx(6.32 + 0.0115 * 64 + 4.10e-5 * 64_000)


def test_a_mixed_step_reads_the_weights_once() -> None:
    mixed = H100.step_seconds(prefill=100, attention=5000, decoding=10, context=1000)
    assert mixed * 1000 == pytest.approx(6.32 + 1.4 + 7.9e-7 * 5000 + 0.115 + 0.041)


def test_slow_multiplies_a_lone_prefill_exactly() -> None:
    plain = H100.step_seconds(100, 5000, 0, 0) + H100.queue_delay()
    slow = H100.slowed(prefill=3, decode=1)
    assert slow.step_seconds(100, 5000, 0, 0) + slow.queue_delay() == pytest.approx(3 * plain)


def test_slow_leaves_decode_steps_alone() -> None:
    assert H100.slowed(prefill=3, decode=1).step_seconds(0, 0, 8, 800) == H100.step_seconds(0, 0, 8, 800)


def test_slow_decode_multiplies_decode_steps_and_leaves_prefill_alone() -> None:
    slow = H100.slowed(prefill=1, decode=3)
    assert slow.step_seconds(0, 0, 8, 800) == pytest.approx(3 * H100.step_seconds(0, 0, 8, 800))
    assert slow.step_seconds(100, 5000, 0, 0) == H100.step_seconds(100, 5000, 0, 0)


def test_an_unknown_profile_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ValueError, match=r"'h200' does not exist; there are llama-3\.1-8b-h100"):
        find_profile("h200")


def test_every_profile_is_found_by_its_own_name() -> None:
    assert all(find_profile(name).name == name for name in PROFILES)


def test_a_profile_whose_batch_is_smaller_than_its_sequences_is_refused() -> None:
    with pytest.raises(ValueError, match="max_seqs"):
        replace(H100, max_batched=H100.max_seqs - 1)


def test_a_profile_whose_cache_is_smaller_than_a_sequence_is_refused() -> None:
    with pytest.raises(ValueError, match="kv_tokens"):
        replace(H100, kv_tokens=H100.max_model_len)
