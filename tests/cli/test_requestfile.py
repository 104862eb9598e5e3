"""A request written down."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.cli.requestfile import RequestFileError, WrittenRequest, bare_host, read_request_file
from turnout.table import SplitKey

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "prompt_cache_key": "k"}


def read(document: Any, **more: Any) -> WrittenRequest:
    return read_request_file(json.dumps(document), more.pop("headers", {}), **more)


def test_a_body_alone_is_sent_where_such_bodies_go() -> None:
    request = read(CHAT)
    assert (request.method, request.url) == (b"POST", b"/v1/chat/completions")
    assert json.loads(request.body) == CHAT
    assert read({"prompt": "x"}).path == "/v1/completions"
    assert read({"input": "x"}).path == "/v1/embeddings"


def test_an_envelope_says_the_rest() -> None:
    request = read({"method": "GET", "host": "A.example:80", "path": "/x?y=1", "headers": {"X-A": "b"}, "body": CHAT})
    assert (request.method, request.host, request.url) == (b"GET", "a.example", b"/x?y=1")
    assert request.lines[:8] == [b"host", b": ", b"a.example", b"\r\n", b"x-a", b": ", b"b", b"\r\n"]


def test_what_is_given_beside_the_file_goes_first() -> None:
    request = read({"host": "a", "path": "/x", "headers": {"X-A": "b"}}, headers={"x-a": "c"}, host="d", path="/e")
    assert (request.host, request.path, request.headers) == ("d", "/e", {"x-a": "c"})


def test_a_request_is_held_by_the_first_key_that_it_has() -> None:
    keys = (SplitKey("header", "x-user"), SplitKey("clientIP"), SplitKey("prefixHash", messages=1))
    assert read(CHAT, headers={"X-User": "u"}).key(keys) == (keys[0], "u")
    found = read(CHAT).key(keys)
    assert found is not None
    assert found[0] == keys[2]
    assert read({"prompt": "x"}).key(keys) is None


def test_without_keys_the_usual_ones_count() -> None:
    assert read(CHAT, headers={"x-session-id": "s"}).key(()) == (SplitKey("header", "x-session-id"), "s")
    assert read(CHAT).key(()) == (SplitKey("bodyField", "prompt_cache_key"), "k")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"path": 1}', "path: must be text"),
        ('{"headers": 1}', "headers: "),
    ],
)
def test_what_is_no_request_is_an_error(text: str, said: str) -> None:
    with pytest.raises(RequestFileError, match=said):
        read_request_file(text, {})


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        request = read_request_file(text, {})
    except RequestFileError:
        return
    assert request.path.startswith("/")


def test_a_host_is_without_its_port() -> None:
    assert [bare_host(text) for text in ("A", "a:80", "[::1]:80", "a:b")] == ["a", "a", "[::1]", "a:b"]
