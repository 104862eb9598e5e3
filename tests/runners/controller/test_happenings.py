"""Events on rollouts."""

import asyncio

import pytest

from tests.support.objects import RESOURCES
from tests.support.rollout_stage import rollout
from turnout.resources.admit import admit
from turnout.resources.kinds import find_kind
from turnout.runners.controller.happenings import announce, event
from turnout.runners.controller.ledger import Notice
from turnout.store import ApiError, ApiResource
from turnout.store.memory import Memory

NOTICE = Notice("r.0001ab", "RolloutAborted", "errors", "Warning", 1.0)
ROLLOUT = {**rollout(), "metadata": {"name": "r", "namespace": "default", "uid": "u"}}


def test_an_event_is_one_that_the_api_takes() -> None:
    kind = find_kind("", "v1", "Event")
    assert kind is not None
    admission = admit(kind, event(ROLLOUT, NOTICE))
    assert (admission.faults, admission.unknown) == ((), ())


def test_an_event_told_twice_is_there_once() -> None:
    async def run() -> None:
        store = Memory()
        await announce(store, ROLLOUT, NOTICE)
        await announce(store, ROLLOUT, NOTICE)
        (found,) = (await store.list(RESOURCES["Event"])).items
        assert (found["reason"], found["type"]) == ("RolloutAborted", "Warning")

    asyncio.run(run())


@pytest.mark.parametrize(("code", "raises"), [(404, False), (422, False), (403, False), (429, True), (503, True)])
def test_it_is_tried_again_where_that_may_help(code: int, *, raises: bool) -> None:
    class Refusing(Memory):
        async def create(self, resource: ApiResource, namespace: str, document: object) -> dict[str, object]:
            raise ApiError(code, "Reason", "")

    try:
        asyncio.run(announce(Refusing(), ROLLOUT, NOTICE))
    except ApiError:
        assert raises
    else:
        assert not raises
