"""The line to the controller or the scraper."""

from pathlib import Path

import pytest

from tests.support.worker import Peer, run, until
from turnout.channels import Acknowledged, EndpointStates, Hello, Message
from turnout.proxy.channel import Channel


def test_it_says_hello_hears_and_speaks_and_comes_back_when_the_peer_does(tmp_path: Path) -> None:
    async def main() -> None:
        peer = Peer(tmp_path / "s")
        hello, told, openings = Hello("worker", 1, 0), list[Message](), list[int]()
        channel = Channel(peer.path, hello, told.append, lambda: openings.append(1))
        channel.start()
        assert not channel.send(Acknowledged(1))
        for round_ in (1, 2):
            await peer.start()
            await until(lambda: channel.connected)
            assert len(openings) == round_
            assert channel.send(Acknowledged(round_))
            await until(lambda round_=round_: peer.heard[-2:] == [hello, Acknowledged(round_)])  # type: ignore[misc]
            peer.say(EndpointStates({}))
            await until(lambda round_=round_: len(told) == round_)  # type: ignore[misc]
            peer.stop()
            await until(lambda: not channel.connected)
        await channel.stop()

    run(main())


def test_what_cannot_be_read_ends_the_line_and_a_new_one_begins(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        peer = Peer(tmp_path / "s")
        await peer.start()
        channel = Channel(peer.path, Hello("worker", 1, 0), lambda _: None)
        channel.start()
        await until(lambda: peer.writers)
        peer.writers[0].write(b"\x00\x00\x00\x01\xc1")
        await until(lambda: len(peer.heard) == 2)
        await channel.stop()
        peer.stop()

    run(main())
    assert "sent what cannot be read" in caplog.text
