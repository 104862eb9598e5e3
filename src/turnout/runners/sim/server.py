"""One simulated model server: its routes, its engine on the real clock, its faults."""

import asyncio
import logging
import time
from collections.abc import Callable
from math import ceil

from turnout.runners.sim.connection import Connection, Exchange
from turnout.simulator.answers import Name, finish_reason, model_list
from turnout.simulator.audio import read_audio
from turnout.simulator.engine import Engine, Event, Job
from turnout.simulator.faults import Fate, Faults, Ill
from turnout.simulator.messages import message_error, read_messages
from turnout.simulator.metrics import CONTENT_TYPE, metrics_page
from turnout.simulator.profile import Profile
from turnout.simulator.ranking import read_rerank, read_score
from turnout.simulator.refusal import Refusal
from turnout.simulator.reply import Ask, StreamReply, jobs_of, script_of, whole_reply
from turnout.simulator.requests import Generate, Served, read_chat, read_completion, read_embedding
from turnout.simulator.responses import read_response

log = logging.getLogger("turnout.runners")

VERSION = b'{"version":"0.32.0+turnout.sim"}'

MESSAGES = "/v1/messages"

_READERS: dict[str, tuple[str, Callable[[bytes, Served], Ask | Refusal]]] = {
    "/v1/chat/completions": ("chatcmpl-", read_chat),
    "/v1/completions": ("cmpl-", read_completion),
    "/v1/responses": ("resp_", read_response),
    MESSAGES: ("msg_", read_messages),
    "/v1/embeddings": ("embd-", read_embedding),
    **dict.fromkeys(("/rerank", "/v1/rerank", "/v2/rerank"), ("rerank-", read_rerank)),
    **dict.fromkeys(("/score", "/v1/score"), ("score-", read_score)),
}
"""What an answer's id begins with, and who reads the request; forms are `_FORMS`."""
_FORMS = {"/v1/audio/transcriptions": "trsc-", "/v1/audio/translations": "trsl-"}


class _Work:
    """A request that the engine works on: as one sequence, or, for embeddings, as one per input."""

    __slots__ = ("ask", "exchange", "fate", "ids", "name", "parts", "reason", "stream")

    def __init__(self, exchange: Exchange, ask: Ask, fate: Fate, name: Name) -> None:
        self.exchange = exchange
        self.ask = ask
        self.fate = fate
        self.name = name
        self.ids: set[int] = set()
        self.parts: list[bytes] = []
        self.stream: StreamReply | None = None
        self.reason = "stop"
        if isinstance(ask, Generate):
            self.reason = finish_reason(ask, script_of(ask, fate))
            if ask.stream:
                self.stream = StreamReply(ask, fate, name)


class Server:
    """Serves one port. `dice` gives numbers uniform in [0, 1); `crashed` is called once, when `crash-after` strikes."""

    def __init__(
        self,
        port: int,
        served: Served,
        profile: Profile,
        faults: Faults,
        dice: Callable[[], float],
        crashed: Callable[[], None],
    ) -> None:
        self.port = port
        self._served = served
        self._faults = faults
        self._dice = dice
        self._crashed = crashed
        self._engine = Engine(profile.slowed(faults.slow, faults.slow_decode))
        self._loop = asyncio.get_running_loop()
        self._started_at = time.monotonic() + faults.start_after
        self._created = int(time.time())
        self._connections: set[Connection] = set()
        self._works: dict[int, _Work] = {}
        self._next_id = 0
        self._requests = 0
        self._answered = 0
        self._finished = {"stop": 0, "length": 0, "abort": 0}
        self._timer: asyncio.TimerHandle | None = None
        self._due = float("inf")
        self._dead = False

    def abort(self) -> None:
        """Breaks every connection and stops the engine's clock."""
        self._dead = True
        if self._timer is not None:
            self._timer.cancel()
        for connection in tuple(self._connections):
            connection.abort()

    def opened(self, connection: Connection) -> None:
        """A client has connected."""
        self._connections.add(connection)
        if self._dead:
            connection.abort()

    def closed(self, connection: Connection) -> None:
        """A client has gone."""
        self._connections.discard(connection)

    def request(self, exchange: Exchange) -> None:
        """Answers, or begins to."""
        if self._started_at and time.monotonic() < self._started_at:
            exchange.refuse(Refusal(503, "The server is starting."))
            return
        self._started_at = 0.0
        prefix, reader = _READERS.get(exchange.path, (_FORMS.get(exchange.path, ""), None))
        if not prefix:
            self._page(exchange)
        elif exchange.method != "POST":
            exchange.refuse(Refusal(405, "Method Not Allowed"))
        else:
            body, exchange.body = exchange.body, b""  # an image of megabytes is not kept while its answer is written
            if reader is not None:
                self._ask(exchange, reader(body, self._served), prefix)
            else:
                self._ask(exchange, read_audio(body, exchange.content_type, self._served), prefix)

    def _page(self, exchange: Exchange) -> None:
        pages: dict[str, Callable[[], tuple[bytes, str]]] = {
            "/health": lambda: (b"", "text/plain; charset=utf-8"),
            "/ping": lambda: (b"", "text/plain; charset=utf-8"),
            "/version": lambda: (VERSION, "application/json"),
            "/v1/models": lambda: (model_list(self._served, self._created), "application/json"),
            "/metrics": lambda: (self._metrics(), CONTENT_TYPE),
        }
        page = pages.get(exchange.path)
        if page is None:
            exchange.refuse(Refusal(404, "Not Found"))
        elif exchange.method not in ("GET", "HEAD"):
            exchange.refuse(Refusal(405, "Method Not Allowed"))
        else:
            exchange.answer(200, *page())

    def _metrics(self) -> bytes:
        self._pump()
        return metrics_page(self._engine, self._served.model, self._finished)

    def _ask(self, exchange: Exchange, ask: Ask | Refusal, prefix: str) -> None:
        fate = self._faults.draw(self._dice)
        if fate.ill is Ill.HANG:
            exchange.gone = self._count
            return
        if fate.ill is Ill.STATUS:
            ask = Refusal(fate.code, "This request was chosen to fail.")
        if isinstance(ask, Refusal):
            exchange.answer(ask.status, message_error(ask) if exchange.path == MESSAGES else ask.body())
            self._count()
            return
        self._requests += 1
        default = f"{self.port}-{self._requests}"
        name = Name(f"{prefix}{exchange.request_id or default}", int(time.time()), f"sim-{self.port}")
        work = _Work(exchange, ask, fate, name)
        exchange.gone = lambda: self._drop(work)
        if work.stream is not None:
            exchange.begin()
        self._submit(work)

    def _submit(self, work: _Work) -> None:
        now = time.monotonic()
        for prompt, output in jobs_of(work.ask, work.fate):
            self._next_id += 1
            self._engine.submit(now, Job(self._next_id, prompt, output))
            self._works[self._next_id] = work
            work.ids.add(self._next_id)
        self._arm(now)

    def _arm(self, now: float) -> None:
        """Sets the timer for the engine's next event, in whole milliseconds: the loop's clock has no finer ones."""
        due = self._engine.next_at()
        if due is None or self._dead or due >= self._due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = self._loop.call_later(max(0, ceil((due - now) * 1000)) / 1000, self._fire)

    def _fire(self) -> None:
        self._due = float("inf")
        self._timer = None
        self._pump()

    def _pump(self) -> None:
        """Brings the engine up to the clock and sends what it has written: one write per stream."""
        now = time.monotonic()
        touched: dict[_Work, None] = {}
        for event in self._engine.advance(now):
            work = self._works.get(event.id)
            if work is None:
                continue
            if work.stream is not None:
                touched[work] = None
                self._stream(work, work.stream, event)
            elif event.last:
                self._whole(work, event)
        for work in touched:
            if work.ids and work.parts:
                work.exchange.send(work.parts, end=False)
                work.parts = []
        self._arm(now)

    def _stream(self, work: _Work, stream: StreamReply, event: Event) -> None:
        part = stream.token(event.position)
        if part.data:
            work.parts.append(part.data)
        if not part.ended:
            return
        self._forget(work, event.id, early=not event.last)
        work.exchange.send(work.parts, end=not part.cut)
        if part.cut:
            work.exchange.cut()
        self._count(work.reason)

    def _whole(self, work: _Work, event: Event) -> None:
        self._forget(work, event.id, early=False)
        if not work.ids:
            whole = whole_reply(work.ask, work.fate, work.name)
            work.exchange.answer(whole.status, whole.body, whole.content_type, cut=whole.cut)
            self._count(work.reason)

    def _drop(self, work: _Work) -> None:
        """The client has gone: what its request holds is freed at once."""
        for each in tuple(work.ids):
            self._forget(work, each, early=True)
        self._count("abort")

    def _forget(self, work: _Work, sequence: int, *, early: bool) -> None:
        del self._works[sequence]
        work.ids.discard(sequence)
        if early:
            self._engine.cancel(sequence)

    def _count(self, reason: str = "") -> None:
        """A request has been dealt with, however it ended."""
        if reason:
            self._finished[reason] += 1
        self._answered += 1
        if self._faults.crash_after is not None and self._answered >= self._faults.crash_after and not self._dead:
            self._dead = True
            log.warning("port %d crashes after %d requests", self.port, self._answered)
            # Not in the middle of sending: the last answer is written by then.
            self._loop.call_soon(self._crashed)
