"""Texts that follow from the prompt."""

import json

from hypothesis import given
from hypothesis import strategies as st

from turnout.simulator.words import LONGEST, SHORTEST, Script, natural_length, prompt_of, vector

texts = st.text(st.characters(codec=None), max_size=50)


@given(texts)
def test_a_prompt_has_a_token_per_four_bytes_and_at_least_one(text: str) -> None:
    size = len(text.encode("utf-8", "surrogatepass"))
    assert prompt_of(text).tokens == max(1, (size + 3) // 4)


def test_a_prompts_seed_is_the_same_in_every_process() -> None:
    assert prompt_of("hello").seed == 0x3610A686_062C0215


@given(texts)
def test_answers_end_by_themselves_within_the_bounds(text: str) -> None:
    assert SHORTEST <= natural_length(prompt_of(text).seed) <= LONGEST


def test_an_answer_begins_with_the_models_name() -> None:
    assert Script("llama-v2", 1, 5).text().startswith("llama-v2 ")


def test_a_longer_answer_begins_like_a_shorter_one() -> None:
    assert Script("m", 5, 40).text().startswith(Script("m", 5, 20).text())


def test_different_prompts_get_different_answers() -> None:
    assert len({Script("m", prompt_of(str(number)).seed, 16).text() for number in range(100)}) == 100


@given(st.text(max_size=20), st.integers(1, 40))
def test_json_is_one_object_whatever_the_length(model: str, length: int) -> None:
    assert json.loads(Script(model, 3, length, "json").text())["model"] == model


@given(st.integers(1, 40))
def test_broken_json_is_none(length: int) -> None:
    text = Script("m", 3, length, "broken-json").text()
    try:
        json.loads(text)
    except ValueError:
        return
    raise AssertionError(text)


def test_an_empty_answer_has_no_text() -> None:
    assert Script("m", 3, 1, "empty").text() == ""


@given(st.integers(0, 2**64 - 1))
def test_vectors_have_their_dimensions_and_lie_between_minus_one_and_one(seed: int) -> None:
    numbers = vector(seed, 16)
    assert len(numbers) == 16
    assert all(-1 <= number <= 1 for number in numbers)
