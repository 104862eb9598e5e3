"""Prompts as chains of block hashes."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.inference import EDGES, prompt_blocks, read_request


def blocks_of(**fields: object) -> list[int]:
    return prompt_blocks(read_request(json.dumps(fields).encode()))


def talk(*turns: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": turn} for turn in turns]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"messages":[]}', b'{"prompt":"short"}', b'{"prompt":"\xff"}'])
def test_a_body_without_a_prompt_of_a_blocks_length_has_no_blocks(body: bytes) -> None:
    assert prompt_blocks(read_request(body)) == []


def test_the_next_turn_begins_with_the_blocks_of_the_turn_before() -> None:
    first = blocks_of(model="m", messages=talk("a" * 2000))
    second = blocks_of(model="m", messages=talk("a" * 2000, "b" * 2000))

    assert len(first) >= 3
    # The last block of the first holds the bracket that ends it.
    assert second[: len(first) - 1] == first[:-1]
    assert len(second) > len(first)


def test_a_prompt_that_differs_at_its_beginning_shares_nothing() -> None:
    assert not set(blocks_of(prompt="a" + "x" * 2000)) & set(blocks_of(prompt="b" + "x" * 2000))


@pytest.mark.parametrize("other", [{"model": "n"}, {"tools": [{"a": 1}]}, {"system": "be kind"}])
def test_another_model_system_prompt_or_set_of_tools_shares_nothing(other: dict[str, object]) -> None:
    one: dict[str, object] = {"model": "m", "messages": talk("a" * 2000)}

    assert not set(blocks_of(**one)) & set(blocks_of(**(one | other)))


def test_a_long_prompt_is_hashed_as_far_as_it_says_anything() -> None:
    assert len(blocks_of(prompt="x" * (2 * EDGES[-1]))) == len(EDGES) - 1


def test_a_block_is_never_longer_than_a_quarter_of_what_comes_before_it_or_the_first() -> None:
    sizes = [end - start for start, end in pairwise(EDGES)]

    assert sizes[0] == EDGES[1]
    assert all(size <= max(EDGES[1], before / 4) for before, size in zip(EDGES, sizes, strict=False))


@given(st.text(), st.text(max_size=2000), st.text(max_size=2000))
def test_prompts_share_exactly_their_common_leading_blocks(model: str, one: str, two: str) -> None:
    texts = [json.dumps("p" * 600 + each, ensure_ascii=False).encode("utf-8", "replace") for each in (one, two)]
    named = json.dumps(model).encode()
    chains = [prompt_blocks(read_request(b'{"model":%b,"prompt":%b}' % (named, each))) for each in texts]
    least = min(map(len, texts))
    common = max(place for place, edge in enumerate(EDGES) if edge <= least and texts[0][:edge] == texts[1][:edge])

    assert chains[0][:common] == chains[1][:common]
    assert not set(chains[0][common:]) & set(chains[1][common:])
