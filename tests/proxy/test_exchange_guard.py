"""Management paths, and what a path is before it is matched and after it is rewritten."""

from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.upstream import answering, upstream
from tests.support.worker import Answer, ask, gateway, get, run, serving
from turnout.table import Filters, Match, PathMatch, PathModifier, Rewrite, RoutingTable, ValueMatch

EXACT = Match(PathMatch("Exact", "/sleep"))
TO_SLEEP = Filters(rewrite=Rewrite(path=PathModifier("full", "/sleep")))
TO_V1 = Filters(rewrite=Rewrite(path=PathModifier("full", "/v1/models")))


async def asked(routes: RoutingTable, *paths: str) -> tuple[list[Answer], list[str]]:
    """The answers, and the request lines that the server got."""
    async with upstream(answering()) as up, gateway({"a": [up.address]}, routing_table=routes) as served:
        return [await ask(served, get(path)) for path in paths], [each.line.split()[1] for each in up.received]


@pytest.mark.parametrize(
    "path",
    [
        "/sleep",
        "/sleep?level=1",
        "/sleep/",
        "//sleep",
        "/SLEEP",
        "/%73leep",
        "/%2573leep",
        "/v1/%2e%2e/sleep",
        "/v1/../sleep",
        "/v1%2F..%2Fsleep",
        "/v1/load_lora_adapter",
        "/v1%2fload_lora_adapter",
        "/metrics",
        "/update_weights_from_disk",
        "http://x/sleep",
    ],
)
def test_a_management_path_is_answered_403_and_never_reaches_a_server(path: str) -> None:
    answers, seen = run(asked(serving(), path))

    assert [(each.status, each.reason, each.pool) for each in answers] == [(403, "forbidden-path", "")]
    assert seen == []


def test_paths_for_clients_pass() -> None:
    paths = ["/health", "/v1/models", "/version", "/v1/chat/completions"]

    answers, seen = run(asked(serving(), *paths))

    assert {each.status for each in answers} == {200}
    assert seen == paths


def test_conditions_of_a_rule_open_nothing() -> None:
    match = Match(PathMatch("PathPrefix", "/"), method="GET", headers=(ValueMatch("host", "x"),))

    answers, seen = run(asked(serving(match=match), "/sleep", "/v1/models", "/sleep"))

    assert [each.status for each in answers] == [403, 200, 403]
    assert seen == ["/v1/models"]


def test_an_exact_match_opens_its_path_and_no_other() -> None:
    answers, seen = run(asked(serving(match=EXACT), "/sleep", "/v1/../%73leep", "/sleep/", "//sleep"))

    assert [each.status for each in answers] == [200, 200, 404, 404]
    assert seen == ["/sleep", "/sleep"]


@pytest.mark.parametrize("of_backend", [False, True])
def test_it_is_the_path_that_the_server_sees_that_counts(*, of_backend: bool) -> None:
    def rewriting(filters: Filters) -> RoutingTable:
        return serving(own=filters) if of_backend else serving(filters)

    answers, seen = run(asked(rewriting(TO_SLEEP), "/v1/models"))
    assert [(each.status, each.reason) for each in answers] == [(403, "forbidden-path")]
    assert seen == []

    answers, seen = run(asked(rewriting(TO_V1), "/sleep"))
    assert [each.status for each in answers] == [200]
    assert seen == ["/v1/models"]


@pytest.mark.parametrize("of_backend", [False, True])
def test_what_an_exact_match_is_rewritten_to_is_open(*, of_backend: bool) -> None:
    match = Match(PathMatch("Exact", "/nap"))
    routes = serving(own=TO_SLEEP, match=match) if of_backend else serving(TO_SLEEP, match=match)

    answers, seen = run(asked(routes, "/nap"))

    assert [each.status for each in answers] == [200]
    assert seen == ["/sleep"]


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("/v1/./chat/../models?q=%41/../x", "/v1/models?q=%41/../x"),
        ("/v1/%6dodels", "/v1/models"),
        ("/v1/a%2fb", "/v1/a%2Fb"),
        ("/v1//models", "/v1//models"),
        ("/v1/caf%c3%a9", "/v1/caf%C3%A9"),
        ("/v1/a?x=%zz", "/v1/a?x=%zz"),
        ("http://x/v1/../v1/models", "/v1/models"),
    ],
)
def test_the_normal_path_is_what_is_matched_and_forwarded(sent: str, seen: str) -> None:
    answers, lines = run(asked(serving(match=Match(PathMatch("PathPrefix", "/v1"))), sent))

    assert [each.status for each in answers] == [200]
    assert lines == [seen]


def test_a_path_that_leaves_its_prefix_does_not_match_it() -> None:
    answers, _ = run(
        asked(serving(match=Match(PathMatch("PathPrefix", "/v1"))), "/v1/../v2", "/v1/%2e%2e/v2", "/v1%2fx")
    )

    assert [(each.status, each.reason) for each in answers] == [(404, "no-route")] * 3


@pytest.mark.parametrize("path", ["/%", "/%4", "/v1/%zz", "/sleep#x", "/v1/models#", "/v1/models?q#x"])
def test_a_malformed_target_is_answered_400(path: str) -> None:
    answers, seen = run(asked(serving(), path))

    assert [(each.status, each.reason) for each in answers] == [(400, "bad-request")]
    assert seen == []


PIECES = ["/", "/", "/", "%2f", "%252F", "sleep", "%73leep", "%2573leep", "SLEEP", "metrics", "..", "%2e%2E", ".", "x"]
PIECES += ["v1", "load_lora_adapter", "load%5florA_adapter", ";a", "?q", "%3f", "%00", "\\", "%5C", "%25"]
paths = st.lists(st.sampled_from(PIECES), min_size=1, max_size=9).map(lambda pieces: "/" + "".join(pieces))


def understood(path: str) -> tuple[str, ...]:
    """The elements of a path to a server that decodes until nothing changes and then removes dot segments."""
    while (decoded := unquote(path)) != path:
        path = decoded
    kept: list[str] = []
    for element in path.lower().split("/"):
        if element == "..":
            del kept[-1:]
        elif element not in {"", "."}:
            kept.append(element)
    return tuple(kept)


@settings(max_examples=100, deadline=None)
@given(st.lists(paths, min_size=1, max_size=10))
def test_no_writing_of_a_management_path_reaches_a_server(sent: list[str]) -> None:
    answers, seen = run(asked(serving(), *sent))

    assert {each.status for each in answers} <= {200, 400, 403}
    assert len(seen) == sum(each.status == 200 for each in answers)
    for path in seen:
        elements = understood(path.partition("?")[0])
        assert elements[:1] not in {("sleep",), ("metrics",), ("load_lora_adapter",)}
        assert elements[:2] != ("v1", "load_lora_adapter")
