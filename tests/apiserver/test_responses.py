"""Warning headers."""

import re

from hypothesis import given
from hypothesis import strategies as st

from turnout.apiserver.responses import warning_header


def test_a_warning_is_quoted() -> None:
    assert warning_header('the "form" of a\\b\nis\r\n  ä') == '299 - "the \\"form\\" of a\\\\b is ?"'


@given(st.text())
def test_a_warning_is_one_header_whatever_its_text(text: str) -> None:
    header = warning_header(text)

    assert re.fullmatch(r'299 - "(?:[ !#-\[\]-~]|\\["\\])*"', header)
