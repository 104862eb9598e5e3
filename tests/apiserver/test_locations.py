"""Which paths are heard."""

import pytest

from turnout.apiserver.locations import refusal


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/namespaces/default/configmaps/a.b-c", "/apis/turnout.dev/v1alpha1", "/a:b"]
)
def test_a_plain_path_is_heard(path: str) -> None:
    assert refusal(path.encode(), path) is None


def test_an_escape_of_a_plain_character_is_heard() -> None:
    assert refusal(b"/api/v1/namespaces/%64efault", "/api/v1/namespaces/default") is None


@pytest.mark.parametrize(
    ("raw", "path", "code"),
    [
        (b"/a%2fb", "/a/b", 400),
        (b"/a%2Fb", "/a/b", 400),
        (b"/a%5cb", "/a\\b", 400),
        (b"/a%", "/a%", 400),
        (b"/a%0", "/a%0", 400),
        (b"/a%00", "/a\0", 400),
        (b"/a%20b", "/a b", 400),
        (b"/%c3%a4", "/ä", 400),
        (b"/a/../b", "/a/../b", 404),
        (b"/a/%2e%2e/b", "/a/../b", 404),
        (b"/a/.", "/a/.", 404),
        (b"/" + b"a" * 5000, "/" + "a" * 5000, 400),
    ],
)
def test_a_path_that_hides_something_is_refused(raw: bytes, path: str, code: int) -> None:
    error = refusal(raw, path)

    assert error is not None
    assert error.code == code
