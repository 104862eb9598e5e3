"""Paths that a route puts in place of others."""

import pytest

from turnout.resources.httpfilter import HTTPPathModifier
from turnout.table import PathModifier
from turnout.translate.path_modifiers import path_faults, path_modifier


def full(path: str) -> HTTPPathModifier:
    return HTTPPathModifier("ReplaceFullPath", replace_full_path=path)


def prefix(path: str) -> HTTPPathModifier:
    return HTTPPathModifier("ReplacePrefixMatch", replace_prefix_match=path)


def faults(written: HTTPPathModifier | None, *, prefixes: bool = True) -> list[str]:
    return [one.message for one in path_faults(written, "p", prefixes=prefixes)]


def test_a_modifier_says_what_it_replaces() -> None:
    assert path_modifier(full("/a")) == PathModifier("full", "/a")
    assert path_modifier(prefix("/a")) == PathModifier("prefix", "/a")
    assert path_modifier(prefix("")) == PathModifier("prefix", "")
    assert path_modifier(None) is None


@pytest.mark.parametrize("path", ["/", "/a", "/a/b/", "/a%20b", "/v1/chat:stream", "/a//b"])
def test_absolute_paths_are_served(path: str) -> None:
    assert faults(full(path)) == []
    assert faults(prefix(path)) == []


@pytest.mark.parametrize("path", ["a", "http://b/", "/a b", "/a\r\nb", "/a\n", "/a?b=c", "/a#b", "/ä", "/%zz", "/%2"])
def test_what_is_no_path_is_refused(path: str) -> None:
    assert faults(full(path)) == ["p.replaceFullPath is no absolute path"]
    assert faults(prefix(path)) == ["p.replacePrefixMatch is no absolute path"]


@pytest.mark.parametrize("path", ["/..", "/a/../b", "/./a", "/%2e%2e/a", "/a/.%2E"])
def test_dot_segments_are_refused(path: str) -> None:
    assert faults(full(path)) == ["p.replaceFullPath has dot segments"]


def test_an_empty_prefix_takes_the_matched_one_away_and_an_empty_path_is_none() -> None:
    assert faults(prefix("")) == []
    assert faults(full("")) == ["p.replaceFullPath is no absolute path"]


def test_a_prefix_can_be_replaced_only_where_one_has_matched() -> None:
    assert faults(prefix("/a"), prefixes=False) == ["p.replacePrefixMatch needs matches of type PathPrefix"]
    assert faults(full("/a"), prefixes=False) == []
