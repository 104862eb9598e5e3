"""Server-sent events out of pieces."""

import itertools

from hypothesis import example, given
from hypothesis import strategies as st

from turnout.inference.events import LIMIT, Event, EventSplitter, parse_event

LINES = st.sampled_from([b"data: a", b"data:b", b"event: error", b": note", b"id: 1", b"data", b""])
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


def pieces(body: bytes, cuts: list[int]) -> list[bytes]:
    """`body` cut at those places."""
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(places)]


def events(parts: list[bytes]) -> list[Event]:
    splitter = EventSplitter()
    blocks = b"".join(splitter.feed(part) for part in parts).split(b"\n\n")
    return [event for block in (*blocks, splitter.rest()) if (event := parse_event(block)) is not None]


def reference(body: bytes) -> list[Event]:
    """Line by line, as the standard words it, but for an end without a blank line, which ends the last event too."""
    found: list[Event] = []
    name, data = b"", list[bytes]()
    for line in [*body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"), b""]:
        if not line:
            if data:
                found.append(Event(name, b"\n".join(data)))
            name, data = b"", []
        elif line.startswith(b"data"):
            data.append(line[4:].removeprefix(b":").removeprefix(b" "))
        elif line.startswith(b"event:"):
            name = line[6:].removeprefix(b" ")
    return found


@given(st.lists(st.tuples(LINES, ENDS), max_size=20), st.lists(st.integers(0, 200), max_size=6))
@example([(b"data: a", b"\r\n"), (b"", b"\r\n"), (b"data: a", b"\r\n")], [8, 9, 10])
def test_however_bytes_are_cut_the_events_are_the_same(lines: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    body = b"".join(line + end for line, end in lines)

    assert events(pieces(body, cuts)) == reference(body)


def test_a_block_comes_out_with_its_last_byte() -> None:
    splitter = EventSplitter()

    assert splitter.feed(b"data: a\n") == b""
    assert not splitter.whole
    assert splitter.feed(b"\n") == b"data: a\n\n"
    assert splitter.whole


def test_an_event_that_never_ends_is_given_up() -> None:
    splitter = EventSplitter()
    piece = b"x" * 65536

    for _ in range(LIMIT // len(piece) + 1):
        assert splitter.feed(piece) == b""

    assert splitter.lost
    assert splitter.feed(b"\n\ndata: a\n\n") == b""
