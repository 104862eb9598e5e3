"""A request's head, read."""

import json

import pytest

from turnout.inference import prompt_blocks
from turnout.proxy.affinity import chosen_key
from turnout.proxy.heads import CODING, CONNECTION, CONTENT_TYPE, EXPECT, HOST, LENGTH, REQUEST_ID, SESSION
from turnout.proxy.request import Request
from turnout.table import SplitKey


def read(noted: dict[int, bytes], *, url: bytes = b"/p?q", method: bytes = b"POST", http10: bool = False) -> Request:
    request = Request(method, url, [], closes=False, http10=http10)
    request.read_head({HOST: b"Example.com:80", **noted})
    return request


def test_a_json_body_is_passed_on_whole_with_its_length() -> None:
    request = read({CONTENT_TYPE: b"application/json", CODING: b"chunked"})
    request.size = 12

    assert request.buffered
    assert request.framing() == b"content-length: 12\r\n"


def test_another_body_is_passed_on_in_the_framing_that_it_came_in() -> None:
    assert read({CODING: b"Chunked "}).framing() == b"transfer-encoding: chunked\r\n"
    assert read({LENGTH: b"7"}).framing() == b"content-length: 7\r\n"
    assert read({LENGTH: b"0"}).framing() == b"content-length: 0\r\n"
    assert read({}).framing() == b""


def test_a_json_type_without_a_body_is_not_waited_for() -> None:
    assert not read({CONTENT_TYPE: b"application/json"}).buffered
    assert not read({CONTENT_TYPE: b"application/json", LENGTH: b"0"}).buffered


def test_the_path_has_no_query_and_the_host_no_port() -> None:
    request = read({})

    assert (request.path(), request.host) == ("/p", "example.com")


def test_an_id_is_kept_and_otherwise_made_and_passed_on() -> None:
    kept, made = read({REQUEST_ID: b"mine"}), read({REQUEST_ID: b""})

    assert (kept.id, kept.lines) == (b"mine", [])
    assert b"".join(made.lines) == b"x-request-id: " + made.id + b"\r\n"


def test_a_session_is_read() -> None:
    assert read({SESSION: b"s1"}).session == b"s1"


def test_headers_that_connection_names_are_taken_out() -> None:
    request = Request(b"GET", b"/", [b"X-Hop", b": ", b"1", b"\r\n"], closes=False, http10=False)
    request.read_head({HOST: b"a", REQUEST_ID: b"i", CONNECTION: b"close, x-hop"})

    assert request.lines == []


@pytest.mark.parametrize(
    ("noted", "code"),
    [
        ({CODING: b"gzip"}, 400),
        ({CODING: b"chunked, chunked"}, 400),
        ({CODING: b"identity"}, 400),
    ],
)
def test_a_body_that_cannot_be_taken_is_a_fault(noted: dict[int, bytes], code: int) -> None:
    fault = read(noted).fault

    assert fault is not None
    assert fault.code == code


def test_http_1_0_has_neither_chunks_nor_100_continue_nor_must_it_name_a_host() -> None:
    assert read({CODING: b"chunked"}, http10=True).fault is not None
    assert not read({LENGTH: b"1", EXPECT: b"100-continue"}, http10=True).expects
    assert read({LENGTH: b"1", EXPECT: b"100-Continue"}).expects
    request = Request(b"GET", b"/", [], closes=True, http10=True)
    request.read_head({})
    assert (request.fault, request.hostless) == (None, True)
    assert not read({HOST: b""}, http10=True).hostless


@pytest.mark.parametrize("url", [b"ftp://a/", b"a:80", b"*", b"http://[/", b"foo", b"http:///p", b"http://u@a/"])
def test_a_target_that_is_neither_path_nor_url_is_a_fault(url: bytes) -> None:
    fault = read({}, url=url, method=b"GET").fault

    assert fault is not None
    assert fault.code == 400


def test_a_url_gives_its_host_and_loses_it() -> None:
    request = read({}, url=b"http://Other.example:81?q=1")

    assert (request.url, request.host) == (b"/?q=1", "other.example")
    assert request.lines[:4] == [b"host", b": ", b"Other.example:81", b"\r\n"]
    assert request.fault is None


FORM = {CONTENT_TYPE: b"multipart/form-data; boundary=b", CODING: b"chunked"}


def came(request: Request, *parts: bytes) -> Request:
    request.body += parts
    request.size += sum(map(len, parts))
    return request


def test_a_form_is_ready_once_its_model_came() -> None:
    request = read(FORM)
    came(request, b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhis')
    assert not request.ready()
    came(request, b"per\r", b"\n--b\r\n")
    assert request.ready()
    assert request.fields().model == "whisper"
    assert not request.buffered


def test_a_form_is_ready_at_the_limit_and_at_its_end_without_a_model() -> None:
    long = came(read(FORM), b"--b\r\n\r\n" + b"s" * 65536)
    ended = came(read(FORM), b"--b\r\n\r\nsound")
    assert not ended.ready()
    ended.complete = True
    for request in (long, ended):
        assert request.ready()
        assert request.fields().model == ""


def test_a_json_body_is_ready_when_it_is_whole_and_any_other_at_once() -> None:
    json = came(read({CONTENT_TYPE: b"application/json", CODING: b"chunked"}), b"{}")
    assert not json.ready()
    json.complete = True
    assert json.ready()
    assert read({CODING: b"chunked"}).ready()
    assert read({CONTENT_TYPE: b"multipart/form-data", CODING: b"chunked"}).ready()
    assert read({}).ready()


def test_a_long_conversation_is_the_same_prompt_and_the_same_key_however_its_bytes_came() -> None:
    """The client's next turn repeats the images of this one: both must find what this one left behind."""
    said = [{"role": "user", "content": [{"image": "QUJD" * 200_000}, "what is it?"]}]
    body = json.dumps({"model": "m", "messages": said, "user": "U" * 20_000}).encode()
    keys = (SplitKey("prefixHash", messages=1), SplitKey("bodyField", "user"))

    def read(size: int) -> tuple[object, ...]:
        request = Request(b"POST", b"/", [], closes=False, http10=False)
        request.buffered = request.complete = True
        request.size = len(body)
        request.body = [body[at : at + size] for at in range(0, len(body), size)]
        return (tuple(prompt_blocks(request.fields())), *(chosen_key((key,), request) for key in keys))

    (found,) = {read(size) for size in (5000, 16_384, 65_536, len(body))}

    assert all(found)
