"""The Responses API of a simulated server."""

import json

import pytest

from turnout.inference import Reading, StreamReader, read_answer
from turnout.simulator.answers import Name
from turnout.simulator.refusal import Refusal
from turnout.simulator.requests import PART_TOKENS, Generate, Served
from turnout.simulator.responses import ResponseEvents, read_response, whole_response
from turnout.simulator.words import Script, prompt_of

SERVED = Served("llama", ("ada",), max_model_len=1000)
NAME = Name("resp_1", 5, "sim-1")


def read(**fields: object) -> Generate | Refusal:
    return read_response(json.dumps({"model": "llama", "input": "hello", **fields}).encode(), SERVED)


def asked(**fields: object) -> Generate:
    ask = read(**fields)
    assert isinstance(ask, Generate), ask
    return ask


def script(ask: Generate) -> Script:
    return Script(ask.model, ask.prompt.seed, ask.output)


def test_the_input_is_a_text_or_a_conversation() -> None:
    assert asked().prompt == prompt_of("user\nhello")
    assert asked(input=[{"role": "user", "content": "hello"}]).prompt == asked().prompt
    parts = [{"type": "input_text", "text": "hello"}, {"type": "input_image", "image_url": "data:"}]
    assert asked(input=[{"role": "user", "content": parts}]).prompt.tokens == asked().prompt.tokens + PART_TOKENS
    assert asked(instructions="be brief").prompt == prompt_of("be brief\nuser\nhello")


def test_what_is_asked_for_is_read() -> None:
    ask = asked(max_output_tokens=7, stream=True, text={"format": {"type": "json_schema", "name": "x"}}, model="ada")
    assert (ask.api, ask.model, ask.output, ask.capped, ask.stream, ask.json) == (
        "responses",
        "ada",
        7,
        True,
        True,
        True,
    )
    assert not asked(text={"format": {"type": "text"}}).json
    assert not asked().capped


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"model": "gpt"}, 404, "model"),
        ({"max_output_tokens": 0}, 400, "max_output_tokens"),
        ({"max_output_tokens": 999}, 400, "max_output_tokens"),
        ({"input": "x" * 4000}, 400, "input"),
        ({"input": 5}, 400, "input"),
        ({"input": []}, 400, "input"),
    ],
)
def test_what_cannot_be_answered_is_refused(fields: dict[str, object], status: int, param: str) -> None:
    refusal = read(**fields)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.param) == (status, param)


def test_a_response_says_how_it_ended() -> None:
    for ask, status in ((asked(), "completed"), (asked(max_output_tokens=4), "incomplete")):
        answer = json.loads(whole_response(ask, script(ask), NAME))
        assert (answer["object"], answer["status"]) == ("response", status)
        assert answer["output"][0]["content"][0]["text"] == script(ask).text()
        assert answer["usage"]["total_tokens"] == ask.prompt.tokens + ask.output


def test_a_stream_reads_like_the_whole_answer() -> None:
    for ask in (asked(), asked(max_output_tokens=1), asked(max_output_tokens=5)):
        events = ResponseEvents(ask, script(ask), NAME)
        reader = StreamReader("responses", keep_text=True)
        reader.feed(events.token(0))
        assert reader.content
        for position in range(1, ask.output):
            reader.feed(events.token(position))
        assert not reader.terminated
        reader.feed(events.end())
        reader.end()
        assert reader.reading() == read_answer("responses", whole_response(ask, script(ask), NAME))
        assert reader.reading().completion_tokens == ask.output


def test_events_are_numbered_and_name_their_type() -> None:
    ask = asked(max_output_tokens=2)
    events = ResponseEvents(ask, script(ask), NAME)
    raw = (events.token(0) + events.token(1) + events.end()).decode()
    blocks = [block.split("\n") for block in raw.split("\n\n")[:-1]]
    data = [json.loads(block[1].removeprefix("data: ")) for block in blocks]
    assert [each["sequence_number"] for each in data] == list(range(len(data)))
    assert [block[0].removeprefix("event: ") for block in blocks] == [each["type"] for each in data]


def test_a_failure_is_an_error_to_its_reader() -> None:
    ask = asked()
    events = ResponseEvents(ask, script(ask), NAME)
    reader = StreamReader("responses")
    reader.feed(events.token(0) + events.failure(Refusal(500, "broken")))
    assert (reader.error, reader.terminated) == (True, False)
    assert reader.reading() != Reading()
