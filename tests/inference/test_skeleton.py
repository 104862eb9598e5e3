"""Long bodies without the insides of their long strings."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.inference.skeleton import LEAST, Skeleton


def skeleton(parts: list[bytes], exact: int = 0) -> bytes:
    made = Skeleton(exact)
    for part in parts:
        made.feed(part)
    return made.text()


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


def test_the_inside_of_a_long_string_is_left_out() -> None:
    body = json.dumps({"image": "QUJD" * 100_000, "model": "m"}).encode()
    short = skeleton(cut(body, 16_384))

    assert len(short) < 3 * 16_384
    assert json.loads(short)["model"] == "m"


def test_numbers_are_kept() -> None:
    body = json.dumps({"prompt": list(range(20_000))}).encode()

    assert skeleton(cut(body, LEAST)) == body


def test_characters_beyond_ascii_are_kept_whole() -> None:
    body = json.dumps({"text": "é" * 50_000}, ensure_ascii=False).encode()

    assert skeleton(cut(body, LEAST + 1)) == body


TEXT = st.lists(st.sampled_from(["x" * 5000, "y" * 9001, '"', "\\", "\\\\", "é" * 4000, "\n", "short"]), max_size=6)


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from("abcd"), TEXT.map("".join), max_size=4), st.integers(1, 5000))
def test_it_is_the_same_document_with_shorter_strings(document: dict[str, str], size: int) -> None:
    body = json.dumps({**document, "model": "m", "n": [1, {"k": "v"}]}).encode()
    found = json.loads(skeleton(cut(body, max(size, 400) if size < 4000 else LEAST + size)))

    assert found.keys() == {*document, "model", "n"}
    assert found["n"] == [1, {"k": "v"}]
    for key, text in document.items():
        assert len(found[key]) <= len(text)
        # Only plain characters are left out; all others are there, in their order.
        plain = str.maketrans("", "", "xyshort")
        assert found[key].translate(plain) == text.translate(plain)


@settings(max_examples=150)
@given(st.lists(st.one_of(st.binary(max_size=40), st.just(b'{"a":"' + b"x" * 5000), st.just(b"\\"))))
def test_it_never_raises_and_never_grows(parts: list[bytes]) -> None:
    assert len(skeleton(parts)) <= sum(map(len, parts))


@settings(max_examples=60)
@given(st.binary(max_size=30_000), st.integers(0, 30_000), st.integers(LEAST, 9000))
def test_its_first_bytes_are_the_bodys_as_far_as_they_are_to_be_exact(body: bytes, exact: int, size: int) -> None:
    body = b'{"a":"' + b"x" * 9000 + body

    assert skeleton(cut(body, size), exact)[:exact] == body[:exact]
