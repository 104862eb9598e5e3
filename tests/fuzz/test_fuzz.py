"""A short fuzz run; `make fuzz` is the long one."""

import gc
from collections import Counter
from collections.abc import Iterator
from random import Random, randrange

import pytest

from tests.fuzz.grammar import chunked, request, scenario
from tests.fuzz.judging import DisagreementError, judge
from tests.fuzz.long import STRIDE, batch
from tests.fuzz.reading import answer_in, requests_in
from tests.fuzz.rig import LIMITS, Rig
from tests.fuzz.scenario import Meant, Reply, Scenario
from tests.support.memory_worker import HangError
from turnout.proxy.downstream import Downstream

SEED = 1
OK = Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ok")


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.close()


def collected(rig: Rig, warm: list[Scenario], rest: list[Scenario]) -> int:
    """What the collector finds after the rest of these; what the first make once is kept."""
    for each in warm:
        rig.run(each)
    rig.run(warm[0])
    gc.collect()
    gc.disable()
    try:
        for each in rest:
            rig.run(each)
        rig.run(warm[0])
        return gc.collect()
    finally:
        gc.enable()


@pytest.mark.parametrize("first", range(0, 6000, 2000))
def test_the_same_inputs_as_ever_find_nothing(first: int) -> None:
    tally, found = batch(SEED, first, 2000)

    assert found == []
    assert tally["forwarded"] > 1000
    assert tally["status 200"] > 500
    assert tally["status 400"] > 100


def test_inputs_never_seen_before_find_nothing() -> None:
    seed = randrange(10**6)
    tally, found = batch(seed, 0, 2000)

    assert found == [], f"python -m tests.fuzz.long --replay {seed}:NUMBER"
    assert tally["inputs"] == 2000


def test_no_input_leaves_anything_to_be_collected(rig: Rig) -> None:
    warm, rest = ([scenario(Random(number)) for number in numbers] for numbers in (range(200), range(200, 1400)))

    assert collected(rig, warm, rest) == 0


def test_switched_protocols_leave_nothing_to_be_collected(rig: Rig) -> None:
    upgrade = b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    for end in ("stay", "eof", "reset"):
        switches = Reply(b"HTTP/1.1 101 \r\n" + upgrade, b"hi", end=end)
        tunnel = Scenario(b"GET / HTTP/1.1\r\nHost: x\r\n" + upgrade, (), (switches,))

        assert collected(rig, [tunnel], [tunnel, tunnel]) == 0
        assert b"".join(rig.client.written).endswith(b"\r\n\r\nhi")


def test_an_input_follows_from_its_seed() -> None:
    assert scenario(Random(3 * STRIDE)) == scenario(Random(3 * STRIDE))


def test_h11_reads_in_well_formed_requests_what_they_mean() -> None:
    for number in range(300):
        raw, meant = request(Random(number), 0)
        (read,), why = requests_in(raw)

        assert why == ""
        assert (read.method, read.target, read.body, read.whole) == (meant.method, meant.target, meant.body, True)


def test_chunks_say_the_body() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    for number in range(100):
        body = b"abc" * number

        assert requests_in(head + chunked(Random(number), body))[0][0].body == body


def test_a_request_that_a_server_gets_otherwise_is_found(rig: Rig) -> None:
    rig.run(Scenario(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", (), (OK,)))
    assert [each.body for each in judge(rig)[0]] == [b"hi"]
    rig.attempts[0].sent.append(b"!")

    with pytest.raises(DisagreementError):
        judge(rig)


def test_a_request_that_the_client_did_not_send_is_found(rig: Rig) -> None:
    rig.run(Scenario(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", (), (OK,), meant=(Meant(b"GET", b"/x", (), b""),)))

    with pytest.raises(DisagreementError):
        judge(rig)


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", b"HTTP/1.1 404 \r\nContent-Length: 2\r\n\r\nok"]
)
def test_an_answer_that_the_client_gets_otherwise_is_found(rig: Rig, said: bytes) -> None:
    rig.run(Scenario(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", (), (OK,)))
    assert judge(rig)[1] == ((200, b"ok", b""),)
    rig.attempts[0].fed[:] = [said]

    with pytest.raises(DisagreementError):
        judge(rig)


def test_a_connection_that_does_not_end_is_found(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Downstream, "sweep", lambda self, now: None)
    with pytest.raises(HangError):
        rig.run(Scenario(b"GET / HT", (), (OK,), leaves="never"))


def test_a_cut_answer_never_ends_clean(rig: Rig) -> None:
    whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    seen: Counter[bool] = Counter()
    for end in range(len(whole)):
        rig.run(Scenario(ask, (), (Reply(b"", whole[:end], end="eof", natural=False),), leaves="never"))
        judge(rig)
        answer, _, _ = answer_in(b"".join(rig.client.written), b"GET", ended=True)
        assert answer is None or not answer.whole or answer.status == 502
        seen[answer is not None and answer.status == 502] += 1

    assert len(seen) == 2


def test_the_worker_takes_no_part_for_the_last_chunk_of_a_body(rig: Rig) -> None:
    """A parser told of nothing calls that a part of the body: written as a chunk it would end the request."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    rig._begin(Scenario(b"", (), (OK,)))
    for piece in (head + b"5\r\nhe", b"", b"llo\r\n0\r\n\r\n"):
        rig.downstream.data_received(piece)
        rig.loop.run()

    (read,), _ = requests_in(b"".join(rig.attempts[0].sent))
    assert read.body == b"hello"


def test_http_1_0_gets_no_chunks_whatever_its_proxy_connection_says(rig: Rig) -> None:
    ask = b"GET / HTTP/1.0\r\nHost: x\r\nProxy-Connection: keep-alive\r\n\r\n"
    reply = Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nok\r\n0\r\n\r\n")
    rig.run(Scenario(ask, (), (reply,), leaves="never"))

    assert b"".join(rig.client.written).endswith(b"connection: close\r\n\r\nok")


def test_a_request_line_without_a_version_is_refused_whatever_its_proxy_connection_says(rig: Rig) -> None:
    rig.run(Scenario(b"GET /xHTTP/1.1\r\nHost: x\r\nProxy-Connection: keep-alive\r\n\r\n", (), (OK,)))

    assert rig.attempts == []
    assert b"".join(rig.client.written).startswith(b"HTTP/1.1 505 ")


def test_an_answer_in_chunks_as_llhttp_does_not_read_them_is_refused(rig: Rig) -> None:
    reply = Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n", b"2\r\nok\r\n0\r\n\r\n")
    rig.run(Scenario(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", (), (reply,), leaves="never"))

    assert [status for status, _, _ in judge(rig)[1]] == [502]


@pytest.mark.parametrize("together", [False, True])
def test_a_head_is_measured_the_same_however_it_comes(rig: Rig, together: bool) -> None:
    small = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    large = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * LIMITS.head + b"\r\n\r\n"
    rig.run(Scenario(small + large, () if together else (len(small),), (OK,), leaves="never"))

    assert [status for status, _, _ in judge(rig)[1]] == [200, 431]
