"""Which changes of rollouts make a new table."""

from typing import Any

from turnout.runners.controller.relevance import Relevance


def document(weight: int, message: str = "", uid: str = "u") -> dict[str, Any]:
    status = {"overlay": "Active", "weights": {"desired": weight, "seq": weight}, "message": message}
    return {"metadata": {"uid": uid}, "spec": {}, "status": status}


def test_a_message_is_no_news_and_a_weight_is() -> None:
    relevance = Relevance()
    assert relevance.moved({"a": document(1)})
    assert not relevance.moved({"a": document(1, "other")})
    assert relevance.moved({"a": document(2)})


def test_a_rollout_that_comes_or_goes_or_is_another_is_news() -> None:
    relevance = Relevance()
    relevance.moved({"a": document(1)})
    assert relevance.moved({"a": document(1), "b": document(1)})
    assert relevance.moved({"a": document(1)})
    assert relevance.moved({"a": document(1, uid="v")})


def test_nothing_is_no_news() -> None:
    assert not Relevance().moved({})
