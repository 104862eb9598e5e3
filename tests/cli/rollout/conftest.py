from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support.api import NAMESPACE, ApiClient
from tests.support.real_api import RealApi
from tests.support.rollout_objects import Stored


@pytest.fixture(scope="package")
def api() -> Iterator[RealApi]:
    with RealApi() as running:
        with closing(ApiClient(running.port)) as client:
            assert client.post("/api/v1/namespaces", NAMESPACE).code in (201, 409)
        yield running


@pytest.fixture
def stored(api: RealApi) -> Iterator[Stored]:
    with closing(Stored(api.port)) as stored:
        yield stored
