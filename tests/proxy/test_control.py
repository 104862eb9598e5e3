"""The parent's line."""

import socket

from tests.support.worker import run, until
from turnout.channels import Accepting, Decoder, Hello, Listen, StepAside, SteppedAside, Stop, encode
from turnout.proxy.control import Control


class Ward:
    """Notes what it is told, and the ports that the sockets really have."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def listen(self, port: int, listener: socket.socket) -> None:
        self.told.append((port, listener.getsockname()[1]))
        listener.close()

    def stop(self, port: int) -> None:
        self.told.append(("stop", port))

    def step_aside(self) -> None:
        self.told.append("aside")

    def drain(self, seconds: float | None = None) -> None:
        self.told.append("drain" if seconds is None else ("drain", seconds))

    def orphaned(self) -> None:
        self.told.append("orphaned")


def test_sockets_come_with_their_messages_however_many_at_once() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        ward = Ward()
        opened = [socket.create_server(("127.0.0.1", 0)) for _ in range(5)]
        ports = [each.getsockname()[1] for each in opened]
        for port, each in zip(ports, opened, strict=True):
            socket.send_fds(ours, [encode(Listen(port))], [each.fileno()])
            ours.sendall(encode(Stop(port)))
        control = Control(theirs, ward)
        await until(lambda: len(ward.told) == 10)
        assert ward.told[::2] == [(port, port) for port in ports]
        assert ward.told[1::2] == [("stop", port) for port in ports]
        control.close()
        for each in (*opened, ours):
            each.close()

    run(main())


def test_a_message_in_pieces_is_read_whole() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        ward = Ward()
        control = Control(theirs, ward)
        for byte in encode(Stop(81)) + encode(Hello("parent", 1)) + encode(Stop()):
            ours.sendall(bytes([byte]))
        await until(lambda: ward.told == [("stop", 81), "drain"])
        control.close()
        ours.close()

    run(main())


def test_the_end_of_the_line_is_the_end_of_the_parent() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        ward = Ward()
        Control(theirs, ward)
        ours.close()
        await until(lambda: ward.told == ["orphaned"])
        assert theirs.fileno() == -1

    run(main())


def test_it_steps_aside_and_says_so_when_it_has() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(5)
        ward = Ward()
        control = Control(theirs, ward)
        ours.sendall(encode(StepAside()) + encode(Stop(0, 7.5)))
        await until(lambda: ward.told == ["aside", ("drain", 7.5)])
        control.say(Accepting())
        assert list(Decoder().feed(ours.recv(4096))) == [SteppedAside(), Accepting()]
        control.close()
        control.say(Accepting())  # nobody is there
        ours.close()

    run(main())
