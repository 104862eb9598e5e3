"""The official `openai` package as a client: what its users do works, and its errors are the ones they know."""

import http.client
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

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
