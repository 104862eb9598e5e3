"""What is written, byte by byte."""

from tests.support.memory_worker import MemoryWorker


def test_a_body_of_nothing_that_comes_in_chunks_is_passed_on_with_one_end() -> None:
    memory = MemoryWorker()
    wire = memory.client()
    wire.receive(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
    memory.settle()
    wire.receive(b"0\r\n\r\n")
    memory.settle()

    assert memory.servers[0].sent.count(b"0\r\n\r\n") == 1


def test_a_client_of_http_1_0_that_asks_to_be_kept_in_the_old_way_is_sent_no_chunks() -> None:
    memory = MemoryWorker()
    wire = memory.client()
    wire.receive(b"GET / HTTP/1.0\r\nHost: x\r\nProxy-Connection: keep-alive\r\n\r\n")
    memory.settle()
    memory.servers[0].receive(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
    memory.settle()

    assert b"transfer-encoding" not in wire.sent
    assert wire.sent.endswith(b"\r\n\r\nok")
