"""The gateway's workers as the parent's children: started, renewed one after the other, and drained.

A worker that is to be renewed steps aside (its column of requests in flight is its successor's), and serves on until
the successor accepts on the same sockets. Only then does it accept no more, and finishes what it has. So no connection
waits, and a successor that cannot start costs nothing but a line in the log.
"""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterable
from pathlib import Path

from turnout.channels import Accepting, Decoder, Renew, StepAside, SteppedAside, Stop, encode
from turnout.channels.inflight import InflightFile
from turnout.runners.children import Child
from turnout.runners.serving import Serving

log = logging.getLogger("turnout.runners")

LEAVING_SECONDS = 3600.0
"""What a renewed worker gets to finish its streams. The system's own end does not wait for it that long."""
HEARING_SECONDS = 10.0
"""A worker that does not answer within so much hangs, and is killed."""
STARTING_SECONDS = 60.0
"""Between two complaints about a successor that does not accept."""

MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 20), "MALLOC_TRIM_THRESHOLD_": str(64 << 20)}
"""For glibc, others do not look: what reads of long bodies took is kept for the next ones, up to 64 MiB. To fetch it
from the system anew, page by page, takes longer than to read them."""


class Line:
    """What a worker says to its parent."""

    def __init__(self, control: socket.socket, renew: Callable[[], None]) -> None:
        self.accepting = asyncio.Event()
        self.aside = asyncio.Event()
        self._control = control
        self._renew = renew
        self._decoder = Decoder()
        self._loop = asyncio.get_running_loop()
        self._descriptor = control.fileno()
        self._loop.add_reader(self._descriptor, self._read)

    def say(self, message: StepAside | Stop) -> None:
        """Tells the worker, if it is there."""
        with contextlib.suppress(OSError):
            self._control.sendall(encode(message))

    def hang_up(self) -> None:
        """Listens no more."""
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            self._descriptor = -1

    def close(self) -> None:
        """Ends the line: a worker that is still there ends too."""
        self.hang_up()
        self._control.close()

    def _read(self) -> None:
        try:
            data = self._control.recv(65536, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.hang_up()
            return
        for message in self._decoder.feed(data):
            match message:
                case Accepting():
                    self.accepting.set()
                case SteppedAside():
                    self.aside.set()
                case Renew():
                    self._renew()
                case _:
                    log.error("a worker sent a %s, which is not for its parent", type(message).__name__)


class Workers:
    """`count` of them. `drain` is how many seconds open requests get when the system ends.

    `access_log` is where their requests are logged, whatever the Gateways say or not: a path, or `-`.
    """

    def __init__(
        self,
        serving: Serving,
        inflight: InflightFile,
        run: Path,
        count: int,
        drain: float,
        access_log: str | None = None,
    ) -> None:
        self._serving = serving
        self._inflight = inflight
        self._drain = drain
        self._arguments = ["--run", str(run), "--workers", str(count), "--drain-seconds", str(drain)]
        if access_log is not None:
            self._arguments += ["--access-log", access_log]
        self._lines: dict[int, Line] = {}
        self._children = [self._child(number) for number in range(count)]
        self._leaving: dict[asyncio.Task[None], Line] = {}
        self._due: list[int] = []
        self._ending = False
        self._renewing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts all."""
        for child in self._children:
            child.start()

    def renew(self, numbers: Iterable[int] | None = None) -> None:
        """Has a successor take each one's place, in turn; all by default. Who waits for that already waits once."""
        wanted = range(len(self._children)) if numbers is None else numbers
        self._due += [number for number in wanted if number not in self._due]
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew_due(), name="renewing workers")

    async def stop(self) -> None:
        """Closes the gateway's ports and drains every worker, successors and those that were leaving anyway."""
        self._ending = True
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait([self._renewing])
        self._serving.close_ports()
        for line in (*self._lines.values(), *self._leaving.values()):
            line.say(Stop())
        patience = self._drain + 5.0
        await asyncio.gather(*(child.stop(patience, lambda: None) for child in self._children))
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=patience)
        for task in list(self._leaving):
            task.cancel()
            await asyncio.wait([task])
        for line in self._lines.values():
            line.close()

    async def _renew_due(self) -> None:
        while self._due:
            number = self._due[0]
            log.info("worker-%d is renewed", number)
            await self._renew(number)
            self._due.remove(number)
        log.info("the workers are renewed")

    async def _renew(self, number: int) -> None:
        old, line = self._children[number], self._lines.get(number)
        if line is None or not await self._step_aside(line):
            log.warning("worker-%d does not answer: killed", number)
            old.signal(signal.SIGKILL)  # it is started again as any that dies
            return
        self._lines.pop(number)
        self._serving.let_go(number)
        old.retire()
        new = self._children[number] = self._child(number)
        new.start()
        try:
            while not await self._accepts(number):
                log.error("the successor of worker-%d does not accept yet: the old one serves on", number)
        finally:
            line.say(Stop(0, LEAVING_SECONDS))
            leaving = asyncio.create_task(self._leave(old, line), name=f"{old.name} leaving")
            self._leaving[leaving] = line
            leaving.add_done_callback(self._left)

    async def _step_aside(self, line: Line) -> bool:
        line.say(StepAside())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(line.aside.wait(), HEARING_SECONDS)
        return line.aside.is_set()

    async def _accepts(self, number: int) -> bool:
        """Whether the worker accepts; False after a while. It may die and start anew in the meantime."""
        loop = asyncio.get_running_loop()
        end = loop.time() + STARTING_SECONDS
        while loop.time() < end:
            line = self._lines.get(number)
            if line is not None and line.accepting.is_set():
                return True
            await asyncio.sleep(0.02)
        return False

    async def _leave(self, child: Child, line: Line) -> None:
        try:
            await child.stop(LEAVING_SECONDS + HEARING_SECONDS, lambda: None)
        except asyncio.CancelledError:
            child.signal(signal.SIGKILL)
            raise
        finally:
            line.close()

    def _left(self, task: "asyncio.Task[None]") -> None:
        self._leaving.pop(task, None)

    def _child(self, number: int) -> Child:
        def prepare() -> tuple[list[str], list[int]]:
            old = self._lines.pop(number, None)
            if old is not None:
                old.hang_up()
            theirs = self._serving.attach(number)
            line = self._lines[number] = Line(self._serving.control(number), lambda: self.renew([number]))
            if self._ending:
                line.say(Stop())
            return ["--control-fd", str(theirs)], [theirs]

        arguments = [*self._arguments, "--number", str(number)]
        name = f"worker-{number}"
        return Child(
            name,
            "worker",
            arguments,
            prepare=prepare,
            died=lambda _: self._inflight.zero(number),
            environment=MEMORY,
        )
