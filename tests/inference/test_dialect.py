"""Which API a path is of."""

import pytest

from turnout.inference import Dialect, dialect_of


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/v1/chat/completions", "chat"),
        ("/team/v1/chat/completions/", "chat"),
        ("/v1/completions", "completions"),
        ("/v1/responses", "responses"),
        ("/v1/messages", "messages"),
        ("/v1/embeddings", None),
        ("/v1/messages/count_tokens", None),
        ("/", None),
    ],
)
def test_a_path_s_last_elements_say_the_dialect(path: str, dialect: Dialect | None) -> None:
    assert dialect_of(path) == dialect
