"""Which answers are compressed."""

import gzip
import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support.api import ApiClient, ApiProcess, api
from turnout.apiserver.compression import MIN_BYTES, takes_gzip

CONFIGS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    with api(tmp_path_factory.mktemp("api")) as running:
        with closing(ApiClient(running.port)) as client:
            metadata = {"name": "large", "labels": {"size": "large"}}
            large = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "x" * MIN_BYTES}}
            assert client.post(CONFIGS, large).code == 201
        yield running


@pytest.fixture
def client(served: ApiProcess) -> Iterator[ApiClient]:
    with closing(ApiClient(served.port)) as opened:
        yield opened


def test_a_large_answer_is_compressed_for_who_takes_it(client: ApiClient) -> None:
    plain, packed = client.get(CONFIGS), client.get(CONFIGS, Accept_Encoding="gzip")

    headers = {name.lower(): value for name, value in packed.headers}
    assert (headers["content-encoding"], headers["vary"]) == ("gzip", "Accept-Encoding")
    assert int(headers["content-length"]) == len(packed.body) < len(plain.body) / 10
    assert json.loads(gzip.decompress(packed.body)) == plain.document
    assert "content-encoding" not in {name.lower() for name, _ in plain.headers}


def test_a_small_answer_and_a_watch_go_as_they_are(client: ApiClient) -> None:
    for path in ("/version", f"{CONFIGS}?watch=1&timeoutSeconds=1"):
        answer = client.get(path, Accept_Encoding="gzip")
        assert "content-encoding" not in {name.lower() for name, _ in answer.headers}


def test_a_head_has_the_length_and_nothing_else(client: ApiClient) -> None:
    answer = client.send("HEAD", CONFIGS, headers={"Accept-Encoding": "gzip"})

    assert (answer.code, answer.body) == (200, b"")


@pytest.mark.parametrize("header", ["gzip", "deflate, gzip", "GZIP;q=0.5", "*", "gzip, br;q=0"])
def test_gzip_is_taken(header: str) -> None:
    assert takes_gzip(header)


@pytest.mark.parametrize("header", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0", "x-gzip"])
def test_gzip_is_not_taken(header: str) -> None:
    assert not takes_gzip(header)
