"""Paths, written one way and rewritten."""

from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.proxy.paths import PathChange, normal_path
from turnout.table import PathMatch, PathModifier

PIECES = ["/", "/", "a", "b", ".", "..", "/.", "/..", "%2e", "%2E", "%2f", "%2F", "%41", "%7e", "%25", "%3f", "%", "é"]
raw_paths = st.lists(st.sampled_from(PIECES), max_size=12).map(lambda pieces: ("/" + "".join(pieces)).encode())


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/./b/../c", "/a/c"),
        ("/a/b/..", "/a/"),
        ("/a/b/.", "/a/b/"),
        ("/../../a", "/a"),
        ("/..", "/"),
        ("/a/%2E%2e/b", "/b"),
        ("/%61%2Dz%7e", "/a-z~"),
        ("/a%2fb", "/a%2Fb"),
        ("/a%2f..%2fb", "/a%2F..%2Fb"),
        ("/%2541", "/%2541"),
        ("//a//b", "//a//b"),
        ("/a//../b", "/a/b"),
        ("/.well-known/...", "/.well-known/..."),
    ],
)
def test_a_path_has_one_way_of_being_written(raw: str, normal: str) -> None:
    assert normal_path(raw.encode()) == normal.encode()


@pytest.mark.parametrize("raw", ["/%", "/%4", "/%zz", "/a%2", "/%%41", "/%2%35"])
def test_a_percent_sign_that_encodes_nothing_is_malformed(raw: str) -> None:
    assert normal_path(raw.encode()) is None


@settings(max_examples=400)
@given(raw_paths)
def test_a_normal_path_is_its_own_normal_path_and_has_no_dot_segment(raw: bytes) -> None:
    normal = normal_path(raw)

    if normal is not None:
        assert normal.startswith(b"/")
        assert normal_path(normal) == normal
        assert not {b".", b".."} & set(normal.split(b"/"))


@settings(max_examples=300)
@given(raw_paths.filter(lambda raw: b"/." not in raw and b"%2e" not in raw.lower()))
def test_without_dots_a_normal_path_means_what_was_written(raw: bytes) -> None:
    normal = normal_path(raw)

    if normal is not None:
        assert unquote_to_bytes(normal) == unquote_to_bytes(raw)
        assert normal.count(b"/") == raw.count(b"/")


# HTTPRoute, HTTPPathModifier.replacePrefixMatch: request path, matched prefix, replacement, what the server sees.
PREFIXES = [
    ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
    ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
    ("/foo/bar", "/foo/", "/xyz", "/xyz/bar"),
    ("/foo/bar", "/foo/", "/xyz/", "/xyz/bar"),
    ("/foo", "/foo", "/xyz", "/xyz"),
    ("/foo/", "/foo", "/xyz", "/xyz/"),
    ("/foo/bar", "/foo", "", "/bar"),
    ("/foo/", "/foo", "", "/"),
    ("/foo", "/foo", "", "/"),
    ("/foo/", "/foo", "/", "/"),
    ("/foo", "/foo", "/", "/"),
    ("/foo//evil.example/x", "/foo", "/", "/evil.example/x"),
    ("/anything/x", "/", "/v1", "/v1/anything/x"),
    ("/", "/", "/v1", "/v1/"),
]


@pytest.mark.parametrize(("path", "prefix", "value", "seen"), PREFIXES)
def test_a_prefix_is_replaced_by_whole_elements(path: str, prefix: str, value: str, seen: str) -> None:
    change = PathChange(PathModifier("prefix", value), PathMatch("PathPrefix", prefix))

    assert change.apply(path.encode()) == seen.encode()
    assert change.apply(path.encode() + b"?q=/foo&x=?") == seen.encode() + b"?q=/foo&x=?"


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("/one", "/one"),
        ("", "/"),
        ("one", "/one"),
        ("/a b?c#d", "/a%20b%3Fc%23d"),
        ("/a\r\nX: y", "/a%0D%0AX:%20y"),
        ("/ü", "/%C3%BC"),
        ("/a%2Fb", "/a%2Fb"),
        ("/100%", "/100%25"),
        ("//evil.example//x", "/evil.example/x"),
        ("/a/../b", "/b"),
    ],
)
def test_a_full_path_is_replaced_by_what_is_safe_in_a_target(value: str, seen: str) -> None:
    change = PathChange(PathModifier("full", value), PathMatch("PathPrefix", "/foo"))

    assert change.apply(b"/foo/bar?q=1") == seen.encode() + b"?q=1"


def test_what_an_exact_match_matched_is_replaced_whole() -> None:
    change = PathChange(PathModifier("prefix", "/new"), PathMatch("Exact", "/old/path"))

    assert change.apply(b"/old/path?q") == b"/new?q"


@settings(max_examples=200)
@given(st.lists(st.sampled_from(["a", "b", "", "é"]), max_size=4), st.sampled_from(["", "/", "/x", "/x/", "/x/y"]))
def test_a_rewritten_path_is_normal_and_begins_with_one_slash(rest: list[str], value: str) -> None:
    change = PathChange(PathModifier("prefix", value), PathMatch("PathPrefix", "/p"))
    target = "/p" + "".join("/" + quote(each) for each in rest)

    seen = change.apply(target.encode())

    assert seen.startswith(b"/")
    assert not seen.startswith(b"//")
    assert normal_path(seen) == seen
