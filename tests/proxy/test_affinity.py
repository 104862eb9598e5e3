"""Which key a request is assigned by."""

from turnout.proxy.affinity import chosen_key, usual_key
from turnout.proxy.heads import CODING, CONTENT_TYPE, HOST
from turnout.proxy.request import Request
from turnout.table import SplitKey

HEADER = SplitKey("header", "X-Tenant")
USER = SplitKey("bodyField", "user")
PREFIX = SplitKey("prefixHash", messages=1)
CLIENT = SplitKey("clientIP")


def request(body: bytes = b"", *headers: bytes) -> Request:
    made = Request(
        b"POST", b"/", [part for each in headers for part in (each, b": ", b"v", b"\r\n")], closes=False, http10=False
    )
    made.buffered, made.body, made.client = bool(body), [body] if body else [], "10.1.2.3"
    return made


def test_the_first_key_that_the_request_has_is_taken() -> None:
    asked = request(b'{"user": "anna"}', b"x-tenant")

    assert chosen_key((HEADER, USER), asked) == "v"
    assert chosen_key((USER, HEADER), asked) == "anna"


def test_a_key_that_the_request_lacks_is_passed_over() -> None:
    assert chosen_key((HEADER, USER, CLIENT), request()) == "10.1.2.3"


def test_a_conversation_is_known_by_its_beginning() -> None:
    first, next_turn = (
        request(b'{"messages": [{"role": "user", "content": "a"}%s]}' % more)
        for more in (b"", b', {"role": "assistant"}')
    )

    assert chosen_key((PREFIX,), first) == chosen_key((PREFIX,), next_turn) != ""


def test_without_named_keys_a_session_goes_before_the_cache_key() -> None:
    asked = request(b'{"prompt_cache_key": "k"}')
    assert usual_key(asked) == "k"
    asked.session = b"s"
    assert usual_key(asked) == "s"


def test_a_request_without_any_key_has_none() -> None:
    assert chosen_key((HEADER, USER, PREFIX), request(b"{}")) == ""


def test_a_form_has_its_model_as_a_field() -> None:
    form = Request(b"POST", b"/", [], closes=False, http10=False)
    form.read_head({CONTENT_TYPE: b"multipart/form-data; boundary=b", CODING: b"chunked", HOST: b"x"})
    form.body = [b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper\r\n--b--']
    assert form.ready()

    assert chosen_key((USER, SplitKey("bodyField", "model")), form) == "whisper"
