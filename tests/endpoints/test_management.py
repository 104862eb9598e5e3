"""Paths that command a model server, in any writing."""

from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.endpoints.engines import ENGINES
from turnout.endpoints.management import MANAGEMENT, PASSES, is_management

OPEN = [
    "/",
    "/health",
    "/version",
    "/ping",
    "/v1/models",
    "/v1/models/metrics-llm",
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/responses/metrics",
    "/v1/audio/transcriptions",
    "/generate",
    "/tokenize",
    "/sleepy",
    "/v1/sleep",
    "/v2/health/ready",
    "/v2/models/llm/infer",
    "/v2/models/llm/versions/1/generate_stream",
]
PATHS = sorted(path.replace("*", "llm") for paths in MANAGEMENT.values() for path in paths)


def test_every_engine_has_a_table() -> None:
    assert set(MANAGEMENT) == set(ENGINES)


@pytest.mark.parametrize("path", OPEN)
def test_paths_for_clients_are_open(path: str) -> None:
    assert not is_management(path)


@pytest.mark.parametrize("path", PATHS)
def test_every_path_of_the_tables_and_what_is_beneath_it_is_for_management(path: str) -> None:
    assert is_management(path)
    assert is_management(path + "/")
    assert is_management(path + "/x")


@pytest.mark.parametrize(
    "path",
    [
        "/%73leep",
        "/%2573leep",
        "/x/../sleep",
        "/x%2F..%2Fsleep",
        "/x%252f%252e%252e%252fsleep",
        "/metrics/..",
        "/metrics%2F%2E%2E",
        "//sleep",
        "/./sleep",
        "/v1//load_lora_adapter",
        "/v1%2Fload_lora_adapter",
        "/SLEEP",
        "/sleep;x=1",
        "/sleep%3Fx",
        "/sleep%23x",
        "/sleep%00.html",
        "\\sleep",
        "/%5Csleep",
    ],
)
def test_no_other_writing_gets_past(path: str) -> None:
    assert is_management(path)


def test_what_is_encoded_more_often_than_anybody_does_is_refused() -> None:
    path = "/a b"
    for _ in range(PASSES - 1):
        path = path.replace("%", "%25").replace(" ", "%20")
    assert not is_management(path)
    for _ in range(2):
        path = path.replace("%", "%25")
    assert is_management(path)


@st.composite
def disguised(draw: st.DrawFn) -> str:
    """A management path with any of its characters encoded, some more than once, and segments that mean nothing."""
    path = draw(st.sampled_from(PATHS))
    for found, put in (("/", "//"), ("/", "/./"), ("/", "/x/../")):
        if draw(st.booleans()):
            path = path.replace(found, put, draw(st.integers(1, 2)))
    if draw(st.booleans()):
        path = path.upper()
    for _ in range(draw(st.integers(0, 3))):
        chosen = draw(st.sets(st.integers(0, len(path) - 1), max_size=6))
        path = "".join(f"%{ord(each):02x}" if at in chosen else each for at, each in enumerate(path))
    return path


@settings(max_examples=300)
@given(disguised())
def test_no_encoding_of_a_management_path_gets_past(path: str) -> None:
    assert is_management(path)


@settings(max_examples=300)
@given(st.lists(st.sampled_from([*"/aslep%25.", "%2f", "%73", "sleep", "..", "metrics"]), max_size=10).map("".join))
def test_what_gets_past_is_no_management_path_when_it_is_decoded(rest: str) -> None:
    path = "/" + rest
    if not is_management(path):
        while unquote(path) != path:
            path = unquote(path)
        kept: list[str] = []
        for element in path.split("/"):
            if element == "..":
                del kept[-1:]
            elif element not in {"", "."}:
                kept.append(element)
        assert kept[:1] not in (["sleep"], ["metrics"])
