"""How well texts fit to texts: /rerank (as Jina and Cohere ask) and /score, as vLLM answers them."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from turnout.simulator.answers import Name, usage
from turnout.simulator.refusal import Refusal
from turnout.simulator.requests import MAX_INPUTS, Served, too_long, undecodable
from turnout.simulator.words import Prompt, prompt_of

_json = msgspec.json.encode
_Texts = Annotated[list[str], Meta(min_length=1, max_length=MAX_INPUTS)]


class Rank(Struct, frozen=True):
    """Pairs to compare. `documents` are there where the best `top` of them are asked for, best first."""

    model: str
    prompts: tuple[Prompt, ...]
    documents: tuple[str, ...] = ()
    top: int = 0


class _Document(Struct):
    text: str


class _Rerank(Struct, kw_only=True):
    query: str
    documents: Annotated[list[str | _Document], Meta(min_length=1, max_length=MAX_INPUTS)]
    model: str | None = None
    top_n: Annotated[int, Meta(ge=0)] = 0


class _Score(Struct, kw_only=True):
    text_1: str | _Texts
    text_2: str | _Texts
    model: str | None = None


_rerank = msgspec.json.Decoder(_Rerank)
_score = msgspec.json.Decoder(_Score)


def read_rerank(body: bytes, served: Served) -> Rank | Refusal:
    """A request of /rerank; `top_n` of 0 is all."""
    try:
        request = _rerank.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return undecodable(error)
    documents = tuple(each if isinstance(each, str) else each.text for each in request.documents)
    pairs = [(request.query, each) for each in documents]
    return _rank(request.model, pairs, served, "documents", documents, request.top_n or len(documents))


def read_score(body: bytes, served: Served) -> Rank | Refusal:
    """A request of /score: one text against each of several, or as many against as many, one by one."""
    try:
        request = _score.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return undecodable(error)
    first = [request.text_1] if isinstance(request.text_1, str) else request.text_1
    second = [request.text_2] if isinstance(request.text_2, str) else request.text_2
    if len(first) == 1:
        first = first * len(second)
    if len(first) != len(second):
        text = f"text_1 has {len(first)} texts and text_2 {len(second)}: one of the first, or as many of both."
        return Refusal(400, text, "text_1")
    return _rank(request.model, list(zip(first, second, strict=True)), served, "text_2")


def whole_ranking(ask: Rank, name: Name, *, empty: bool = False) -> bytes:
    """The body of the answer to either."""
    read = sum(prompt.tokens for prompt in ask.prompts)
    scores = [] if empty else [round((prompt.seed >> 32) / 2**32, 6) for prompt in ask.prompts]
    if not ask.documents:
        data = [{"index": index, "object": "score", "score": score} for index, score in enumerate(scores)]
        head = {"id": name.id, "object": "list", "created": name.created, "model": ask.model}
        return _json({**head, "data": data, "usage": usage(read, 0)})
    best = sorted(range(len(scores)), key=lambda index: -scores[index])[: ask.top]
    results = [
        {"index": index, "document": {"text": ask.documents[index]}, "relevance_score": scores[index]} for index in best
    ]
    counted = {"prompt_tokens": read, "total_tokens": read}
    return _json({"id": name.id, "model": ask.model, "usage": counted, "results": results})


def _rank(
    name: str | None,
    pairs: list[tuple[str, str]],
    served: Served,
    param: str,
    documents: tuple[str, ...] = (),
    top: int = 0,
) -> Rank | Refusal:
    model = served.resolve(name)
    if isinstance(model, Refusal):
        return model
    prompts = tuple(prompt_of(f"{one}\n{other}") for one, other in pairs)
    longest = max(prompt.tokens for prompt in prompts)
    if longest > served.max_model_len:
        return too_long(longest, served, param)
    return Rank(model, prompts, documents, top)
