"""Answers on the wire."""

import json
from base64 import b64decode
from struct import unpack

from msgspec.structs import replace

from turnout.simulator.answers import DONE, Name, TextEvents, model_list, whole_text, whole_vectors
from turnout.simulator.requests import Embed, Generate, Served
from turnout.simulator.words import Prompt, Script

NAME = Name('id-"1"', 1700000000, "sim-1")
CHAT = Generate(
    api="chat",
    model="llama",
    prompt=Prompt(7, 99),
    output=3,
    capped=True,
    stream=True,
    include_usage=False,
    json=False,
)
COMPLETION = replace(CHAT, api="completions")
SCRIPT = Script("llama", 99, 3)
EMBED = Embed("llama", (Prompt(2, 5), Prompt(3, 6)), dimensions=4, base64=False)


def documents(data: bytes) -> list[dict[str, object]]:
    """The JSON of every event but the terminator."""
    events = data.removesuffix(DONE).decode().split("\n\n")
    assert events.pop() == ""
    return [json.loads(event.removeprefix("data: ")) for event in events]


def test_a_chat_answer_has_its_text_usage_and_reason() -> None:
    answer = json.loads(whole_text(CHAT, SCRIPT, NAME))
    (choice,) = answer["choices"]
    assert choice["message"]["content"] == SCRIPT.text()
    assert choice["finish_reason"] == "length"
    assert answer["usage"] == {
        "prompt_tokens": 7,
        "completion_tokens": 3,
        "total_tokens": 10,
        "prompt_tokens_details": None,
    }
    assert (answer["id"], answer["object"], answer["model"]) == ('id-"1"', "chat.completion", "llama")


def test_a_completion_answer_has_its_text() -> None:
    answer = json.loads(whole_text(COMPLETION, SCRIPT, NAME))
    assert (answer["object"], answer["choices"][0]["text"]) == ("text_completion", SCRIPT.text())


def test_an_answer_that_ends_by_itself_has_reason_stop() -> None:
    answer = json.loads(whole_text(replace(CHAT, capped=False), SCRIPT, NAME))
    assert answer["choices"][0]["finish_reason"] == "stop"


def test_a_chat_stream_opens_with_the_role_and_closes_with_the_reason() -> None:
    events = TextEvents(CHAT, SCRIPT, NAME)
    first, *others = documents(b"".join(map(events.token, range(3))))
    choices = [document["choices"] for document in others]
    assert first["choices"] == [
        {"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": None, "finish_reason": None}
    ]
    assert choices[0] == [{"index": 0, "delta": {"content": "llama"}, "logprobs": None, "finish_reason": None}]
    assert choices[2] == [
        {
            "index": 0,
            "delta": {"content": SCRIPT.piece(2)},
            "logprobs": None,
            "finish_reason": "length",
            "stop_reason": None,
        }
    ]
    assert len(choices) == 3


def test_a_completion_stream_has_one_event_per_token() -> None:
    events = TextEvents(COMPLETION, SCRIPT, NAME)
    choices = [document["choices"] for document in documents(b"".join(map(events.token, range(3))))]
    assert [choice[0]["text"] for choice in choices] == [SCRIPT.piece(position) for position in range(3)]  # type: ignore[index]  # JSON
    assert [choice[0]["finish_reason"] for choice in choices] == [None, None, "length"]  # type: ignore[index]  # JSON


def test_all_events_of_a_stream_share_their_head() -> None:
    ask = replace(CHAT, include_usage=True)
    events = TextEvents(ask, SCRIPT, NAME)
    found = documents(b"".join(map(events.token, range(3))) + events.end())
    heads = {(each["id"], each["object"], each["created"], each["model"]) for each in found}
    assert heads == {('id-"1"', "chat.completion.chunk", 1700000000, "llama")}


def test_usage_comes_last_and_without_choices_if_it_was_asked_for() -> None:
    end = TextEvents(replace(CHAT, include_usage=True), SCRIPT, NAME).end()
    (document,) = documents(end)
    assert end.endswith(DONE)
    assert (document["choices"], document["usage"]) == (
        [],
        {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10, "prompt_tokens_details": None},
    )


def test_without_usage_a_stream_ends_in_the_terminator_alone() -> None:
    assert TextEvents(CHAT, SCRIPT, NAME).end() == b"data: [DONE]\n\n"


def test_base64_vectors_are_the_float_vectors() -> None:
    floats = json.loads(whole_vectors(EMBED, NAME))["data"]
    packed = json.loads(whole_vectors(replace(EMBED, base64=True), NAME))["data"]
    assert [list(unpack("<4f", b64decode(each["embedding"]))) for each in packed] == [
        each["embedding"] for each in floats
    ]


def test_every_input_has_its_vector_and_all_count_in_usage() -> None:
    answer = json.loads(whole_vectors(EMBED, NAME))
    assert [each["index"] for each in answer["data"]] == [0, 1]
    assert answer["usage"]["prompt_tokens"] == answer["usage"]["total_tokens"] == 5


def test_the_models_are_the_base_and_its_adapters() -> None:
    cards = json.loads(model_list(Served("llama", ("ada", "bob"), 1000), 5))["data"]
    assert [(card["id"], card["parent"], card["max_model_len"]) for card in cards] == [
        ("llama", None, 1000),
        ("ada", "llama", None),
        ("bob", "llama", None),
    ]
