"""What is let in without credentials, and what is not."""

import pytest

from turnout.apiserver.loopback import refusal

JSON = "application/json"


def code(method: str = "GET", path: str = "/api", **headers: str) -> int | None:
    """The code of the refusal; None when the request is let in."""
    given = {"host": "127.0.0.1:8001", **{name.replace("_", "-"): value for name, value in headers.items()}}
    error = refusal(method, path, given)
    return error.code if error else None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8001", "localhost", "LocalHost:1", "[::1]", "[::1]:65535"])
def test_a_loopback_host_is_let_in(host: str) -> None:
    assert code(host=host) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8001",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example#127.0.0.1",
        "127.0.0.2",
        "0.0.0.0",
        "::1",
        "localhost:8001:1",
        "localhost\n",
        "127.0.0.1:",
    ],
)
def test_another_host_is_refused(host: str) -> None:
    assert code(host=host) == 403


def test_a_request_without_a_host_is_refused() -> None:
    error = refusal("GET", "/api", {})

    assert error is not None
    assert error.code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:8001", ""])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_any_origin_is_refused(method: str, origin: str) -> None:
    assert code(method, origin=origin, content_type=JSON) == 403


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_open(path: str) -> None:
    assert code(path=path, host="gateway.example", origin="http://gateway.example") is None
    assert code("POST", path, host="gateway.example") == 403


@pytest.mark.parametrize(
    "media",
    [
        JSON,
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/yaml",
        "application/merge-patch+json",
        "application/json-patch+json",
        "application/strategic-merge-patch+json",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_in_the_apis_own_words_is_let_in(method: str, media: str) -> None:
    assert code(method, content_type=media, content_length="2") is None


@pytest.mark.parametrize(
    "media",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain, application/json"],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_in_another_form_is_refused(method: str, media: str) -> None:
    assert code(method, content_type=media, content_length="2") == 415


def test_a_delete_without_a_body_needs_no_content_type() -> None:
    assert code("DELETE") is None
    assert code("DELETE", content_length="0") is None
    assert code("DELETE", transfer_encoding="chunked") == 415
    assert code("POST", content_length="0") == 415
