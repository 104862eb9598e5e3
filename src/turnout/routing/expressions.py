"""Regular expressions of routes: RE2, so that a match takes time linear in its text, whoever wrote either.

Source: https://github.com/google/re2/wiki/Syntax. Look-arounds and back-references are no part of it.
"""

from collections.abc import Callable

import re2

Test = Callable[[bytes], bool]
"""Whether a value is what was asked for."""

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.never_capture = True
_OPTIONS.max_mem = 1 << 20
"""Bytes that one expression may take, its automaton included, however many routes have one and whatever they meet."""


def expression(pattern: str) -> Test:
    """A test for the values that `pattern` matches whole. Bytes that are no UTF-8 are matched by no character class.

    Raises ValueError, which says what is wrong, for a pattern that is not RE2 or that takes too much memory.
    """
    try:
        compiled = re2.compile(pattern.encode(), _OPTIONS)
    except re2.error as fault:
        raise ValueError(f"{pattern!r} is no RE2 expression: {_said(fault)}") from None
    except UnicodeEncodeError:
        raise ValueError(f"{pattern!r} is no RE2 expression: it is no valid Unicode") from None
    fullmatch = compiled.fullmatch

    def test(value: bytes) -> bool:
        return fullmatch(value) is not None

    return test


def _said(fault: Exception) -> str:
    said = fault.args[0] if fault.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
