"""What a request gets under its fate."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from turnout.inference import Dialect, StreamReader, read_answer
from turnout.simulator import FINE, Fate, Ill
from turnout.simulator.answers import DONE, Name
from turnout.simulator.audio import Transcribe
from turnout.simulator.ranking import Rank
from turnout.simulator.reply import Part, StreamReply, jobs_of, script_of, whole_reply
from turnout.simulator.requests import Embed, Generate
from turnout.simulator.words import Prompt

NAME = Name("id", 1, "sim-1")
ASK = Generate(
    api="chat", model="llama", prompt=Prompt(7, 99), output=9, capped=True, stream=True, include_usage=True, json=False
)
EMBED = Embed("llama", (Prompt(2, 5),), dimensions=4, base64=False)


def stream(ask: Generate, fate: Fate) -> tuple[bytes, Part]:
    """All bytes of a stream, and its last part."""
    reply = StreamReply(ask, fate, NAME)
    data = b""
    for position in range(script_of(ask, fate).length):
        part = reply.token(position)
        data += part.data
        if part.ended:
            return data, part
    raise AssertionError("the stream has no end")


def payloads(data: bytes) -> list[str]:
    return [each.removeprefix("data: ") for each in data.decode().split("\n\n")[:-1]]


def content(data: bytes) -> str:
    found = [json.loads(each) for each in payloads(data.removesuffix(DONE))]
    return "".join(choice["delta"]["content"] for each in found for choice in each["choices"])


def is_json(text: str | bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@given(st.integers(1, 40), st.booleans())
def test_a_streams_text_is_the_whole_answers(output: int, as_json: bool) -> None:
    ask = replace(ASK, output=output, json=as_json)
    data, part = stream(ask, FINE)
    whole = json.loads(whole_reply(ask, FINE, NAME).body)
    assert content(data) == whole["choices"][0]["message"]["content"]
    assert (part.cut, data.endswith(DONE)) == (False, True)


@given(st.integers(1, 40))
def test_a_broken_stream_is_cut_in_its_middle(output: int) -> None:
    data, part = stream(replace(ASK, output=output), Fate(Ill.BROKEN))
    assert part.cut
    assert DONE not in data
    assert len(content(data).split()) == output // 2


@given(st.integers(1, 40))
def test_a_stream_error_is_an_event_before_the_terminator(output: int) -> None:
    data, part = stream(replace(ASK, output=output), Fate(Ill.STREAM_ERROR))
    *_, error, done = payloads(data)
    assert json.loads(error)["error"]["code"] == 500
    assert (done, part.cut) == ("[DONE]", False)


def test_a_stream_error_of_a_whole_answer_is_a_500() -> None:
    assert whole_reply(ASK, Fate(Ill.STREAM_ERROR), NAME).status == 500


def test_an_empty_stream_has_a_reason_but_no_content() -> None:
    data, _ = stream(ASK, Fate(Ill.EMPTY))
    assert content(data) == ""
    assert b'"finish_reason":"stop"' in data


def test_an_empty_answer_has_no_content_and_one_token() -> None:
    answer = json.loads(whole_reply(ASK, Fate(Ill.EMPTY), NAME).body)
    assert (answer["choices"][0]["message"]["content"], answer["usage"]["completion_tokens"]) == ("", 1)


def test_empty_embeddings_have_no_data() -> None:
    assert json.loads(whole_reply(EMBED, Fate(Ill.EMPTY), NAME).body)["data"] == []


@pytest.mark.parametrize("ask", [ASK, EMBED])
def test_an_invalid_answer_is_no_json(ask: Generate | Embed) -> None:
    whole = whole_reply(ask, Fate(Ill.INVALID_JSON), NAME)
    assert (whole.status, whole.cut, is_json(whole.body)) == (200, False, False)


@given(st.integers(1, 40))
def test_an_invalid_stream_has_one_event_that_is_no_json_and_goes_on_to_its_end(output: int) -> None:
    data, part = stream(replace(ASK, output=output), Fate(Ill.INVALID_JSON))
    *events, done = payloads(data)
    assert [is_json(event) for event in events].count(False) == 1
    assert (done, part.cut) == ("[DONE]", False)


@given(st.integers(1, 40))
def test_invalid_json_where_json_was_asked_for_is_content_in_a_sound_answer(output: int) -> None:
    ask = replace(ASK, json=True, output=output)
    data, _ = stream(ask, Fate(Ill.INVALID_JSON))
    whole = json.loads(whole_reply(ask, Fate(Ill.INVALID_JSON), NAME).body)
    assert not is_json(content(data))
    assert not is_json(whole["choices"][0]["message"]["content"])


def test_a_broken_whole_answer_is_cut() -> None:
    assert whole_reply(ASK, Fate(Ill.BROKEN), NAME).cut


@pytest.mark.parametrize("api", ["chat", "completions", "responses", "messages"])
def test_every_api_streams_to_its_end_and_fails_in_its_own_words(api: Dialect) -> None:
    ask = replace(ASK, api=api)
    for ill, whole, error in ((Ill.NONE, True, False), (Ill.STREAM_ERROR, False, True), (Ill.BROKEN, False, False)):
        data, last = stream(ask, Fate(ill))
        reader = StreamReader(api)
        reader.feed(data)
        reader.end()
        assert (reader.content, reader.reading().whole, reader.error, last.cut) == (
            True,
            whole,
            error,
            ill is Ill.BROKEN,
        )


@pytest.mark.parametrize("api", ["chat", "completions", "responses", "messages"])
def test_every_api_answers_in_one_piece_and_fails_in_its_own_words(api: Dialect) -> None:
    ask = replace(ASK, api=api, stream=False)
    whole = whole_reply(ask, FINE, NAME)
    assert read_answer(api, whole.body).whole
    assert read_answer(api, whole_reply(ask, Fate(Ill.STREAM_ERROR), NAME).body).error
    assert not is_json(whole_reply(ask, Fate(Ill.INVALID_JSON), NAME).body)


def test_an_engine_computes_a_sequence_for_each_text_it_reads_or_writes() -> None:
    assert jobs_of(ASK, FINE) == [(7, 9)]
    assert jobs_of(EMBED, FINE) == [(2, 1)]
    assert jobs_of(Rank("llama", (Prompt(2, 5), Prompt(3, 6))), FINE) == [(2, 1), (3, 1)]
    assert jobs_of(Transcribe("whisper", Prompt(50, 5), 20, "json", 1), FINE) == [(50, 20)]


def test_a_transcript_may_be_plain_text() -> None:
    ask = Transcribe("whisper", Prompt(50, 5), 20, "text", 1)
    assert whole_reply(ask, FINE, NAME).content_type.startswith("text/plain")
    assert whole_reply(ask, Fate(Ill.EMPTY), NAME).body == b""
