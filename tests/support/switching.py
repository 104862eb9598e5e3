"""A client and a server that switch protocols."""

import asyncio
import socket
import struct

from tests.support.upstream import Conversation, Script
from tests.support.worker import Answer, Client, get

WEBSOCKET = get("/v1/realtime", "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: k")
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: WebSocket\r\nsec-websocket-accept: a\r\n\r\n"
)


async def echo(conversation: Conversation) -> None:
    """Switches, sends back what comes, and ends its half when the other one ends."""
    await conversation.request()
    await conversation.send(SWITCHED)
    while data := await conversation.reader.read(65536):
        conversation.writer.write(data)
        await conversation.writer.drain()


def switching(after: Script) -> Script:
    """Switches, and then does that."""

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.send(SWITCHED)
        await after(conversation)

    return script


async def head(opened: Client) -> Answer:
    """The 101 that the client gets."""
    raw = await opened.reader.readuntil(b"\r\n\r\n")
    line, *lines = raw[:-4].decode().split("\r\n")
    return Answer(int(line.split()[1]), dict(each.split(": ", 1) for each in lines), b"")


async def switch(opened: Client) -> Answer:
    await opened.send(WEBSOCKET)
    return await head(opened)


def break_off(writer: asyncio.StreamWriter) -> None:
    """Ends a connection with a reset."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
