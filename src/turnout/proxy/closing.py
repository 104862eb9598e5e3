"""How a connection is ended so that its peer cannot take that for the end of an answer."""

import asyncio
import os
import socket
import struct


def reset(transport: asyncio.Transport) -> None:
    """Ends the connection at once, with a reset: what was not sent is lost, and the peer sees that."""
    # The transport's own socket object has no options; this one borrows the descriptor.
    descriptor = os.dup(transport.get_extra_info("socket").fileno())
    with socket.socket(fileno=descriptor) as borrowed:
        borrowed.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
