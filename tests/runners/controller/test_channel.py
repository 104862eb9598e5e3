"""A connection that does not read; the rest of the channel is in test_controller.py."""

from typing import cast
from unittest.mock import Mock

import pytest

from turnout.channels import Decoder, Hello, Message, TablePart, TableVersion, encode
from turnout.runners.controller.channel import Audience, Peer


@pytest.fixture
def peer() -> Peer:
    peer = Peer(cast("Audience", Mock()))
    transport = Mock()
    transport.is_closing.return_value = False
    peer.connection_made(transport)
    peer.data_received(encode(Hello("worker", 1, 0)))
    return peer


def written(peer: Peer) -> list[Message]:
    """What was written to the connection since the last call."""
    transport = cast("Mock", peer._transport)
    decoder = Decoder()
    messages = [each for call in transport.write.call_args_list for each in decoder.feed(call.args[0])]
    transport.write.reset_mock()
    return messages


def test_only_the_first_table_is_whole(peer: Peer) -> None:
    peer.publish(1, {"a": b"1", "b": b"1"})
    peer.publish(2, {"a": b"2", "b": b"1"})
    assert written(peer) == [
        TablePart("a", b"1"),
        TablePart("b", b"1"),
        TableVersion(1, whole=True),
        TablePart("a", b"2"),
        TableVersion(2, whole=False),
    ]


def test_a_worker_that_does_not_read_gets_what_it_missed_at_once(peer: Peer) -> None:
    peer.publish(1, {"a": b"1"})
    written(peer)
    peer.pause_writing()
    peer.publish(2, {"a": b"2", "b": b"2"})
    peer.publish(3, {"a": b"3"})
    assert written(peer) == []
    peer.resume_writing()
    assert written(peer) == [TablePart("a", b"3"), TableVersion(3, whole=False)]


def test_a_table_that_comes_back_to_what_was_sent_is_still_a_new_version(peer: Peer) -> None:
    peer.publish(1, {"a": b"1"})
    written(peer)
    peer.publish(2, {"a": b"1"})
    assert written(peer) == [TableVersion(2, whole=False)]


def test_nothing_is_sent_to_a_peer_that_is_going(peer: Peer) -> None:
    cast("Mock", peer._transport).is_closing.return_value = True
    peer.publish(1, {"a": b"1"})
    peer.send(TableVersion(1, whole=True))
    assert written(peer) == []
