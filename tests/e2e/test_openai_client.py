"""The official `openai` package as a client: what its users do works, and its errors are the ones they know."""

import base64
import http.client
import json
import os
import random
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest

from tests.support.sim import Sim
from tests.support.system import System, system, until
from turnout.runners.demo.scenario import manifests

pytestmark = pytest.mark.e2e

MODEL = "llama"
LORA = "llama-sql"


@contextmanager
def through(way: str, sim: Sim, folder: Path) -> Iterator[str]:
    """The root of the OpenAI API of `sim`, asked directly or through a gateway."""
    if way == "direct":
        yield f"{sim.url}/v1"
        return
    manifest = folder / "demo.yaml"
    manifest.write_text(manifests({"llm": sim.ports, "llm-new": ()}, (100, 0)))
    with system(folder, "--workers", "1", "-f", str(manifest)) as up:
        until(lambda: ready(up))
        yield f"{up.gateway}/v1"


def ready(up: System) -> bool:
    """Whether the scraper has found the servers."""
    with closing(http.client.HTTPConnection("127.0.0.1", up.gateway_port, timeout=20)) as connection:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200


@pytest.fixture(scope="module", params=["direct", "gateway"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The root of an OpenAI API that serves MODEL and its adapter LORA."""
    folder = tmp_path_factory.mktemp(request.param)
    with Sim(MODEL, loras=[LORA], profile="instant") as sim, through(request.param, sim, folder) as root:
        yield root


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=url, api_key="none", max_retries=0, timeout=30) as opened:
        yield opened


@pytest.fixture
def failing() -> Iterator[openai.OpenAI]:
    """A client of a server whose every answer is a 500."""
    with (
        Sim(MODEL, faults=["error-rate=1"]) as sim,
        openai.OpenAI(base_url=f"{sim.url}/v1", api_key="none", max_retries=0, timeout=30) as opened,
    ):
        yield opened


def test_a_chat_is_answered(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "hello"}], max_completion_tokens=7
    )
    choice = answer.choices[0]
    assert (answer.model, choice.finish_reason, choice.message.role) == (MODEL, "length", "assistant")
    assert choice.message.content is not None
    assert choice.message.content.startswith(MODEL)
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 7
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 7


def test_a_chat_without_a_length_ends_by_itself(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hello"}])
    assert answer.choices[0].finish_reason == "stop"


def test_a_streamed_chat_says_what_the_whole_one_says(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hello"}], max_tokens=20)
    with client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "hello"}], max_tokens=20, stream=True
    ) as stream:
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.choices[0].message.content
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * 20 + ["length"]
    assert chunks[0].choices[0].delta.role == "assistant"


def test_a_stream_ends_with_its_usage_if_it_was_asked_for(client: openai.OpenAI) -> None:
    with client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "hello"}],
        max_tokens=9,
        stream=True,
        stream_options={"include_usage": True},
    ) as stream:
        *_, last = list(stream)
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.completion_tokens == 9


def test_a_client_that_leaves_a_stream_can_go_on(client: openai.OpenAI) -> None:
    with client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "hello"}], max_tokens=100_000, stream=True
    ) as stream:
        next(iter(stream))
    assert client.models.list().data


def test_a_completion_is_answered(client: openai.OpenAI) -> None:
    answer = client.completions.create(model=MODEL, prompt="hello", max_tokens=7)
    assert (answer.object, answer.choices[0].finish_reason) == ("text_completion", "length")
    assert answer.choices[0].text.startswith(MODEL)


def test_a_streamed_completion_says_what_the_whole_one_says(client: openai.OpenAI) -> None:
    whole = client.completions.create(model=MODEL, prompt="hello", max_tokens=20)
    with client.completions.create(model=MODEL, prompt="hello", max_tokens=20, stream=True) as stream:
        assert "".join(chunk.choices[0].text for chunk in stream) == whole.choices[0].text


def test_an_adapter_answers_under_its_own_name(client: openai.OpenAI) -> None:
    answer = client.completions.create(model=LORA, prompt="hello", max_tokens=3)
    assert answer.model == LORA
    assert answer.choices[0].text.startswith(f"{LORA} ")


def test_embeddings_are_the_same_as_floats_and_as_base64(client: openai.OpenAI) -> None:
    floats = client.embeddings.create(model=MODEL, input=["hello", "world"], encoding_format="float")
    packed = client.embeddings.create(model=MODEL, input=["hello", "world"])  # the client asks for base64 by itself
    assert [each.embedding for each in floats.data] == [each.embedding for each in packed.data]
    assert floats.data[0].embedding != floats.data[1].embedding


def test_an_embedding_has_the_dimensions_asked_for(client: openai.OpenAI) -> None:
    answer = client.embeddings.create(model=MODEL, input="hello", dimensions=12)
    assert len(answer.data[0].embedding) == 12


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [MODEL, LORA]


def test_an_unknown_model_is_a_not_found_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.completions.create(model="gpt", prompt="hello")
    assert caught.value.type == "NotFoundError"
    assert caught.value.param == "model"


def test_an_unknown_path_is_a_not_found_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.moderations.create(input="hello")


def test_a_length_below_one_is_a_bad_request_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(model=MODEL, prompt="hello", max_tokens=0)
    assert caught.value.param == "max_tokens"


def test_a_server_that_fails_is_an_internal_server_error(failing: openai.OpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        failing.completions.create(model=MODEL, prompt="hello")
    assert caught.value.status_code == 500


def test_an_error_in_a_stream_is_an_api_error() -> None:
    with (
        Sim(MODEL, faults=["stream-error=1"], profile="instant") as sim,
        openai.OpenAI(base_url=f"{sim.url}/v1", api_key="none", max_retries=0, timeout=30) as opened,
        opened.completions.create(model=MODEL, prompt="hello", max_tokens=8, stream=True) as stream,
        pytest.raises(openai.APIError, match="EngineCore"),
    ):
        list(stream)


def test_a_request_that_no_route_takes_is_an_openai_error(tmp_path: Path) -> None:
    with (
        system(tmp_path, "--workers", "1") as up,
        openai.OpenAI(base_url=f"{up.gateway}/v1", api_key="none", max_retries=0, timeout=30) as opened,
        pytest.raises(openai.NotFoundError) as caught,
    ):
        opened.models.list()

    assert (caught.value.code, caught.value.response.headers["x-turnout-reason"]) == ("no-route", "no-route")


def test_a_pool_without_servers_is_an_openai_error(tmp_path: Path) -> None:
    manifest = tmp_path / "demo.yaml"
    manifest.write_text(manifests({"llm": (), "llm-new": ()}, (100, 0)))
    with (
        system(tmp_path, "--workers", "1", "-f", str(manifest)) as up,
        openai.OpenAI(base_url=f"{up.gateway}/v1", api_key="none", max_retries=0, timeout=30) as opened,
        pytest.raises(openai.InternalServerError) as caught,
    ):
        opened.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hello"}])

    assert (caught.value.status_code, caught.value.code) == (503, "no-endpoints")
    assert caught.value.response.headers["x-turnout-pool"] == "llm"


def test_a_response_is_answered(client: openai.OpenAI) -> None:
    answer = client.responses.create(model=MODEL, input="hello", max_output_tokens=7)
    assert (answer.status, answer.model) == ("incomplete", MODEL)
    assert answer.incomplete_details is not None
    assert answer.incomplete_details.reason == "max_output_tokens"
    assert answer.output_text.startswith(MODEL)
    assert answer.usage is not None
    assert answer.usage.output_tokens == 7
    assert client.responses.create(model=MODEL, input=[{"role": "user", "content": "hello"}]).status == "completed"


def test_a_streamed_response_says_what_the_whole_one_says(client: openai.OpenAI) -> None:
    whole = client.responses.create(model=MODEL, input="hello", max_output_tokens=20)
    with client.responses.create(model=MODEL, input="hello", max_output_tokens=20, stream=True) as stream:
        events = list(stream)
    assert "".join(each.delta for each in events if each.type == "response.output_text.delta") == whole.output_text
    assert [each.sequence_number for each in events] == list(range(len(events)))
    last = events[-1]
    assert last.type == "response.completed"
    assert last.response.output_text == whole.output_text
    assert last.response.usage == whole.usage


def test_an_image_of_ten_megabytes_is_answered(client: openai.OpenAI) -> None:
    image = base64.b64encode(os.urandom(7_500_000)).decode()
    assert len(image) == 10_000_000
    answer = client.chat.completions.create(
        model=MODEL,
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image}"}},
                ],
            }
        ],
        max_tokens=3,
    )
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (261, 3)


@pytest.mark.parametrize("size", [1000, 5_000_000])
def test_a_sound_is_written_down(client: openai.OpenAI, size: int) -> None:
    sound = ("a.mp3", random.Random(size).randbytes(size))
    answer = client.audio.transcriptions.create(model=MODEL, file=sound)
    assert answer.text.startswith(MODEL)
    assert client.audio.transcriptions.create(model=LORA, file=sound).text.startswith(f"{LORA} ")
    assert client.audio.transcriptions.create(model=MODEL, file=sound, response_format="text") == answer.text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer clients call translations deprecated
        assert client.audio.translations.create(model=MODEL, file=sound).text == answer.text


def test_a_sound_for_an_unknown_model_is_a_not_found_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.audio.transcriptions.create(model="gpt", file=("a.mp3", b"sound"))


def post(url: str, path: str, body: object) -> tuple[int, dict[str, Any]]:
    """The answer to a JSON request, without any client library."""
    where = urlsplit(url)
    with closing(http.client.HTTPConnection(str(where.hostname), where.port, timeout=30)) as connection:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


@pytest.mark.parametrize("path", ["/rerank", "/v1/rerank", "/v2/rerank"])
def test_documents_are_ranked(url: str, path: str) -> None:
    documents = ["rails", "roads", "rivers"]
    status, answer = post(url, path, {"model": MODEL, "query": "trains", "documents": documents, "top_n": 2})
    assert (status, answer["model"], len(answer["results"])) == (200, MODEL, 2)
    first, second = answer["results"]
    assert first["relevance_score"] > second["relevance_score"]
    assert first["document"]["text"] == documents[first["index"]]


@pytest.mark.parametrize("path", ["/score", "/v1/score"])
def test_texts_are_scored(url: str, path: str) -> None:
    status, answer = post(url, path, {"model": MODEL, "text_1": "trains", "text_2": ["rails", "roads"]})
    assert (status, [each["index"] for each in answer["data"]]) == (200, [0, 1])
    assert answer["usage"]["total_tokens"] > 0


def test_messages_are_answered_and_refused_in_their_own_words(url: str) -> None:
    asked = {"model": MODEL, "max_tokens": 5, "messages": [{"role": "user", "content": "hello"}]}
    status, answer = post(url, "/v1/messages", asked)
    assert (status, answer["type"], answer["stop_reason"]) == (200, "message", "max_tokens")
    assert answer["content"][0]["text"].startswith(MODEL)
    status, answer = post(url, "/v1/messages", {**asked, "model": "gpt"})
    assert (status, answer["type"], answer["error"]["type"]) == (404, "error", "not_found_error")
