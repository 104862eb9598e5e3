import asyncio
from collections.abc import Iterator

import pytest

from tests.support.real_api import RealApi
from turnout.kube.client import Client
from turnout.kube.discovery import Discovery, UnknownKindError
from turnout.store import ApiResource


@pytest.fixture(scope="module")
def api() -> Iterator[RealApi]:
    with RealApi() as running:
        yield running


def find(api: RealApi, word: str) -> ApiResource:
    async def run() -> ApiResource:
        async with Client(api.url) as client:
            return await Discovery(client).of_word(word)

    return asyncio.run(run())


@pytest.mark.parametrize(
    "word", ["gateways", "gateway", "Gateway", "gtw", "gateways.gateway.networking.k8s.io", "GATEWAYS"]
)
def test_a_kind_goes_by_each_of_its_names(api: RealApi, word: str) -> None:
    found = find(api, word)
    assert (found.group, found.plural, found.kind) == ("gateway.networking.k8s.io", "gateways", "Gateway")


def test_a_core_kind_is_found(api: RealApi) -> None:
    found = find(api, "ns")
    assert (found.api_version, found.title, found.namespaced) == ("v1", "namespace", False)


@pytest.mark.parametrize("word", ["nothing", "gateways.other.group"])
def test_a_word_for_no_kind_is_said(api: RealApi, word: str) -> None:
    with pytest.raises(UnknownKindError, match=f'resource type "{word}"'):
        find(api, word)


def test_a_kind_is_found_in_the_version_that_the_word_names(api: RealApi) -> None:
    assert find(api, "httproutes.v1beta1.gateway.networking.k8s.io").api_version == "gateway.networking.k8s.io/v1beta1"
    assert find(api, "namespaces.v1.").api_version == "v1"
