import asyncio
import logging

import pytest

from tests.support.objects import SERVERS, server
from turnout.kube.reflector import Reflector
from turnout.resources.kinds import KINDS
from turnout.runners.controller.snapshot import Snapshot
from turnout.store.memory import Memory

KIND = next(kind for kind in KINDS if kind.kind == "ModelServer")


def test_an_object_is_decoded_once_and_a_bad_one_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def check() -> None:
        store = Memory()
        await store.create(SERVERS, "default", server("good"))
        await store.create(SERVERS, "default", {**server("bad"), "spec": {"port": "no"}})
        reflector = Reflector(store, SERVERS, lambda: None)
        snapshot = Snapshot({"ModelServer": (KIND, reflector)})
        await reflector.refresh()
        with caplog.at_level(logging.WARNING, "turnout"):
            first = snapshot.read()
            await store.create(SERVERS, "default", server("more"))
            await reflector.refresh()
            second = snapshot.read()
        assert set(first.model_servers) == {"default/good"}
        assert set(second.model_servers) == {"default/good", "default/more"}
        assert second.model_servers["default/good"] is first.model_servers["default/good"]
        assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
            "ModelServer default/bad is left out"
        ]

    asyncio.run(check())
