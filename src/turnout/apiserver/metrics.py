"""`/metrics`: what the gateway beside this API counts, as a page for Prometheus."""

import asyncio
import time
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from turnout.telemetry.exposition import CONTENT_TYPE, render
from turnout.telemetry.page import families
from turnout.telemetry.snapshot import read


class Metrics:
    """The endpoint. The figures are in a file that the controller replaces whole."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    async def answer(self, _: Request) -> Response:
        """The page, empty where there is no gateway; 503 while there are no figures of one."""
        if self._file is None:
            return Response("", media_type=CONTENT_TYPE)
        try:
            page = await asyncio.to_thread(_page, self._file)
        except (OSError, ValueError):
            return PlainTextResponse("the gateway has not counted anything yet\n", 503)
        return Response(page, media_type=CONTENT_TYPE)


def _page(file: Path) -> str:
    return render(families(read(file), time.time()))
