"""Streams: what the reader finds by byte search equals what decoding every event finds."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.inference import Dialect, Reading, StreamReader

Document = dict[str, Any]


def sse(*documents: Document | str, named: bool = False, end: bytes = b"\n") -> bytes:
    """Each document as an event; text as it is."""
    out = b""
    for each in documents:
        if named and isinstance(each, dict):
            out += b"event: %b" % each["type"].encode() + end
        data = each if isinstance(each, str) else json.dumps(each, separators=(",", ":"))
        out += b"data: " + data.encode() + end + end
    return out


def chunk(delta: Document, finish: str | None = None, **more: object) -> Document:
    """A chat completion's chunk."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "choices": [choice], **more}


def read(dialect: Dialect, *parts: bytes, keep_text: bool = False) -> Reading:
    reader = StreamReader(dialect, keep_text=keep_text)
    for part in parts:
        reader.feed(part)
    reader.end()
    return reader.reading()


ROLE = chunk({"role": "assistant", "content": ""})
USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}


# -- chat completions and completions


def test_a_chat_is_read_to_its_end() -> None:
    body = sse(ROLE, chunk({"content": "a"}), chunk({"content": ""}, "stop"), {"choices": [], "usage": USAGE}, "[DONE]")

    assert read("chat", body) == Reading(True, "stop", True, False, 5, 7)


@pytest.mark.parametrize(
    ("delta", "speaks"),
    [
        ({"role": "assistant", "content": ""}, False),
        ({"content": None}, False),
        ({"tool_calls": []}, False),
        ({"content": "a"}, True),
        ({"reasoning_content": "a"}, True),
        ({"reasoning": "a"}, True),
        ({"tool_calls": [{"index": 0, "function": {"name": "f"}}]}, True),
    ],
)
def test_content_reasoning_and_tool_calls_are_content(delta: Document, speaks: bool) -> None:
    assert read("chat", sse(chunk(delta))).content is speaks


def test_a_completion_has_text() -> None:
    body = sse({"choices": [{"text": "", "finish_reason": None}]})
    reader = StreamReader("completions")

    reader.feed(body)
    assert not reader.content
    reader.feed(body.replace(b'""', b'"a"'))
    assert reader.content


def test_content_is_known_with_the_piece_that_completes_its_event() -> None:
    body = sse(ROLE, chunk({"content": "a"}))
    reader = StreamReader("chat")

    reader.feed(body[:-1])
    assert not reader.content
    reader.feed(body[-1:])
    assert reader.content


@pytest.mark.parametrize(
    "event",
    [
        sse({"error": {"message": "out of memory", "code": 500}}),
        sse({"object": "error", "message": "out of memory"}),
        b"event: error\ndata: out of memory\n\n",
    ],
)
def test_an_error_event_is_an_error(event: bytes) -> None:
    assert read("chat", sse(ROLE, chunk({"content": "a"})), event, sse("[DONE]")).error


def test_text_about_errors_is_none() -> None:
    said = 'event: error "error": {"finish_reason":"stop"} "usage": data: [DONE]'

    assert read("chat", sse(chunk({"content": said})), sse(chunk({"content": said}))) == Reading(content=True)


def test_the_last_usage_holds() -> None:
    counted = [chunk({"content": "a"}, usage={"prompt_tokens": 3, "completion_tokens": n}) for n in (1, 2, 3)]

    assert read("chat", *(sse(each) for each in counted)).completion_tokens == 3


def test_a_usage_of_null_is_no_usage() -> None:
    assert read("chat", *[sse(chunk({"content": "a"}, usage=None))] * 3).completion_tokens is None


def test_nothing_behind_the_end_is_read() -> None:
    assert read("chat", sse("[DONE]"), sse(chunk({"content": "a"}, "stop"))) == Reading(terminated=True)


def test_an_event_without_its_blank_line_is_read_at_the_end() -> None:
    assert read("chat", b"data: [DONE]").terminated


def test_text_is_kept_where_it_is_asked_for() -> None:
    body = sse(ROLE, chunk({"content": '{"a"'}), chunk({"content": ":1}"}, "stop"))

    assert read("chat", body, keep_text=True).text == '{"a":1}'
    assert read("chat", body).text is None


def test_only_the_first_choice_is_kept() -> None:
    other = chunk({"content": "x"})
    other["choices"][0]["index"] = 1

    assert read("chat", sse(chunk({"content": "a"}), other), keep_text=True).text == "a"


def test_a_text_that_is_too_long_is_not_kept() -> None:
    piece = sse(chunk({"content": "a" * 65536}))

    assert read("chat", *[piece] * 5, keep_text=True).text is None


def test_an_event_that_is_too_long_says_so() -> None:
    reader = StreamReader("chat")

    reader.feed(b"data: " + b"x" * (1 << 21))

    assert reader.lost


# -- responses and messages


def delta(kind: str, text: str) -> Document:
    return {"type": kind, "item_id": "i", "output_index": 0, "delta": text}


def response(kind: str, **more: object) -> Document:
    return {"type": f"response.{kind}", "response": {"id": "r", "error": None, "usage": None, **more}}


TOKENS = {"input_tokens": 5, "output_tokens": 7}
RESPONSE: list[Document] = [
    response("created", status="in_progress"),
    delta("response.output_text.delta", "a"),
    delta("response.output_text.delta", "b"),
    response("completed", status="completed", usage=TOKENS),
]


def test_a_response_is_read_to_its_end() -> None:
    assert read("responses", sse(*RESPONSE, named=True)) == Reading(True, "completed", True, False, 5, 7)


def test_a_response_that_was_cut_says_why() -> None:
    end = response("incomplete", status="incomplete", incomplete_details={"reason": "max_output_tokens"})

    assert read("responses", sse(*RESPONSE[:3], end, named=True)).finish == "max_output_tokens"


def test_a_response_that_failed_is_an_error() -> None:
    end = response("failed", status="failed") | {"response": {"status": "failed", "error": {"code": "server_error"}}}

    assert read("responses", sse(*RESPONSE[:3], named=True), sse(end, named=True)).error


@pytest.mark.parametrize(
    "event",
    [
        delta("response.reasoning_text.delta", "a"),
        delta("response.refusal.delta", "no"),
        {"type": "response.output_item.added", "item": {"type": "function_call", "name": "f"}},
    ],
)
def test_a_response_speaks_by_reasoning_refusal_and_tools(event: Document) -> None:
    assert read("responses", sse(event, named=True)).content


MESSAGE: list[Document] = [
    {"type": "message_start", "message": {"usage": {"input_tokens": 5, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "b"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
    {"type": "message_stop"},
]


def test_a_message_is_read_to_its_end() -> None:
    assert read("messages", sse(*MESSAGE, named=True)) == Reading(True, "end_turn", True, False, 5, 7)


def test_a_message_without_its_stop_is_not_whole() -> None:
    assert not read("messages", sse(*MESSAGE[:-1], named=True)).whole


@pytest.mark.parametrize(
    ("event", "speaks"),
    [
        (MESSAGE[0], False),
        (MESSAGE[1], False),
        ({"type": "content_block_start", "content_block": {"type": "tool_use", "name": "f", "input": {}}}, True),
        ({"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "a"}}, True),
    ],
)
def test_a_message_speaks_by_thinking_and_tools(event: Document, speaks: bool) -> None:
    assert read("messages", sse(event, named=True)).content is speaks


def test_a_message_may_fail_in_its_middle() -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}

    assert read("messages", sse(*MESSAGE[:4], named=True), sse(error, named=True)).error


# -- any stream, cut anywhere


WORDS = st.text(max_size=6) | st.sampled_from(['"error"', '"finish_reason":"x"', "event: error", "\n\ndata: [DONE]"])
FINISHES = st.sampled_from([None, None, None, "stop", "length", "tool_calls"])
COUNTS = st.none() | st.fixed_dictionaries({"prompt_tokens": st.integers(1, 9), "completion_tokens": st.integers(0, 9)})
CHUNKS = st.builds(
    chunk, st.fixed_dictionaries({}, optional={"content": WORDS | st.none(), "reasoning": WORDS}), FINISHES
)
COUNTED = st.builds(lambda document, usage: {**document, "usage": usage}, CHUNKS, COUNTS)
FAILED = st.just({"error": {"message": "m"}})
CHATS = st.lists(CHUNKS | CHUNKS | COUNTED | FAILED, max_size=8)


def decoded(body: bytes) -> Reading:
    """The slow way: every event of a chat, by the standard library."""
    content, finish, terminated, error = False, "", False, False
    usage: Document = {}
    for block in body.replace(b"\r\n", b"\n").split(b"\n\n"):
        data = block.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            terminated = True
            break
        if not data:
            continue
        document = json.loads(data)
        if document.get("error"):
            error = True
            continue
        for choice in document["choices"]:
            content = content or bool(choice["delta"].get("content") or choice["delta"].get("reasoning"))
            finish = choice["finish_reason"] or finish
        usage = document.get("usage") or usage
    return Reading(content, finish, terminated, error, usage.get("prompt_tokens"), usage.get("completion_tokens"))


WORDED = st.builds(chunk, st.fixed_dictionaries({"content": WORDS}), FINISHES)
ENDING = st.sampled_from([sse({"error": {"message": "m"}}), sse("[DONE]"), sse({"choices": [], "usage": USAGE})])


@given(st.lists(st.lists(WORDED, min_size=1, max_size=2), max_size=12), st.lists(ENDING, max_size=2))
def test_events_worded_alike_are_not_taken_for_one_another(pieces: list[list[Document]], endings: list[bytes]) -> None:
    first = sse(chunk({"content": "a"}))
    parts = [first, first, *(sse(*each) for each in pieces), *endings]

    assert read("chat", *parts) == decoded(b"".join(parts))


@settings(max_examples=300)
@given(
    CHATS,
    st.booleans(),
    st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]),
    st.sampled_from([b"\n", b"\r\n"]),
    st.lists(st.integers(0, 5000), max_size=8),
)
def test_search_finds_what_decoding_finds_however_the_bytes_are_cut(
    chat: list[Document], done: bool, separators: tuple[str, str], end: bytes, cuts: list[int]
) -> None:
    body = b"".join(b"data: " + json.dumps(each, separators=separators).encode() + end + end for each in chat)
    body += (b"data: [DONE]" + end + end) * done
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]

    assert read("chat", *(body[a:b] for a, b in itertools.pairwise(places))) == decoded(body)


@given(
    st.sampled_from(
        [("responses", RESPONSE), ("messages", MESSAGE), ("chat", [ROLE, chunk({"content": "a"}, "stop")])]
    ),
    st.lists(st.integers(0, 5000), max_size=8),
    st.booleans(),
)
def test_any_cut_of_any_dialect_gives_one_reading(
    case: tuple[Dialect, list[Document]], cuts: list[int], keep_text: bool
) -> None:
    dialect, documents = case
    body = sse(*documents, named=dialect != "chat")
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    parts = [body[a:b] for a, b in itertools.pairwise(places)]

    assert read(dialect, *parts, keep_text=keep_text) == read(dialect, body, keep_text=keep_text)


@given(st.sampled_from(["chat", "completions", "responses", "messages"]), st.lists(st.binary(max_size=40), max_size=5))
def test_no_bytes_make_it_fail(dialect: Dialect, parts: list[bytes]) -> None:
    assert isinstance(read(dialect, *(b"data: " + part + b"\n\n" for part in parts)), Reading)
