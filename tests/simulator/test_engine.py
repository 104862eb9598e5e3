"""The engine under virtual time."""

import math
from collections import defaultdict
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.simulator import DEFAULT, Engine, Event, Job, Profile, find_profile

H100 = find_profile(DEFAULT)

SMALL = Profile(
    name="small",
    overhead=0.25,
    step_floor=1.0,
    prefill_constant=0.5,
    prefill_token=0.125,
    prefill_attention=0.0,
    decode_sequence=0.0625,
    decode_context=0.0,
    kv_tokens=256,
    max_seqs=4,
    max_batched=16,
    max_model_len=128,
)

Arrivals = list[tuple[float, Job]]


@st.composite
def arrivals(draw: st.DrawFn) -> Arrivals:
    """Jobs with rising times of arrival, on a grid that floats hold exactly."""
    gaps = draw(st.lists(st.integers(0, 40), min_size=1, max_size=12))
    now = 0.0
    jobs: Arrivals = []
    for number, gap in enumerate(gaps):
        now += gap / 8
        jobs.append((now, Job(number, prompt=draw(st.integers(1, 60)), output=draw(st.integers(1, 30)))))
    return jobs


def run(engine: Engine, jobs: Arrivals) -> list[Event]:
    """Submits every job at its time and runs until nothing is left."""
    events: list[Event] = []
    for at, job in jobs:
        events += engine.advance(at)
        engine.submit(at, job)
    while (at_next := engine.next_at()) is not None:
        events += engine.advance(max(at_next, jobs[-1][0]))
    return events


@settings(max_examples=60)
@given(arrivals())
def test_every_sequence_writes_all_its_tokens_in_order_and_ends_with_the_last(jobs: Arrivals) -> None:
    written: defaultdict[int, list[tuple[int, bool]]] = defaultdict(list)
    for event in run(Engine(SMALL), jobs):
        written[event.id].append((event.position, event.last))
    assert written == {
        job.id: [(position, position == job.output - 1) for position in range(job.output)] for _, job in jobs
    }


@settings(max_examples=60)
@given(arrivals())
def test_events_come_in_order_of_time_and_never_before_their_request(jobs: Arrivals) -> None:
    events = run(Engine(SMALL), jobs)
    arrived = {job.id: at for at, job in jobs}
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert all(event.at >= arrived[event.id] + SMALL.overhead + SMALL.step_floor for event in events)


@settings(max_examples=60)
@given(arrivals())
def test_first_tokens_come_in_order_of_arrival(jobs: Arrivals) -> None:
    firsts = [event.id for event in run(Engine(SMALL), jobs) if event.position == 0]
    assert firsts == [job.id for _, job in jobs]


@settings(max_examples=60)
@given(arrivals(), st.lists(st.integers(0, 800), max_size=30))
def test_how_often_it_is_advanced_changes_nothing(jobs: Arrivals, glances: list[int]) -> None:
    engine = Engine(SMALL)
    events: list[Event] = []
    moments: list[tuple[float, Job | None]] = sorted(
        [*jobs, *((glance / 8, None) for glance in glances)], key=lambda moment: moment[0]
    )
    for at, job in moments:
        if job is None:
            events += engine.advance(at)
        else:
            engine.submit(at, job)
    events += engine.advance(1e6)
    assert events == run(Engine(SMALL), jobs)


@settings(max_examples=60)
@given(arrivals(), st.data())
def test_after_cancels_nothing_is_left_and_the_others_write_everything(jobs: Arrivals, data: st.DataObject) -> None:
    engine = Engine(SMALL)
    dropped = data.draw(st.dictionaries(st.sampled_from([job.id for _, job in jobs]), st.integers(0, 200)))
    for at, job in jobs:
        engine.submit(at, job)
    events: list[Event] = []
    start = jobs[-1][0]
    for sequence, delay in sorted(dropped.items(), key=lambda item: item[1]):
        events += engine.advance(start + delay / 4)
        ended = any(event.id == sequence and event.last for event in events)
        assert engine.cancel(sequence) is not ended
    late = engine.advance(1e6)
    finished = {event.id for event in events + late if event.last}
    assert finished >= {job.id for _, job in jobs} - dropped.keys()
    assert not {event.id for event in late} & dropped.keys()
    assert (engine.running, engine.waiting, engine.kv_usage, engine.next_at()) == (0, 0, 0.0, None)


@settings(max_examples=60)
@given(arrivals())
def test_what_it_holds_never_exceeds_its_limits(jobs: Arrivals) -> None:
    engine = Engine(SMALL)
    for at, job in jobs:
        engine.submit(at, job)
    while (at_next := engine.next_at()) is not None:
        engine.advance(max(at_next, jobs[-1][0]))
        assert engine.running <= SMALL.max_seqs
        assert 0 <= engine.kv_usage <= 1


def test_a_lone_request_gets_its_tokens_at_the_times_of_the_formula() -> None:
    events = run(Engine(H100), [(0.0, Job(1, prompt=1000, output=3))])
    first = 0.015 + H100.step_seconds(1000, 1000 * 500, 0, 0)
    second = first + H100.step_seconds(0, 0, 1, 1001)
    third = second + H100.step_seconds(0, 0, 1, 1002)
    assert [event.at for event in events] == pytest.approx([first, second, third])


def test_a_long_prompt_is_read_in_chunks_while_others_go_on_writing() -> None:
    engine = Engine(SMALL)
    engine.submit(0, Job(1, prompt=1, output=20))
    engine.submit(5, Job(2, prompt=45, output=1))  # 15 tokens a step: one of 16 goes to the sequence that writes
    events = engine.advance(math.inf)
    second = next(event.at for event in events if event.id == 2)
    between = [event for event in events if event.id == 1 and 5 < event.at <= second]
    step = SMALL.step_seconds(15, 0, 1, 0)
    chunks = [event for before, event in pairwise(between) if event.at - before.at == step]
    assert len(chunks) == 3


def test_more_than_max_seqs_wait_in_the_queue() -> None:
    engine = Engine(SMALL)
    for number in range(6):
        engine.submit(0, Job(number, prompt=1, output=50))
    engine.advance(2)
    assert (engine.running, engine.waiting) == (4, 2)


def test_a_request_is_neither_running_nor_waiting_while_it_is_tokenised() -> None:
    engine = Engine(SMALL)
    engine.submit(0, Job(1, prompt=1, output=1))
    engine.advance(0.2)
    assert (engine.running, engine.waiting, engine.next_at()) == (0, 0, 0.25)


def test_a_request_that_comes_during_a_step_waits_for_the_next() -> None:
    engine = Engine(SMALL)
    engine.submit(0, Job(1, prompt=1, output=5))
    engine.submit(0.5, Job(2, prompt=1, output=5))
    engine.advance(1)
    assert (engine.running, engine.waiting) == (1, 1)


def test_a_sequence_waits_until_the_cache_has_room_for_all_of_it() -> None:
    engine = Engine(SMALL)
    engine.submit(0, Job(1, prompt=100, output=100))
    engine.submit(0, Job(2, prompt=50, output=50))
    engine.advance(20)
    assert (engine.running, engine.waiting) == (1, 1)


def test_a_cancelled_sequence_makes_room_at_once() -> None:
    engine = Engine(SMALL)
    engine.submit(0, Job(1, prompt=100, output=100))
    engine.submit(0, Job(2, prompt=50, output=50))
    engine.advance(20)
    engine.cancel(1)
    assert engine.kv_usage == 0
    engine.advance(22)
    assert (engine.running, engine.waiting) == (1, 0)


def test_kv_usage_is_the_share_of_tokens_held() -> None:
    engine = Engine(SMALL)
    engine.submit(0, Job(1, prompt=10, output=5))
    at = engine.next_at()
    while at is not None and not engine.advance(at):
        at = engine.next_at()
    assert engine.kv_usage == 11 / 256


def test_counters_and_histograms_count_what_happened() -> None:
    engine = Engine(SMALL)
    run(engine, [(0.0, Job(1, prompt=10, output=5)), (0.0, Job(2, prompt=20, output=1))])
    assert (engine.prompt_tokens, engine.generation_tokens, engine.finished) == (30, 6, 2)
    assert (sum(engine.ttft.counts), sum(engine.itl.counts)) == (2, 4)


@pytest.mark.parametrize("job", [Job(1, 0, 1), Job(1, 1, 0), Job(1, 200, 57)])
def test_a_job_that_cannot_be_is_refused(job: Job) -> None:
    with pytest.raises(ValueError, match="sequence 1"):
        Engine(SMALL).submit(0, job)


def test_an_id_in_use_is_refused() -> None:
    engine = Engine(SMALL)
    engine.submit(0, Job(1, 1, 1))
    with pytest.raises(ValueError, match="already"):
        engine.submit(0, Job(1, 1, 1))


def test_time_that_goes_back_is_refused() -> None:
    engine = Engine(SMALL)
    engine.advance(2)
    with pytest.raises(ValueError, match="time went back"):
        engine.submit(1, Job(1, 1, 1))


def test_cancelling_what_is_not_there_says_so() -> None:
    assert Engine(SMALL).cancel(7) is False
