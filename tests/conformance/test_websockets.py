"""Websockets through the gateway (upstream `httproute-backend-protocol-websocket`)."""

import asyncio

import aiohttp
import pytest

from tests.support.conformance import Stage, rule, upstream

pytestmark = pytest.mark.e2e


@upstream("HTTPRouteBackendProtocolWebSocket", "HTTPRouteBackendProtocolWebSocket")
def test_a_websocket_reaches_the_backend(stage: Stage) -> None:
    gateway = stage.gateway()
    stage.served(gateway, rule("infra-v1"))

    async def main() -> list[str | bytes]:
        url = f"http://127.0.0.1:{gateway.port}/ws"
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as opened:
            await opened.send_str("over a websocket")
            text = await opened.receive_str(timeout=20)
            await opened.send_bytes(bytes(range(7)))
            return [text, await opened.receive_bytes(timeout=20)]

    assert asyncio.run(main()) == ["over a websocket", bytes(range(7))]
