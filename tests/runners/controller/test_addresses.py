import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.support.peers import until
from turnout.runners.controller import addresses as module
from turnout.runners.controller.addresses import Addresses

Answers = dict[str, list[str]]


def follow(
    answers: Answers, monkeypatch: pytest.MonkeyPatch, scenario: Callable[[Addresses, list[int]], Awaitable[None]]
) -> None:
    """Runs a scenario with a resolver that knows `answers`; the list gets an entry for every change that was told."""
    monkeypatch.setattr(module, "PERIOD", 0.02)

    async def getaddrinfo(host: str, port: object, **options: object) -> list[tuple[Any, ...]]:
        if host not in answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in answers[host]]

    async def run() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        told: list[int] = []
        addresses = Addresses(lambda: told.append(1))
        task = asyncio.create_task(addresses.run())
        try:
            await scenario(addresses, told)
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


def test_a_name_that_moves_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"gpu": ["10.0.0.1"]}

    async def scenario(addresses: Addresses, told: list[int]) -> None:
        addresses.want(["gpu"])
        await until(lambda: addresses.known == {"gpu": "10.0.0.1"})
        answers["gpu"] = ["10.0.0.2"]
        await until(lambda: addresses.known == {"gpu": "10.0.0.2"})
        assert len(told) == 2

    follow(answers, monkeypatch, scenario)


def test_an_address_that_is_still_among_the_answers_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"gpu": ["10.0.0.5"], "other": ["10.0.0.9"]}

    async def scenario(addresses: Addresses, told: list[int]) -> None:
        addresses.want(["gpu", "other"])
        await until(lambda: len(addresses.known) == 2)
        answers.update(gpu=["10.0.0.1", "10.0.0.5"], other=["10.0.0.8"])
        await until(lambda: addresses.known["other"] == "10.0.0.8")
        assert addresses.known["gpu"] == "10.0.0.5"

    follow(answers, monkeypatch, scenario)


def test_the_last_address_stays_while_a_name_cannot_be_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"gpu": ["10.0.0.1"], "other": ["10.0.0.9"]}

    async def scenario(addresses: Addresses, told: list[int]) -> None:
        addresses.want(["gpu", "other"])
        await until(lambda: len(addresses.known) == 2)
        del answers["gpu"]
        answers["other"] = ["10.0.0.8"]
        await until(lambda: addresses.known["other"] == "10.0.0.8")
        assert addresses.known["gpu"] == "10.0.0.1"

    follow(answers, monkeypatch, scenario)


def test_a_name_that_nobody_wants_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(addresses: Addresses, told: list[int]) -> None:
        addresses.want(["gpu"])
        await until(lambda: addresses.known)
        addresses.want([])
        assert addresses.known == {}

    follow({"gpu": ["10.0.0.1"]}, monkeypatch, scenario)
