"""Keys, and base64 of bytes."""

from hypothesis import given
from hypothesis import strategies as st

from turnout.resources.contents import decoded, encoded, key_faults


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_is_the_same_after_there_and_back(text: str) -> None:
    assert decoded(encoded(text)) == text.encode()


def test_half_a_character_is_no_reason_to_fail() -> None:
    assert decoded(encoded("a\ud800")) == b"a?"


def test_what_is_no_base64_has_no_bytes() -> None:
    assert [decoded(text) for text in ("=", "a", "\u00fc", "a b=")] == [None] * 4


def test_a_long_key_is_a_fault() -> None:
    (fault,) = key_faults("data", {"a" * 254: ""})
    assert fault.detail == "must be no more than 253 characters"
