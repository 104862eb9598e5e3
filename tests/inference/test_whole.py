"""Answers in one piece."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.inference import Dialect, Reading, is_json_text, read_answer


def body(**fields: Any) -> bytes:
    return msgspec.json.encode(fields)


def choice(**message: Any) -> dict[str, Any]:
    return {"index": 0, "message": message, "finish_reason": "stop"}


USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
TOKENS = {"input_tokens": 5, "output_tokens": 7}


@pytest.mark.parametrize(
    ("dialect", "answer", "finish"),
    [
        ("chat", body(choices=[choice(content="hi")], usage=USAGE), "stop"),
        ("completions", body(choices=[{"text": "hi", "finish_reason": "length"}], usage=USAGE), "length"),
        (
            "responses",
            body(
                status="completed",
                output=[{"type": "message", "content": [{"type": "output_text", "text": "hi"}]}],
                usage=TOKENS,
            ),
            "completed",
        ),
        ("messages", body(content=[{"type": "text", "text": "hi"}], stop_reason="end_turn", usage=TOKENS), "end_turn"),
    ],
)
def test_every_dialect_says_text_finish_and_tokens(dialect: Dialect, answer: bytes, finish: str) -> None:
    assert read_answer(dialect, answer) == Reading(True, finish, True, False, 5, 7, "hi")


@pytest.mark.parametrize(
    ("dialect", "answer", "speaks"),
    [
        ("chat", body(choices=[choice(content="", tool_calls=[])]), False),
        ("chat", body(choices=[choice(content=None, tool_calls=[{"id": "1"}])]), True),
        ("chat", body(choices=[choice(content=None, reasoning_content="hm")]), True),
        ("completions", body(choices=[{"text": ""}]), False),
        ("responses", body(output=[]), False),
        ("responses", body(output=[{"type": "message", "content": [{"text": ""}]}]), False),
        ("responses", body(output=[{"type": "function_call", "name": "f"}]), True),
        ("messages", body(content=[]), False),
        ("messages", body(content=[{"type": "tool_use", "name": "f"}]), True),
    ],
)
def test_an_answer_without_text_reasoning_or_tool_call_is_empty(dialect: Dialect, answer: bytes, speaks: bool) -> None:
    assert read_answer(dialect, answer).content is speaks


def test_of_any_other_answer_only_the_usage_is_read() -> None:
    answer = body(data=[{"embedding": [0.5]}], usage={"prompt_tokens": 5, "total_tokens": 5})

    assert read_answer(None, answer) == Reading(terminated=True, prompt_tokens=5)


@given(st.sampled_from(["chat", "completions", "responses", "messages", None]), st.binary(max_size=40))
def test_no_bytes_make_it_fail(dialect: Dialect | None, answer: bytes) -> None:
    assert isinstance(read_answer(dialect, answer), Reading)


@pytest.mark.parametrize(
    ("text", "valid"), [('{"a":1}\n', True), ('{"a":1', False), ("", False), ('{} {"a":1}', False)]
)
def test_json_text_is_one_value(text: str, valid: bool) -> None:
    assert is_json_text(text) is valid
