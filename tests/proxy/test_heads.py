"""Which headers pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.proxy import heads


@pytest.mark.parametrize("spelled", [str.lower, str.upper, str.title, lambda name: name.swapcase().title()[::1]])
@pytest.mark.parametrize(
    "name",
    [
        "keep-alive",
        "proxy-connection",
        "proxy-authorization",
        "te",
        "trailer",
        "x-turnout-pool",
        "x-turnout-anything",
        "x-gateway-destination-endpoint",
        "x-gateway-destination-endpoint-served",
    ],
)
def test_a_request_header_of_this_hop_or_of_ours_is_dropped_in_any_spelling(name: str, spelled: object) -> None:
    assert callable(spelled)
    assert heads.request_kind(spelled(name).encode()) >= heads.DROP


@pytest.mark.parametrize("name", [b"X-Turnout-Pool", b"x-request-id", b"KEEP-ALIVE", b"Trailer"])
def test_a_response_header_that_is_ours_to_say_is_dropped(name: bytes) -> None:
    assert heads.response_kind(name) == heads.DROP


@pytest.mark.parametrize(
    "name", [b"traceparent", b"x-gateway-inference-objective", b"X-Turnoutx", b"Cookie", b"authorization"]
)
def test_any_other_request_header_passes(name: bytes) -> None:
    assert heads.request_kind(name) == heads.PASS


@given(st.sampled_from(sorted(heads.REQUEST_KINDS)), st.randoms())
def test_the_spelling_of_a_known_header_does_not_matter(name: bytes, random: object) -> None:
    low = name.lower()
    mixed = bytes(each ^ 32 if 97 <= each <= 122 and place % 3 == 0 else each for place, each in enumerate(low))

    assert heads.request_kind(mixed) == heads.REQUEST_KINDS[low]


def test_the_headers_that_connection_names_are_the_hops_own() -> None:
    assert heads.named_hops(b"close, X-Mine ,keep-alive,  upgrade,Other") == frozenset({b"x-mine", b"other"})


def test_named_lines_are_taken_out_in_any_spelling() -> None:
    lines = [b"A", b": ", b"1", b"\r\n", b"X-Mine", b": ", b"2", b"\r\n", b"B", b": ", b"3", b"\r\n"]

    assert heads.without(lines, frozenset({b"x-mine"})) == lines[:4] + lines[8:]


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        (b"Example.COM", "example.com"),
        (b"example.com:8080", "example.com"),
        (b"[::1]", "[::1]"),
        (b"[::1]:80", "[::1]"),
        (b" a.b ", "a.b"),
        (b"", ""),
    ],
)
def test_a_host_loses_its_port_and_its_capitals(authority: bytes, host: str) -> None:
    assert heads.host_name(authority) == host


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (b"application/json", True),
        (b"Application/JSON; charset=utf-8", True),
        (b"application/vnd.x+json", True),
        (b"text/plain", False),
        (b"application/jsonl", False),
        (b"multipart/form-data; boundary=application/json", False),
        (b"", False),
    ],
)
def test_json_is_told_by_its_media_type(content_type: bytes, expected: bool) -> None:
    assert heads.is_json(content_type) is expected


def test_request_ids_are_32_hexadecimal_digits_and_differ() -> None:
    made = {heads.new_request_id() for _ in range(1000)}

    assert len(made) == 1000
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in made)


def test_a_status_without_a_phrase_has_a_line_too() -> None:
    assert heads.STATUS_LINES[200] == b"HTTP/1.1 200 OK\r\n"
    assert heads.STATUS_LINES[599] == b"HTTP/1.1 599 \r\n"


@pytest.mark.parametrize(
    ("connection", "upgrade", "protocols"),
    [
        (b"Upgrade", b"websocket", (b"websocket",)),
        (b"keep-alive, upgrade", b"WebSocket", (b"WebSocket",)),
        (b"upgrade", b"h2c, websocket ,spdy/3.1", (b"websocket", b"spdy/3.1")),
        (b"upgrade, http2-settings", b"h2c", ()),
        (b"upgrade", b"H2C", ()),
        (b"upgrade", b"HTTP/2.0, TLS/1.3", ()),
        (b"upgrade", b" ,", ()),
        (b"keep-alive", b"websocket", ()),
    ],
)
def test_a_protocol_above_http_is_offered_and_http_itself_never(
    connection: bytes, upgrade: bytes, protocols: tuple[bytes, ...]
) -> None:
    assert heads.offered(connection, upgrade) == protocols


def test_no_message_bears_the_upgrade_of_another() -> None:
    assert heads.request_kind(b"UPGRADE") == heads.response_kind(b"UPGRADE") == heads.UPGRADE
    assert heads.UPGRADE > heads.DROP
