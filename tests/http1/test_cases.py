"""The conformance table, against a worker's data plane over a raw socket."""

import asyncio

import pytest

from tests.http1.case import Case
from tests.http1.cases import CASES
from tests.http1.wire import probe, recorder
from tests.support.worker import gateway, run


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    async def main() -> None:
        async with recorder() as server, gateway({"a": [f"127.0.0.1:{server.port}"]}) as served:
            outcome = await probe(served.port, case, server)
            await asyncio.sleep(0)
        assert (outcome.answers, outcome.end, outcome.seen) == (case.answers, case.end, case.seen)
        read, transcript = outcome.raw.lower(), outcome.transcript.lower()
        assert [each for each in case.got if each not in read] == []
        assert [each for each in case.not_got if each in read] == []
        assert [each for each in case.has if each not in transcript] == []
        assert [each for each in case.lacks if each in transcript] == []

    run(main())


def test_there_are_at_least_150_cases_with_a_name_and_a_reason_each() -> None:
    assert len(CASES) >= 150
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.why for case in CASES)
