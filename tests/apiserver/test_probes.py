"""Health, and the other paths that are no objects."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support.api import ApiClient, ApiProcess, api
from turnout.apiserver.probes import report


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    with api(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
def client(served: ApiProcess) -> Iterator[ApiClient]:
    with closing(ApiClient(served.port)) as opened:
        yield opened


@pytest.mark.parametrize("name", ["healthz", "livez", "readyz"])
def test_a_probe_says_ok_or_each_check(client: ApiClient, name: str) -> None:
    assert client.get(f"/{name}").body == b"ok"
    assert client.get(f"/{name}?verbose").body.decode() == f"[+]ping ok\n[+]storage ok\n{name} check passed\n"
    assert client.get(f"/{name}?verbose&exclude=ping").body.decode() == f"[+]storage ok\n{name} check passed\n"
    assert client.get(f"/{name}/storage").code == 200
    assert client.get(f"/{name}/nothing").code == 404


def test_a_check_that_fails_is_named() -> None:
    assert report("livez", {"ping": True, "storage": False}) == (
        "[+]ping ok\n[-]storage failed: reason withheld\nlivez check failed\n"
    )


def test_the_root_names_every_path(client: ApiClient) -> None:
    paths = client.get("/").document["paths"]

    assert {"/api", "/api/v1", "/apis/turnout.dev/v1alpha1", "/openapi/v3", "/livez"} <= set(paths)
    for path in paths:
        assert client.get(path).code == 200, path


@pytest.mark.parametrize("path", ["/", "/version", "/api", "/apis/turnout.dev", "/openapi/v3", "/livez"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_method_that_a_path_does_not_have_is_no_missing_path(client: ApiClient, path: str, method: str) -> None:
    answer = client.send(method, path, {})

    assert (answer.code, answer.document["reason"]) == (405, "MethodNotAllowed")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/namespaces/default"),
        ("PUT", "/api/v1/namespaces"),
        ("PATCH", "/api/v1/namespaces"),
        ("DELETE", "/apis/turnout.dev/v1alpha1/namespaces/default/modelservers/a/status"),
        ("OPTIONS", "/api/v1/namespaces"),
    ],
)
def test_a_verb_that_a_kind_does_not_have_is_not_allowed(client: ApiClient, method: str, path: str) -> None:
    assert client.send(method, path, {}).code == 405


@pytest.mark.parametrize(
    "path", ["/version", "/api/v1/namespaces", "/api/v1/namespaces/default", "/openapi/v3", "/livez"]
)
def test_what_can_be_got_has_a_head(client: ApiClient, path: str) -> None:
    got, head = client.get(path), client.send("HEAD", path)

    assert (head.code, head.body) == (200, b"")
    assert dict(head.headers)["content-length"] == dict(got.headers)["content-length"]


def test_a_schema_is_cached_by_its_hash(client: ApiClient) -> None:
    place = "/openapi/v3/apis/turnout.dev/v1alpha1"
    address = client.get("/openapi/v3").document["paths"]["apis/turnout.dev/v1alpha1"]["serverRelativeURL"]

    first = client.get(address)
    headers = {name.lower(): value for name, value in first.headers}
    assert "immutable" in headers["cache-control"]
    assert client.get(place, If_None_Match=headers["etag"]).code == 304
    assert client.get(place, If_None_Match='"another"').code == 200
    moved = client.get(f"{place}?hash=OLD")
    assert (moved.code, {name.lower(): value for name, value in moved.headers}["location"]) == (301, address)
