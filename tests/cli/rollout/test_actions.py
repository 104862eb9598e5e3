import json
from typing import Any

import pytest

from tests.support.real_api import RealApi
from tests.support.rollout_objects import ACTION, Answering, Stored, run, status


@pytest.mark.parametrize(
    ("verb", "arguments", "fields"),
    [
        ("promote", [], {}),
        ("promote", ["--full"], {"full": True}),
        ("pause", [], {}),
        ("resume", [], {}),
        ("abort", [], {}),
        ("abort", ["--reason", "it smells"], {"reason": "it smells"}),
        ("retry", [], {}),
        ("undo", [], {}),
        ("undo", ["--to-revision", "5d9f"], {"revision": "5d9f"}),
        ("set-weight", ["33"], {"weight": 33}),
    ],
)
def test_a_verb_writes_its_action_and_prints_the_answer(
    api: RealApi, stored: Stored, verb: str, arguments: list[str], fields: dict[str, Any]
) -> None:
    name = f"does-{verb}-{len(arguments)}"
    stored.create(name)
    with Answering(api.port, name, "Accepted", "so be it") as controller:
        result = run(api.url, verb, name, *arguments, "--timeout", "30s")
    assert (result.exit_code, result.stderr) == (0, f"server {api.url}\n")
    assert result.stdout == f"inferencerollout.turnout.dev/{name}: so be it\n"
    assert {key: value for key, value in controller.action.items() if key != "id"} == {"verb": verb, **fields}


def test_every_action_has_an_id_of_its_own(api: RealApi, stored: Stored) -> None:
    stored.create("ids")
    seen = set()
    for _ in range(2):
        assert run(api.url, "pause", "ids", "--no-wait").exit_code == 0
        seen.add(json.loads(stored.read("ids")["metadata"]["annotations"][ACTION])["id"])
    assert len(seen) == 2


def test_what_is_refused_fails_with_the_engines_words(api: RealApi, stored: Stored) -> None:
    stored.create("refused")
    with Answering(api.port, "refused", "Refused", "no such former revision in the history (known: 5d9f)"):
        result = run(api.url, "undo", "refused", "--to-revision", "ffff", "--timeout", "30s")
    assert result.exit_code == 1
    assert "error: undo is refused: no such former revision in the history (known: 5d9f)\n" in result.stderr
    assert result.stdout == ""


def test_without_a_controller_the_wait_ends(api: RealApi, stored: Stored) -> None:
    stored.create("alone")
    result = run(api.url, "abort", "alone", "--timeout", "100ms")
    assert result.exit_code == 1
    assert "no controller has answered within 0.1 s; abort stays asked for" in result.stderr
    assert ACTION in stored.read("alone")["metadata"]["annotations"]


def test_an_answer_to_an_earlier_action_is_not_ours(api: RealApi, stored: Stored) -> None:
    stored.create("earlier")
    stored.tell("earlier", status(lastAction={"id": "old", "verb": "pause", "result": "Accepted", "message": "old"}))
    result = run(api.url, "resume", "earlier", "--timeout", "100ms")
    assert (result.exit_code, result.stdout) == (1, "")


def test_an_action_without_an_answer_is_not_replaced_in_silence(api: RealApi, stored: Stored) -> None:
    stored.create("hasty")
    assert "Warning" not in run(api.url, "pause", "hasty", "--no-wait").stderr
    second = run(api.url, "abort", "hasty", "--no-wait")
    assert "Warning: `pause`, which has no answer yet, is replaced\n" in second.stderr
    assert second.stdout == "inferencerollout.turnout.dev/hasty: abort asked for\n"


@pytest.mark.parametrize("verb", ["promote", "pause", "abort"])
def test_what_is_not_there_cannot_be_acted_upon(api: RealApi, verb: str) -> None:
    result = run(api.url, verb, "none")
    assert result.exit_code == 1
    assert 'Error from server (NotFound): inferencerollouts.turnout.dev "none" not found' in result.stderr


def test_without_a_server_the_error_names_it() -> None:
    result = run("http://127.0.0.1:9", "promote", "any")
    assert result.exit_code == 1
    assert "error: http://127.0.0.1:9" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["set-weight", "x", "101"], ["set-weight", "x"], ["pause", "x", "--timeout", "5"]]
)
def test_what_cannot_be_meant_is_a_usage_error(arguments: list[str]) -> None:
    assert run("http://127.0.0.1:9", *arguments).exit_code == 2
