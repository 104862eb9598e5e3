"""After requests that go wrong, each in its way: no task is left, and the garbage collector finds nothing."""

import asyncio
import gc
import socket
from collections.abc import Awaitable, Callable

import pytest

from tests.support.upstream import Conversation, Script, answering, upstream
from tests.support.worker import Gateway, gateway, get, post, run, until

TIMES = 50
HEAD = b"HTTP/1.1 200 OK\r\n"


async def resetting(conversation: Conversation) -> None:
    await conversation.request()
    conversation.reset()
    await conversation.gone()


async def half_heading(conversation: Conversation) -> None:
    await conversation.request()
    await conversation.send(HEAD[:-4])
    conversation.reset()
    await conversation.gone()


async def short(conversation: Conversation) -> None:
    await conversation.request()
    await conversation.send(HEAD + b"content-length: 9\r\n\r\nonly")
    conversation.reset()
    await conversation.gone()


async def hanging(conversation: Conversation) -> None:
    await conversation.request()
    await conversation.gone()


async def _client(served: Gateway, sent: bytes, *, waits: bool) -> None:
    """A client without a stream, whose own leavings would be found too."""
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", served.port))
        await loop.sock_sendall(client, sent)
        if waits:
            while await loop.sock_recv(client, 65536):
                pass


def _found(repeat: Callable[[], Awaitable[None]], left: Callable[[], int]) -> Awaitable[tuple[int, int]]:
    """Tasks more than before, and objects that the collector finds, after it happened TIMES times."""

    async def main() -> tuple[int, int]:
        await repeat()
        await until(lambda: not left())
        gc.collect()
        gc.disable()
        try:
            before = len(asyncio.all_tasks())
            for _ in range(TIMES):
                await repeat()
            await until(lambda: not left() and len(asyncio.all_tasks()) <= before)
            return len(asyncio.all_tasks()) - before, gc.collect()
        finally:
            gc.enable()

    return main()


ENDS = "Connection: close"


@pytest.mark.parametrize(
    ("script", "sent", "waits"),
    [
        (answering(), get("/", ENDS), True),
        (answering(), post(b"{}", ENDS), True),
        (answering(), b"no HTTP\r\n\r\n", True),
        (answering(), b"GET / HT", False),
        (answering(), b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nhalf", False),
        (hanging, get("/", ENDS), False),
        (resetting, get("/", ENDS), True),
        (half_heading, get("/", ENDS), True),
        (short, get("/", ENDS), True),
    ],
    ids=["whole", "post", "garbage", "half-head", "half-body", "client-gone", "reset", "half-answer-head", "short"],
)
def test_no_task_is_left_and_no_garbage(script: Script, sent: bytes, waits: bool) -> None:
    async def main() -> tuple[int, int]:
        async with upstream(script) as up, gateway({"a": [up.address]}) as served:
            return await _found(
                lambda: _client(served, sent, waits=waits), lambda: len(served.state.sessions) + served.in_flight
            )

    assert run(main()) == (0, 0)
