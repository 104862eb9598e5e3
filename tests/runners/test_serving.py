"""Ports, the sockets behind them, and the workers that get them."""

import socket
from collections.abc import Iterator

import pytest

from turnout.channels import Decoder, Listen, Message, Stop, encode
from turnout.runners.listening import bind, close
from turnout.runners.serving import Serving


@pytest.fixture
def serving() -> Iterator[Serving]:
    made = Serving("127.0.0.1", 0, 2)
    yield made
    made.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Worker:
    """The worker's end of its control socket."""

    def __init__(self, descriptor: int) -> None:
        self.socket = socket.socket(fileno=descriptor)
        self.socket.settimeout(5)
        self._decoder = Decoder()

    def receive(self) -> tuple[list[Message], list[int]]:
        data, descriptors, _, _ = socket.recv_fds(self.socket, 65536, 16)
        return list(self._decoder.feed(data)), descriptors

    def close(self) -> None:
        self.socket.close()


def listened(worker: Worker) -> tuple[int, int]:
    """The port that the worker is told to serve, and the one that the socket beside it really has."""
    messages, descriptors = worker.receive()
    (message,) = messages
    assert isinstance(message, Listen)
    handed = socket.socket(fileno=descriptors[0])
    with handed:
        return message.port, handed.getsockname()[1]


def test_a_worker_that_attaches_gets_the_socket_of_the_main_port(serving: Serving) -> None:
    worker = Worker(serving.attach(0))

    assert listened(worker) == (serving.main, serving.main)
    worker.close()


def test_a_port_that_the_table_wants_is_handed_to_every_worker(serving: Serving) -> None:
    workers = [Worker(serving.attach(number)) for number in range(2)]
    for worker in workers:
        listened(worker)
    port = free_port()

    assert serving.want((port,)).failed == {}
    assert [listened(worker) for worker in workers] == [(port, port), (port, port)]
    for worker in workers:
        worker.close()


def test_a_port_that_is_taken_is_reported_and_the_others_are_served(serving: Serving) -> None:
    taken = bind("127.0.0.1", 0)
    port, other = taken.getsockname()[1], free_port()

    failed = serving.want((port, other)).failed

    assert failed == {port: f"127.0.0.1:{port}: address already in use"}
    with socket.create_connection(("127.0.0.1", other), timeout=5):
        pass
    close([taken])


def test_a_port_that_is_no_longer_wanted_is_stopped_and_closed(serving: Serving) -> None:
    worker = Worker(serving.attach(0))
    listened(worker)
    port = free_port()
    serving.want((port,))
    listened(worker)

    serving.want(())

    assert worker.receive()[0] == [Stop(port)]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    worker.close()


def test_connections_that_wait_survive_the_death_of_a_worker(serving: Serving) -> None:
    first = Worker(serving.attach(0))
    serving.attach(1)
    listened(first)
    clients = [socket.create_connection(("127.0.0.1", serving.main), timeout=5) for _ in range(20)]
    first.close()

    successors = [Worker(serving.attach(number)) for number in range(2)]
    accepted = 0
    for successor in successors:
        _, descriptors = successor.receive()
        with socket.socket(fileno=descriptors[0]) as listener:
            listener.settimeout(0)
            while True:
                try:
                    connection, _ = listener.accept()
                except BlockingIOError:
                    break
                accepted += 1
                connection.close()

    assert accepted == len(clients)
    close([*clients, *(each.socket for each in successors)])


def test_a_successor_attaches_beside_a_worker_that_was_let_go(serving: Serving) -> None:
    old = Worker(serving.attach(0))
    listened(old)
    control = serving.control(0)
    serving.let_go(0)

    new = Worker(serving.attach(0))

    assert listened(new) == (serving.main, serving.main)
    control.sendall(encode(Stop()))
    assert old.receive()[0] == [Stop()]
    for each in (old.socket, new.socket, control):
        each.close()


def test_once_its_ports_are_closed_it_serves_none_any_more(serving: Serving) -> None:
    main, port = serving.main, free_port()

    serving.close_ports()

    assert serving.want((port,)).failed == {}
    for each in (main, port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", each), timeout=5)
