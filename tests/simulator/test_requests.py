"""Requests as they are read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.simulator.refusal import Refusal
from turnout.simulator.requests import (
    MAX_INPUTS,
    PART_TOKENS,
    Embed,
    Generate,
    Served,
    read_chat,
    read_completion,
    read_embedding,
)
from turnout.simulator.words import prompt_of

SERVED = Served("llama", ("ada",), max_model_len=1000)


def chat(**fields: object) -> Generate | Refusal:
    body = {"model": "llama", "messages": [{"role": "user", "content": "hello"}]} | fields
    return read_chat(json.dumps(body).encode(), SERVED)


def completion(**fields: object) -> Generate | Refusal:
    return read_completion(json.dumps({"model": "llama", "prompt": "hello"} | fields).encode(), SERVED)


def embedding(**fields: object) -> Embed | Refusal:
    return read_embedding(json.dumps({"model": "llama", "input": "hello"} | fields).encode(), SERVED)


def generated(ask: Generate | Refusal) -> Generate:
    assert isinstance(ask, Generate), ask
    return ask


def refused(ask: Generate | Embed | Refusal) -> tuple[int, str | None]:
    assert isinstance(ask, Refusal), ask
    return ask.status, ask.param


def test_a_chats_prompt_is_all_of_its_text() -> None:
    assert generated(chat()).prompt == prompt_of("user\nhello")


def test_text_parts_count_like_text() -> None:
    parts = [{"role": "user", "content": [{"type": "text", "text": "hello"}]}]
    assert generated(chat(messages=parts)).prompt == generated(chat()).prompt


def test_a_part_that_is_no_text_counts_a_fixed_number_of_tokens() -> None:
    parts = [{"type": "text", "text": "hello"}, {"type": "image_url", "image_url": {"url": "data:..."}}]
    ask = generated(chat(messages=[{"role": "user", "content": parts}]))
    assert ask.prompt.tokens == generated(chat()).prompt.tokens + PART_TOKENS


def test_a_message_without_content_is_taken() -> None:
    assert generated(chat(messages=[{"role": "assistant", "tool_calls": []}]))


def test_a_chat_without_messages_is_refused() -> None:
    assert refused(chat(messages=[])) == (400, "messages")


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_the_asked_length_caps_the_answer(field: str) -> None:
    ask = generated(chat(**{field: 7}))
    assert (ask.output, ask.capped) == (7, True)


def test_max_completion_tokens_goes_before_max_tokens() -> None:
    assert generated(chat(max_tokens=5, max_completion_tokens=9)).output == 9


def test_without_a_length_the_answer_ends_by_itself() -> None:
    ask = generated(chat())
    assert (16 <= ask.output <= 128, ask.capped) == (True, False)


@pytest.mark.parametrize("value", [0, -1])
@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_a_length_below_one_is_refused(field: str, value: int) -> None:
    assert refused(chat(**{field: value})) == (400, field)


def test_a_length_that_does_not_fit_into_the_context_is_refused() -> None:
    assert refused(completion(max_tokens=999)) == (400, "max_tokens")


def test_a_prompt_that_fills_the_context_is_refused() -> None:
    assert refused(completion(prompt="x" * 4000)) == (400, "prompt")


def test_an_answer_ends_where_the_context_does() -> None:
    assert generated(completion(prompt="x" * 3960)).output == 10


def test_no_model_means_the_base() -> None:
    assert generated(read_chat(b'{"messages":[{"role":"user","content":"hi"}]}', SERVED)).model == "llama"


def test_an_adapter_answers_to_its_name() -> None:
    assert generated(chat(model="ada")).model == "ada"


@pytest.mark.parametrize("read", [chat, completion, embedding])
def test_an_unknown_model_is_not_found(read) -> None:  # type: ignore[no-untyped-def]  # three readers with three types
    assert refused(read(model="gpt")) == (404, "model")


@pytest.mark.parametrize(
    ("fields", "param"),
    [({"model": 4}, "model"), ({"messages": "hi"}, "messages"), ({"stream": "yes"}, "stream"), ({"n": 2}, "n")],
)
def test_a_field_of_the_wrong_type_or_value_is_refused_by_name(fields: dict[str, object], param: str) -> None:
    assert refused(chat(**fields)) == (400, param)


def test_stream_options_without_a_stream_are_refused() -> None:
    assert refused(chat(stream_options={"include_usage": True})) == (400, "stream_options")


def test_stream_options_ask_for_usage() -> None:
    assert generated(chat(stream=True, stream_options={"include_usage": True})).include_usage


@pytest.mark.parametrize(("kind", "expected"), [("json_object", True), ("json_schema", True), ("text", False)])
def test_a_response_format_asks_for_json(kind: str, expected: bool) -> None:
    assert generated(chat(response_format={"type": kind})).json is expected


@pytest.mark.parametrize("prompt", ["hello", ["hello"], [1, 2, 3], [[1, 2, 3]]])
def test_every_form_of_one_prompt_is_read(prompt: object) -> None:
    assert generated(completion(prompt=prompt)).prompt.tokens in (2, 3)


@pytest.mark.parametrize("prompt", [["a", "b"], [[1], [2]]])
def test_two_prompts_are_refused(prompt: object) -> None:
    assert refused(completion(prompt=prompt)) == (400, "prompt")


@pytest.mark.parametrize("prompt", [[], ["a", 1], [[]], 5, None])
def test_what_is_no_prompt_is_refused(prompt: object) -> None:
    assert refused(completion(prompt=prompt)) == (400, "prompt")


def test_embeddings_take_many_inputs() -> None:
    ask = embedding(input=["a", "b", "c"], encoding_format="base64", dimensions=8)
    assert isinstance(ask, Embed)
    assert (len(ask.prompts), ask.base64, ask.dimensions) == (3, True, 8)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": []}, "input"),
        ({"input": ["a"] * (MAX_INPUTS + 1)}, "input"),
        ({"input": "x" * 4004}, "input"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"dimensions": 0}, "dimensions"),
    ],
)
def test_an_embedding_that_cannot_be_is_refused(fields: dict[str, object], param: str) -> None:
    assert refused(embedding(**fields)) == (400, param)


@given(st.binary(max_size=60))
def test_no_body_is_anything_but_read_or_refused(body: bytes) -> None:
    for read in (read_chat, read_completion, read_embedding):
        assert isinstance(read(body, SERVED), Generate | Embed | Refusal)


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":}', b"\xff"])
def test_bad_json_is_a_bad_request(body: bytes) -> None:
    assert refused(read_chat(body, SERVED)) == (400, None)
