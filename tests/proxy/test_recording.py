"""Records of requests that are over, out of what a worker in memory has done."""

import json

import pytest

from tests.support.memory_worker import MemoryWorker
from turnout.proxy.recording import place_of
from turnout.telemetry.record import Place

BODY = json.dumps({"model": "llama", "prompt": "hello"}).encode()
HEAD = b"POST /v1/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
USAGE = b'{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}'


def post(extra: bytes = b"") -> bytes:
    return b"%b%bcontent-length: %d\r\n\r\n%b" % (HEAD, extra, len(BODY), BODY)


def answer(status: bytes, body: bytes) -> bytes:
    kind = b"content-type: application/json\r\n"
    return b"HTTP/1.1 %b\r\n%bcontent-length: %d\r\n\r\n%b" % (status, kind, len(body), body)


def served(request: bytes, reply: bytes, *, after: float = 0.0) -> MemoryWorker:
    """A worker that has sent one request to its server and got this answer so many seconds later."""
    worker = MemoryWorker()
    worker.accept().protocol.data_received(request)
    worker.loop.run()
    worker.loop.advance(after)
    worker.servers[0].protocol.data_received(reply)
    worker.loop.run()
    return worker


def test_a_relayed_answer_has_its_status_and_no_reason() -> None:
    (record,) = served(post(), answer(b"200 OK", USAGE)).records

    assert (record.code, record.reason, record.attempts, record.endpoint) == (200, "", 1, "10.0.0.1:1")


def test_it_says_which_model_was_asked_for_and_what_the_answer_says_of_tokens() -> None:
    (record,) = served(post(), answer(b"200 OK", USAGE)).records

    assert record.model == "llama"
    assert record.usage.startswith(b'"usage":{"prompt_tokens":3')


def test_its_times_are_those_of_the_workers_clock() -> None:
    (record,) = served(post(), answer(b"200 OK", USAGE), after=2.5).records

    assert [record.duration, record.ttfb] == pytest.approx([2.5, 2.5])
    assert record.ttft is None  # no stream


def test_it_has_the_id_that_the_client_gave() -> None:
    (record,) = served(post(b"x-request-id: abc\r\n"), answer(b"200 OK", USAGE)).records

    assert record.id == b"abc"


def test_a_servers_error_is_a_status_like_others() -> None:
    (record,) = served(post(), answer(b"500 Internal Server Error", b"{}")).records

    assert (record.code, record.reason) == (500, "")


def test_a_client_that_leaves_before_the_answer_is_499() -> None:
    worker = MemoryWorker()
    client = worker.accept()
    client.protocol.data_received(post())
    worker.loop.run()
    client.gone(None)
    worker.loop.run()

    (record,) = worker.records
    assert (record.code, record.reason, record.first_byte) == (499, "client-gone", 0.0)


def test_a_request_that_nobody_watches_names_no_rollout() -> None:
    (record,) = served(post(), answer(b"200 OK", USAGE)).records

    assert (record.rollout, record.epoch, record.stratum, record.judged) == ("", -1, "", ())


def test_a_request_that_came_to_no_rule_is_placed_by_its_port_alone() -> None:
    worker = MemoryWorker()

    place = place_of(None, worker.state.view, 80)

    assert (place.route, place.pool, place.table_version) == ("", "", 1)
    assert isinstance(place, Place)
