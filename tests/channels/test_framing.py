"""Messages on a stream."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.channels import (
    Accepting,
    Acknowledged,
    ArmCount,
    ArmLoad,
    Assigned,
    Bound,
    Count,
    Decoder,
    EndpointStates,
    Hello,
    KeyLoad,
    Listen,
    Member,
    Membership,
    Message,
    Miss,
    Ports,
    Programmed,
    Renew,
    Report,
    StepAside,
    SteppedAside,
    Stop,
    TablePart,
    TableVersion,
    Times,
    encode,
)
from turnout.channels.framing import LIMIT
from turnout.endpoints import Endpoint

TYPES = (
    Hello,
    TablePart,
    TableVersion,
    Acknowledged,
    Report,
    Membership,
    EndpointStates,
    Ports,
    Bound,
    Programmed,
    Listen,
    Stop,
    StepAside,
    SteppedAside,
    Accepting,
    Renew,
)
EXAMPLES: tuple[Message, ...] = (
    Hello("worker", 4711, 2),
    TablePart("route/ns/a", b"\x00\xff"),
    TablePart("route/ns/a"),
    TableVersion(7, whole=True),
    Acknowledged(7),
    Report(1, (Count("ns/r", "0", "ns/p", 200, "", 12),), 3, 7),
    Report(
        2,
        (),
        0,
        7,
        (ArmCount("ns/r", 3, "stable", "ttft", "<1k", 9, 1, "u"),),
        (Miss("ns/r", 3, "candidate", "ttft", "<1k", 7, 0.1, 1.5, "u"),),
        1,
        (Assigned("ns/r", 3, keyed=True, share=0.1, stable=9, candidate=1, uid="u"),),
        (ArmLoad("ns/r", 3, "stable", 9, 0, "u"),),
        (KeyLoad("ns/r", 3, "k", 5, "u"),),
        (Times("ns/r", 3, "stable", "tpot", "", (0.5,), "u"),),
    ),
    Membership({"ns/p": (Member("ns/m", "10.0.0.1:8000", "sglang"),), "ns/q": ()}),
    EndpointStates({"ns/p": (Endpoint("ns/m", "10.0.0.1:8000", 3, True, 1.5, None, 2.0, 0.25),)}),
    Ports((8080, 8443)),
    Bound({80: "permission denied"}),
    Programmed(7, 1234, (0, 1)),
    Listen(8080),
    Stop(),
    Stop(0, 3600.0),
    StepAside(),
    SteppedAside(),
    Accepting(),
    Renew(),
)
MESSAGES = st.one_of(
    st.sampled_from(EXAMPLES),
    st.builds(TablePart, st.text(max_size=5), st.binary(max_size=300)),
    st.builds(Bound, st.dictionaries(st.integers(1, 65535), st.text(max_size=20), max_size=3)),
)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda each: type(each).__name__)
def test_a_message_arrives_as_it_was(message: Message) -> None:
    assert list(Decoder().feed(encode(message))) == [message]


def test_every_kind_of_message_has_an_example_here() -> None:
    assert {type(each) for each in EXAMPLES} == set(TYPES) == set(Message.__args__)


@given(messages=st.lists(MESSAGES, max_size=6), cuts=st.lists(st.integers(0, 3000), max_size=12))
@settings(max_examples=100)
def test_where_the_stream_is_cut_does_not_matter(messages: list[Message], cuts: list[int]) -> None:
    stream = b"".join(map(encode, messages))
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    decoder = Decoder()
    found = [each for start, end in pairwise(places) for each in decoder.feed(stream[start:end])]
    assert found == messages


@given(message=MESSAGES)
def test_a_stream_byte_by_byte_gives_each_message_once_at_its_last_byte(message: Message) -> None:
    decoder, stream = Decoder(), encode(message)
    counts = [len(list(decoder.feed(stream[at : at + 1]))) for at in range(len(stream))]
    assert counts == [0] * (len(stream) - 1) + [1]


def test_a_reader_that_stops_in_between_gets_the_rest_the_next_time() -> None:
    decoder = Decoder()
    for message in decoder.feed(encode(Listen(1)) + encode(Listen(2)) + encode(Listen(3))):
        assert message == Listen(1)
        break
    assert list(decoder.feed(b"")) == [Listen(2), Listen(3)]


def test_a_frame_that_is_too_long_is_refused_before_it_has_come() -> None:
    with pytest.raises(ValueError, match="over the limit"):
        list(Decoder().feed((LIMIT + 1).to_bytes(4, "big")))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"\x80",
        b"\x81\xa4type\xa5never",
        b"\x82\xa4type\xa6listen\xa4port\xa2no",
        encode(Stop())[4:] + b"\x00",
    ],
    ids=["nothing", "no msgpack", "no type", "unknown type", "wrong field", "too much"],
)
def test_a_frame_that_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        list(Decoder().feed(len(body).to_bytes(4, "big") + body))


def test_a_message_that_is_nested_too_deeply_is_refused() -> None:
    body = b"\x82\xa4type\xa4stop\xa1x" + b"\x91" * 100_000 + b"\x01"
    with pytest.raises(ValueError, match="nested too deeply"):
        list(Decoder().feed(len(body).to_bytes(4, "big") + body))


@given(stream=st.binary(max_size=200))
def test_noise_gives_messages_or_a_value_error(stream: bytes) -> None:
    try:
        found = list(Decoder().feed(stream))
    except ValueError:
        return
    assert all(isinstance(each, TYPES) for each in found)
