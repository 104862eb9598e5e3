"""Ending a connection."""

import asyncio
from typing import cast

import pytest

from tests.support.worker import run
from turnout.proxy.closing import reset


def test_the_peer_sees_a_reset_and_not_an_end() -> None:
    async def main() -> None:
        accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        server = await asyncio.start_server(lambda _, writer: accepted.put_nowait(writer), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        theirs = await accepted.get()
        reset(cast("asyncio.Transport", theirs.transport))
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        server.close()

    run(main())
