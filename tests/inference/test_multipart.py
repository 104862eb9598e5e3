"""Finding the model in a form."""

import email.message
import email.policy
from email.parser import BytesParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.inference import ModelPart, boundary_of
from turnout.inference.multipart import HEAD_LIMIT, LIMIT, Form, read_form

BOUNDARY = b"xYzZY"
MODEL = b'Content-Disposition: form-data; name="model"\r\n\r\nwhisper'
FILE = b'Content-Disposition: form-data; name="file"; filename="a.mp3"\r\nContent-Type: audio/mpeg\r\n\r\n'


def form(*parts: bytes, boundary: bytes = BOUNDARY) -> bytes:
    return b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts) + b"--%b--\r\n" % boundary


def read(body: bytes, cuts: list[int] | None = None) -> ModelPart:
    reader = ModelPart(BOUNDARY)
    at = 0
    for cut in [*sorted(cuts or ()), len(body)]:
        reader.feed(body[at:cut])
        at = max(at, cut)
    return reader


def test_the_model_is_found_wherever_its_part_stands() -> None:
    for parts in ((MODEL, FILE + b"sound"), (FILE + b"sound", MODEL)):
        assert read(form(*parts)).model == "whisper"


def test_it_is_settled_as_soon_as_the_part_is_over() -> None:
    reader = ModelPart(BOUNDARY)
    start = form(MODEL, FILE)[: len(BOUNDARY) + 4 + len(MODEL)]
    reader.feed(start)
    assert not reader.settled
    reader.feed(b"\r\n--" + BOUNDARY)
    assert (reader.settled, reader.model) == (True, "whisper")


def test_a_form_without_a_model_is_settled_at_its_end() -> None:
    reader = read(form(FILE + b"sound"))
    assert (reader.settled, reader.model) == (True, "")


def test_a_preamble_and_padding_are_passed_over() -> None:
    body = b"This is a form.\r\n--%b \t\r\n%b\r\n--%b--" % (BOUNDARY, MODEL, BOUNDARY)
    assert read(body).model == "whisper"


def test_of_two_models_the_first_counts() -> None:
    assert read(form(MODEL, MODEL + b"-2")).model == "whisper"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Disposition: form-data; name=model",
        b'content-disposition:form-data;name="model";',
        b'CONTENT-DISPOSITION: Form-Data; charset=utf-8; NAME="model"',
        b'Content-Type: text/plain\r\nContent-Disposition: form-data;\r\n name="model"',
        b'Content-Disposition: form-data; name="mo\\del"',
    ],
)
def test_every_way_to_name_the_part_is_understood(head: bytes) -> None:
    assert read(form(head + b"\r\n\r\nwhisper")).model == "whisper"


@pytest.mark.parametrize(
    "head",
    [
        b'Content-Disposition: form-data; name="model"; filename="m.txt"',
        b"Content-Disposition: form-data; name=\"model\"; filename*=utf-8''m",
        b'Content-Disposition: form-data; name="model"; name="file"',
        b'Content-Disposition: form-data; name="model',
        b'Content-Disposition: attachment; name="model"',
        b'Content-Disposition: form-data; name="Model"',
        b'Content-Disposition: form-data; x="; name="model"',
        b'X-Content-Disposition: form-data; name="model"',
        b'Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="model"',
        b"",
    ],
)
def test_a_part_of_another_kind_is_not_the_model(head: bytes) -> None:
    reader = read(form(head + b"\r\n\r\nwhisper"))
    assert (reader.settled, reader.model) == (True, "")


def test_a_model_that_is_no_utf_8_is_not_known() -> None:
    assert read(form(MODEL + b"\xff")).model == ""


def test_a_model_without_text_is_empty() -> None:
    for body in (form(MODEL.removesuffix(b"whisper")), form(MODEL.removesuffix(b"\r\nwhisper"))):
        reader = read(body)
        assert (reader.settled, reader.model) == (True, "")


def test_a_boundary_that_only_begins_a_line_ends_the_search() -> None:
    reader = read(form(b"\r\n--" + BOUNDARY + b"x\r\n", MODEL))
    assert (reader.settled, reader.model) == (True, "")


def test_a_model_that_ends_within_the_limit_is_found_and_no_other() -> None:
    # Behind the file: its delimiter, the model's part, and the delimiter that ends that.
    rest = len(form(FILE, MODEL)) - len(b"--\r\n")
    for padding, expected in ((LIMIT - rest, "whisper"), (LIMIT - rest + 1, "")):
        reader = read(form(FILE + b"s" * padding, MODEL))
        assert (reader.settled, reader.model) == (True, expected)


def test_a_head_without_an_end_is_not_waited_for() -> None:
    reader = read(b"--" + BOUNDARY + b"\r\nX: " + b"x" * HEAD_LIMIT + b"\r\n")
    assert (reader.settled, reader.model) == (True, "")


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            [
                MODEL,
                FILE,
                b"--",
                b"\r\n",
                b"\r",
                b"-",
                BOUNDARY,
                b"--" + BOUNDARY,
                b"\r\n--" + BOUNDARY + b"\r\n",
                b"\r\n\r\n",
                b'"',
                b"\\",
                b";",
                b"Content-Disposition: form-data; name=model",
                b" ",
                b"s" * (HEAD_LIMIT - 3),
            ]
        )
        | st.binary(max_size=8),
        max_size=14,
    ).map(b"".join),
    st.lists(st.integers(0, 400), max_size=12),
)
def test_how_a_body_is_cut_makes_no_difference(body: bytes, cuts: list[int]) -> None:
    whole, pieces = read(body), read(body, [cut for cut in cuts if cut <= len(body)])
    bytewise = read(body[:600], list(range(600)))
    at_once = read(body[:600])
    assert (whole.settled, whole.model) == (pieces.settled, pieces.model)
    assert (at_once.settled, at_once.model) == (bytewise.settled, bytewise.model)


@settings(max_examples=100)
@given(
    st.text(min_size=1, max_size=20).filter(lambda name: "\r" not in name and "\n" not in name),
    st.binary(max_size=200).filter(lambda data: BOUNDARY not in data),
    st.integers(0, 2),
)
def test_the_library_that_reads_mail_finds_the_same_model(name: str, sound: bytes, place: int) -> None:
    parts = [FILE + sound, b'Content-Disposition: form-data; name="prompt"\r\n\r\nhello']
    parts.insert(place, MODEL.removesuffix(b"whisper") + name.encode())
    body = form(*parts)
    parsed = BytesParser(policy=email.policy.HTTP).parsebytes(
        b"Content-Type: multipart/form-data; boundary=" + BOUNDARY + b"\r\n\r\n" + body
    )
    assert read(body).model == name
    assert [_name(part) for part in parsed.iter_parts()].index("model") == place


def _name(part: "email.message.Message[str, str]") -> object:
    return part.get_param("name", header="content-disposition")


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        (b"multipart/form-data; boundary=abc", b"abc"),
        (b"Multipart/Form-Data;charset=utf-8 ; Boundary=abc", b"abc"),
        (b'multipart/form-data; boundary="a b:c"', b"a b:c"),
        (
            b"multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
            b"----WebKitFormBoundary7MA4YWxkTrZu0gW",
        ),
        (b"multipart/form-data; boundary=" + b"a" * 70, b"a" * 70),
        (b"multipart/form-data; boundary=" + b"a" * 71, b""),
        (b'multipart/form-data; boundary="ends with a space "', b""),
        (b'multipart/form-data; boundary=""', b""),
        (b"multipart/form-data; boundary=a@b", b""),
        (b"multipart/form-data; boundary=a; boundary=b", b""),
        (b"multipart/form-data; boundary", b""),
        (b"multipart/form-data", b""),
        (b"multipart/mixed; boundary=abc", b""),
        (b"application/json", b""),
        (b"", b""),
    ],
)
def test_the_boundary_is_read_from_the_content_type(content_type: bytes, boundary: bytes) -> None:
    assert boundary_of(content_type) == boundary


@given(st.binary(max_size=60))
def test_any_content_type_has_a_boundary_or_none(text: bytes) -> None:
    assert len(boundary_of(b"multipart/form-data;" + text)) <= 70


def test_a_whole_form_has_its_fields_and_files() -> None:
    found = read_form(form(MODEL, FILE + b"\r\nsound\r\n", MODEL + b"-2"), BOUNDARY)
    assert found == Form({"model": "whisper"}, {"file": b"\r\nsound\r\n"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"text",
        form(MODEL)[:-6],
        form(b"X: y\r\n\r\n"),
        form(b"whisper"),
        form(MODEL).replace(b"xYzZY\r", b"xYzZYx\r"),
    ],
)
def test_a_form_that_breaks_the_format_is_none(body: bytes) -> None:
    assert read_form(body, BOUNDARY) is None


@settings(max_examples=100)
@given(st.binary(max_size=100), st.binary(max_size=100))
def test_any_bytes_are_a_form_or_none(one: bytes, other: bytes) -> None:
    for body in (one, form(one, other), b"--" + BOUNDARY + one + b"\r\n--" + BOUNDARY + other):
        found = read_form(body, BOUNDARY)
        assert found is None or isinstance(found, Form)
