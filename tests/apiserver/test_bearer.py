"""The token."""

import pytest

from turnout.apiserver.bearer import holds_token


@pytest.mark.parametrize("header", ["Bearer secret", "bearer secret", "BEARER  secret ", "Bearer secret "])
def test_the_token_is_held(header: str) -> None:
    assert holds_token(header, "secret")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "secret",
        "Bearer",
        "Bearer ",
        "Bearer secre",
        "Bearer secrets",
        "Basic secret",
        "Bearer s\xe9cret",
        "Bearer SECRET",
    ],
)
def test_anything_else_is_not_it(header: str) -> None:
    assert not holds_token(header, "secret")
