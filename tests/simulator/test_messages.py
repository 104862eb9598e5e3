"""The Messages API of a simulated server."""

import json

import pytest

from turnout.inference import StreamReader, read_answer
from turnout.simulator.answers import Name
from turnout.simulator.messages import MessageEvents, message_error, read_messages, whole_message
from turnout.simulator.refusal import Refusal
from turnout.simulator.requests import PART_TOKENS, Generate, Served
from turnout.simulator.words import Script, prompt_of

SERVED = Served("llama", ("ada",), max_model_len=1000)
NAME = Name("msg_1", 5, "sim-1")
HELLO = [{"role": "user", "content": "hello"}]


def read(**fields: object) -> Generate | Refusal:
    body = {"model": "llama", "max_tokens": 9, "messages": HELLO, **fields}
    return read_messages(json.dumps(body).encode(), SERVED)


def asked(**fields: object) -> Generate:
    ask = read(**fields)
    assert isinstance(ask, Generate), ask
    return ask


def script(ask: Generate, *, empty: bool = False) -> Script:
    return Script(ask.model, ask.prompt.seed, 1 if empty else ask.output, "empty" if empty else "text")


def test_the_prompt_is_the_system_and_the_conversation() -> None:
    assert asked().prompt == prompt_of("user\nhello")
    assert asked(system="be brief").prompt == prompt_of("be brief\nuser\nhello")
    assert asked(system=[{"type": "text", "text": "be brief"}]).prompt == asked(system="be brief").prompt
    parts = [{"type": "text", "text": "hello"}, {"type": "image", "source": {"type": "base64", "data": ""}}]
    assert asked(messages=[{"role": "user", "content": parts}]).prompt.tokens == asked().prompt.tokens + PART_TOKENS


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"model": "gpt"}, 404, "model"),
        ({"max_tokens": 0}, 400, "max_tokens"),
        ({"max_tokens": None}, 400, "max_tokens"),
        ({"max_tokens": 999}, 400, "max_tokens"),
        ({"messages": []}, 400, "messages"),
    ],
)
def test_what_cannot_be_answered_is_refused(fields: dict[str, object], status: int, param: str) -> None:
    refusal = read(**fields)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.param) == (status, param)


def test_a_message_says_how_it_ended() -> None:
    ask = asked()
    answer = json.loads(whole_message(ask, script(ask), NAME))
    assert (answer["type"], answer["role"], answer["stop_reason"]) == ("message", "assistant", "max_tokens")
    assert answer["content"] == [{"type": "text", "text": script(ask).text()}]
    assert answer["usage"] == {"input_tokens": ask.prompt.tokens, "output_tokens": 9}
    ended = json.loads(whole_message(ask, script(ask, empty=True), NAME))
    assert ended["stop_reason"] == "end_turn"


def test_a_stream_reads_like_the_whole_answer() -> None:
    for ask in (asked(stream=True), asked(max_tokens=1, stream=True)):
        events = MessageEvents(ask, script(ask), NAME)
        reader = StreamReader("messages", keep_text=True)
        reader.feed(events.token(0))
        assert reader.content
        for position in range(1, ask.output):
            reader.feed(events.token(position))
        assert not reader.terminated
        reader.feed(events.end())
        assert reader.reading() == read_answer("messages", whole_message(ask, script(ask), NAME))
        assert reader.reading().completion_tokens == ask.output


def test_errors_are_in_the_apis_own_words() -> None:
    assert json.loads(message_error(Refusal(404, "no such model"))) == {
        "type": "error",
        "error": {"type": "not_found_error", "message": "no such model"},
    }
    ask = asked()
    events = MessageEvents(ask, script(ask), NAME)
    reader = StreamReader("messages")
    reader.feed(events.token(0) + events.failure(Refusal(500, "broken")))
    assert (reader.error, reader.terminated) == (True, False)
