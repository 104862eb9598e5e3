"""The gateway's sockets."""

import socket

import pytest

from turnout.runners.listening import bind, bind_shared, close


def test_shared_sockets_listen_on_one_port() -> None:
    sockets = bind_shared("127.0.0.1", 0, 3)

    try:
        assert len({each.getsockname()[1] for each in sockets}) == 1
    finally:
        close(sockets)


def test_a_port_that_somebody_shares_with_himself_is_not_joined() -> None:
    theirs = bind_shared("127.0.0.1", 0, 1)
    port = theirs[0].getsockname()[1]

    try:
        with pytest.raises(OSError, match=f"127.0.0.1:{port}: address already in use"):
            bind_shared("127.0.0.1", port, 1)
    finally:
        close(theirs)


def test_an_address_in_use_is_named() -> None:
    taken = bind("127.0.0.1", 0)
    port = taken.getsockname()[1]

    try:
        with pytest.raises(OSError, match=f"127.0.0.1:{port}: address already in use"):
            bind("127.0.0.1", port)
    finally:
        taken.close()


def test_a_connection_waits_in_the_queue_while_nobody_accepts() -> None:
    listener = bind("127.0.0.1", 0)

    try:
        with socket.create_connection(listener.getsockname()) as client:
            client.sendall(b"waiting")
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.recv(7) == b"waiting"
    finally:
        listener.close()
