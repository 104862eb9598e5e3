"""The gateway's own errors."""

import json

import pytest

from turnout.proxy import answers
from turnout.proxy.answers import Fault, write_answer


@pytest.mark.parametrize(
    ("fault", "code", "reason", "type_"),
    [
        (answers.bad_request("m"), 400, "bad-request", "invalid_request_error"),
        (answers.version_not_supported("2"), 505, "bad-request", "server_error"),
        (answers.headers_too_large(1), 431, "headers-too-large", "invalid_request_error"),
        (answers.body_too_large(1), 413, "body-too-large", "invalid_request_error"),
        (answers.no_route("h", "/p"), 404, "no-route", "invalid_request_error"),
        (answers.empty_split("a/r", "0"), 500, "invalid-backend", "server_error"),
        (answers.invalid_backend("b", "gone"), 500, "invalid-backend", "server_error"),
        (answers.no_endpoints("p"), 503, "no-endpoints", "server_error"),
        (answers.upstream_connect("p", 4), 503, "upstream-connect", "server_error"),
        (answers.upstream_reset("e", "why"), 502, "upstream-reset", "server_error"),
        (answers.timed_out("e", 1.0), 504, "timeout", "server_error"),
        (answers.draining(), 503, "draining", "server_error"),
    ],
)
def test_a_fault_is_openai_shaped_json_with_its_reason_in_a_header(
    fault: Fault, code: int, reason: str, type_: str
) -> None:
    head, _, body = write_answer(fault, b"id").partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")

    assert lines[0].startswith(f"HTTP/1.1 {code} ")
    assert f"x-turnout-reason: {reason}" in lines
    assert "x-request-id: id" in lines
    assert f"content-length: {len(body)}" in lines
    error = json.loads(body)["error"]
    assert error == {"message": fault.message, "type": type_, "code": reason}
    assert error["message"]


def test_an_answer_to_head_has_the_length_and_no_body() -> None:
    whole = write_answer(answers.draining(), b"id")
    head = write_answer(answers.draining(), b"id", head_only=True)

    assert whole.startswith(head.replace(b"\r\n\r\n", b"")[:20])
    assert head.endswith(b"\r\n\r\n")
    assert b"content-length: 0" not in head


def test_the_last_answer_of_a_connection_says_so() -> None:
    assert b"connection: close\r\n" in write_answer(answers.draining(), b"id", close=True)
    assert b"connection: keep-alive\r\n" in write_answer(answers.draining(), b"id", http10=True)
    assert b"connection:" not in write_answer(answers.draining(), b"id")
