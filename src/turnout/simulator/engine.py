"""A continuous-batching engine on an explicit clock: prompts in, times of tokens out.

Each step gives every decoding sequence one token and spends what is left of `max_batched` tokens on prompts, in order
of arrival (chunked prefill, decode first, as vLLM V1 schedules). Nothing here reads a clock: the same calls give the
same events, live or in a laboratory.
"""

from collections import OrderedDict
from typing import NamedTuple

from msgspec import Struct

from turnout.simulator.histogram import Histogram
from turnout.simulator.profile import Profile

TTFT_BOUNDS = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0)
ITL_BOUNDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5)


class Job(Struct, frozen=True):
    """What one sequence asks of the engine, in tokens, both at least 1. `id` is unique among those in the engine."""

    id: int
    prompt: int
    output: int


class Event(NamedTuple):
    """At `at` seconds sequence `id` has written its token number `position` (from 0); `last` ends it."""

    at: float
    id: int
    position: int
    last: bool


class _Sequence:
    __slots__ = ("gone", "job", "queued_at", "read", "submitted_at", "written")

    def __init__(self, job: Job, submitted_at: float, queued_at: float) -> None:
        self.job = job
        self.submitted_at = submitted_at
        self.queued_at = queued_at
        self.read = 0
        self.written = 0
        self.gone = False


class Engine:
    """One model server's engine. Times are seconds on the caller's clock and never go back.

    What `advance` tells does not depend on how often it is called.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.prompt_tokens = 0
        self.generation_tokens = 0
        self.finished = 0
        self.ttft = Histogram(TTFT_BOUNDS)
        self.itl = Histogram(ITL_BOUNDS)
        self._arriving: OrderedDict[int, _Sequence] = OrderedDict()
        self._waiting: OrderedDict[int, _Sequence] = OrderedDict()
        self._prefilling: dict[int, _Sequence] = {}
        self._decoding: dict[int, _Sequence] = {}
        self._known: dict[int, _Sequence] = {}
        self._reserved = 0  # prompt and output of all running sequences: none ever has to be preempted
        self._held = 0  # tokens that running sequences have in the KV cache
        self._context = 0  # of those, the decoding sequences'
        self._step: list[tuple[_Sequence, int]] = []  # what the step under way reads of prompts; 0 stands for decoding
        self._step_began = 0.0
        self._step_ends: float | None = None
        self._clock = float("-inf")

    @property
    def running(self) -> int:
        """Sequences in the batch."""
        return len(self._prefilling) + len(self._decoding)

    @property
    def waiting(self) -> int:
        """Sequences in the queue; those that are still being tokenised are not in it."""
        return len(self._waiting)

    @property
    def kv_usage(self) -> float:
        """The used share of the KV cache, 0 to 1."""
        return self._held / self.profile.kv_tokens

    def submit(self, now: float, job: Job) -> None:
        """Takes a sequence at `now`. Raises ValueError if it can never fit, its id is in use, or time goes back."""
        if job.prompt < 1 or job.output < 1:
            raise ValueError(f"sequence {job.id}: prompt and output must be at least 1 token")
        if job.prompt + job.output > self.profile.kv_tokens:
            raise ValueError(f"sequence {job.id}: {job.prompt + job.output} tokens do not fit into the KV cache")
        if job.id in self._known:
            raise ValueError(f"sequence {job.id} is in the engine already")
        self._tick(now)
        sequence = _Sequence(job, now, now + self.profile.queue_delay())
        self._known[job.id] = self._arriving[job.id] = sequence

    def cancel(self, sequence_id: int) -> bool:
        """Drops a sequence and what it holds at once; False if it is not in the engine."""
        sequence = self._known.pop(sequence_id, None)
        if sequence is None:
            return False
        sequence.gone = True
        if self._arriving.pop(sequence_id, None) or self._waiting.pop(sequence_id, None):
            return True
        self._release(sequence)
        return True

    def next_at(self) -> float | None:
        """When `advance` next has something to do; None while nothing is left to do."""
        if self._step_ends is not None:
            return self._step_ends
        if self._arriving:
            return next(iter(self._arriving.values())).queued_at
        return None

    def advance(self, now: float) -> list[Event]:
        """Everything that happens up to and at `now`, in order of time."""
        self._tick(now)
        events: list[Event] = []
        while (at := self.next_at()) is not None and at <= now:
            if self._step_ends is not None:
                self._finish_step(at, events)
            self._start_step(at)
        self._enqueue(now)
        return events

    def _tick(self, now: float) -> None:
        if now < self._clock:
            raise ValueError(f"time went back from {self._clock} to {now}")
        self._clock = now

    def _enqueue(self, now: float) -> None:
        arriving = self._arriving
        while arriving:
            sequence = next(iter(arriving.values()))
            if sequence.queued_at > now:
                break
            arriving.popitem(last=False)
            self._waiting[sequence.job.id] = sequence

    def _start_step(self, at: float) -> None:
        self._enqueue(at)
        step = self._step
        step.extend((sequence, 0) for sequence in self._decoding.values())
        budget = self.profile.max_batched - len(step)
        attention = 0.0
        prefill = 0
        sequence = next(iter(self._prefilling.values()), None)  # only the last prompt of a step is ever left in parts
        while budget > 0 and (sequence := sequence or self._admit()) is not None:
            chunk = min(budget, sequence.job.prompt - sequence.read)
            step.append((sequence, chunk))
            attention += chunk * (sequence.read + chunk / 2)
            prefill += chunk
            budget -= chunk
            sequence = None
        if step:
            self._step_began = at
            self._step_ends = at + self.profile.step_seconds(prefill, attention, len(self._decoding), self._context)

    def _admit(self) -> _Sequence | None:
        """The first in the queue becomes a running one; None if there is none or it does not fit yet."""
        if not self._waiting or self.running >= self.profile.max_seqs:
            return None
        sequence = next(iter(self._waiting.values()))
        size = sequence.job.prompt + sequence.job.output
        if self._reserved + size > self.profile.kv_tokens:
            return None
        self._waiting.popitem(last=False)
        self._prefilling[sequence.job.id] = sequence
        self._reserved += size
        return sequence

    def _finish_step(self, at: float, events: list[Event]) -> None:
        step, self._step, self._step_ends = self._step, [], None
        decoded = 0
        for sequence, chunk in step:
            if sequence.gone:
                continue
            if chunk:
                self._read(sequence, chunk, at, events)
            else:
                decoded += 1
                self._context += 1
                self._write(sequence, at, events)
        if decoded:
            self.itl.observe(at - self._step_began, decoded)

    def _read(self, sequence: _Sequence, chunk: int, at: float, events: list[Event]) -> None:
        sequence.read += chunk
        self._held += chunk
        if sequence.read < sequence.job.prompt:
            return
        del self._prefilling[sequence.job.id]
        self._decoding[sequence.job.id] = sequence
        self._context += sequence.read + 1
        self.prompt_tokens += sequence.read
        self.ttft.observe(at - sequence.submitted_at)
        self._write(sequence, at, events)

    def _write(self, sequence: _Sequence, at: float, events: list[Event]) -> None:
        """One token more; the caller has counted it into `_context`."""
        position = sequence.written
        sequence.written = position + 1
        self._held += 1
        self.generation_tokens += 1
        last = sequence.written == sequence.job.output
        if last:
            del self._known[sequence.job.id]
            self.finished += 1
            self._release(sequence)
        events.append(Event(at, sequence.job.id, position, last))

    def _release(self, sequence: _Sequence) -> None:
        """Takes a sequence that has been scheduled out of the batch."""
        held = sequence.read + sequence.written
        self._held -= held
        self._reserved -= sequence.job.prompt + sequence.job.output
        if self._decoding.pop(sequence.job.id, None) is not None:
            self._context -= held
        else:
            del self._prefilling[sequence.job.id]
