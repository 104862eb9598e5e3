"""`HOST:PORT` on the command line."""

import click
import pytest

from turnout.cli.address import ADDRESS


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:8001", ("::1", 8001)),
    ],
)
def test_a_host_and_a_port_are_read(text: str, address: tuple[str, int]) -> None:
    assert ADDRESS.convert(text, None, None) == address


@pytest.mark.parametrize(
    "text", ["8080", ":8080", "localhost", "localhost:", "localhost:http", "localhost:65536", "a:-1"]
)
def test_anything_else_is_a_usage_error_that_names_it(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not"):
        ADDRESS.convert(text, None, None)
