"""Reranking and scoring of a simulated server."""

import json

import pytest

from turnout.inference import read_answer
from turnout.simulator.answers import Name
from turnout.simulator.ranking import Rank, read_rerank, read_score, whole_ranking
from turnout.simulator.refusal import Refusal
from turnout.simulator.requests import Served

SERVED = Served("llama", ("ada",), max_model_len=1000)
NAME = Name("rerank-1", 5, "sim-1")
DOCUMENTS = ["rails", "roads", "rivers", "ropes"]


def rerank(**fields: object) -> Rank | Refusal:
    return read_rerank(json.dumps({"query": "trains", "documents": DOCUMENTS, **fields}).encode(), SERVED)


def score(**fields: object) -> Rank | Refusal:
    return read_score(json.dumps({"text_1": "trains", "text_2": DOCUMENTS, **fields}).encode(), SERVED)


def answer(ask: Rank | Refusal) -> dict[str, object]:
    assert isinstance(ask, Rank), ask
    found = json.loads(whole_ranking(ask, NAME))
    assert isinstance(found, dict)
    return found


def results(ask: Rank | Refusal) -> list[dict[str, object]]:
    found = answer(ask)["results"]
    assert isinstance(found, list)
    return found


def test_documents_come_back_best_first_with_their_places() -> None:
    found = results(rerank())
    scores = [each["relevance_score"] for each in found]
    assert scores == sorted(scores, key=lambda each: -float(str(each)))
    assert len(set(scores)) == 4
    assert sorted(str(each["index"]) for each in found) == ["0", "1", "2", "3"]
    for each in found:
        assert each["document"] == {"text": DOCUMENTS[int(str(each["index"]))]}


def test_only_the_best_are_returned_if_that_is_asked_for() -> None:
    assert results(rerank(top_n=2)) == results(rerank())[:2]
    assert results(rerank(documents=[{"text": each} for each in DOCUMENTS])) == results(rerank())


def test_scores_keep_the_order_and_agree_with_the_ranking() -> None:
    found = answer(score())["data"]
    assert isinstance(found, list)
    assert [each["index"] for each in found] == [0, 1, 2, 3]
    ranked = {each["index"]: each["relevance_score"] for each in results(rerank())}
    assert {each["index"]: each["score"] for each in found} == ranked


def test_as_many_texts_are_compared_with_as_many() -> None:
    one = answer(score(text_1=["trains"] * 4))
    assert one == answer(score())
    assert answer(score(text_2="rails"))["data"] == [answer(score())["data"][0]]  # type: ignore[index]  # a list


@pytest.mark.parametrize(
    ("ask", "status", "param"),
    [
        (rerank(model="gpt"), 404, "model"),
        (rerank(documents=[]), 400, "documents"),
        (rerank(query=None), 400, "query"),
        (rerank(top_n=-1), 400, "top_n"),
        (rerank(documents=["x" * 4000]), 400, "documents"),
        (score(text_1=["a", "b"]), 400, "text_1"),
        (score(text_2=[]), 400, "text_2"),
    ],
)
def test_what_cannot_be_ranked_is_refused(ask: Rank | Refusal, status: int, param: str) -> None:
    assert isinstance(ask, Refusal)
    assert (ask.status, ask.param) == (status, param)


def test_the_tokens_read_are_told() -> None:
    for ask in (rerank(), score()):
        assert isinstance(ask, Rank)
        reading = read_answer(None, whole_ranking(ask, NAME))
        assert reading.prompt_tokens == sum(prompt.tokens for prompt in ask.prompts)


def test_an_empty_answer_ranks_nothing() -> None:
    for ask, field in ((rerank(), "results"), (score(), "data")):
        assert isinstance(ask, Rank)
        assert json.loads(whole_ranking(ask, NAME, empty=True))[field] == []
