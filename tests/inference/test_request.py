"""Reading a request body."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.inference import RequestFields, read_request


def test_the_fields_of_an_object_are_read() -> None:
    body = b'{"messages":[{"role":"user"}],"model":"m","stream":true,"prompt_cache_key":"k"}'

    assert read_request(body) == RequestFields("m", "k", stream=True, messages=msgspec.Raw(b'[{"role":"user"}]'))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"{",
        b'{"prompt_cache_key":"k"} x',
        b"\xef\xbb\xbf{}",
        b'{"prompt_cache_key":"\xff"}',
        b'{"prompt_cache_key":"\\ud800"}',
        b'{"a":' + b"[" * 100_000,
    ],
)
def test_what_is_no_json_object_says_nothing(body: bytes) -> None:
    assert read_request(body) == RequestFields()


def test_a_field_of_another_type_does_not_hide_the_others() -> None:
    assert read_request(b'{"model":5,"prompt_cache_key":"k","stream":"yes"}') == RequestFields("", "k", stream=False)
    assert read_request(b'{"model":"m","prompt_cache_key":{"a":1}}') == RequestFields("m", "", stream=False)


@given(st.text(), st.text(), st.booleans(), st.dictionaries(st.text(), st.integers() | st.text() | st.none()))
def test_what_was_written_is_read(model: str, key: str, stream: bool, more: dict[str, object]) -> None:
    body = msgspec.json.encode({**more, "model": model, "prompt_cache_key": key, "stream": stream})

    assert read_request(body) == RequestFields(model, key, stream)


@given(st.binary())
def test_no_bytes_make_it_fail(body: bytes) -> None:
    assert isinstance(read_request(body), RequestFields)


@pytest.mark.parametrize(
    ("body", "wants"),
    [
        (b'{"response_format":{"type":"json_object"}}', True),
        (b'{"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}}}', True),
        (b'{"text":{"format":{"type":"json_schema","schema":{}}}}', True),
        (b'{"response_format":{"type":"text"}}', False),
        (b'{"response_format":null}', False),
        (b'{"response_format":"json_object"}', False),
        (b'{"text":"json_object"}', False),
        (b'{"text":{"verbosity":"low"}}', False),
        (b"{}", False),
    ],
)
def test_a_request_says_whether_it_wants_json(body: bytes, wants: bool) -> None:
    assert read_request(body).wants_json is wants
