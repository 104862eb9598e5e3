"""Why a request would go where it goes."""

from tests.support.resource_sets import CLASS, backend, gateway, http_route, pool, resource_set
from turnout.cli.explanation import Explanation, as_document, lines, of_pool, of_target
from turnout.cli.requestfile import WrittenRequest
from turnout.endpoints import Endpoint
from turnout.picker import Profile
from turnout.routing import Index
from turnout.translate import Facts, translate

BUSY = Endpoint("default/busy", "10.0.0.1:80", 0, ready=True, checked=0.0, waiting=10, kv_usage=0.9)
IDLE = Endpoint("default/idle", "10.0.0.2:80", 0, ready=True, checked=0.0, waiting=0, kv_usage=0.25)
GONE = Endpoint("default/gone", "10.0.0.3:80", 0, ready=False, checked=0.0)


def explained(*backends: dict[str, object], headers: dict[str, str] | None = None, **rule: object) -> Explanation:
    route = http_route(rules=[{"backendRefs": list(backends), **rule}])
    documents = [CLASS, gateway(), route, pool("llm"), pool("llm-new")]
    table = translate(resource_set(documents), Facts(gateway_port=80, now="2026-01-01T00:00:00Z")).table
    request = WrittenRequest(path="/v1/chat/completions", headers=headers or {}, body=b"{}")
    target = Index.build(table).lookup(80, "", request.path, request)
    assert target is not None
    return of_target(target, request, {"default/llm": (BUSY, IDLE), "default/llm-new": (GONE,)})


def test_without_a_key_every_arm_is_shown_with_its_share() -> None:
    found = explained(backend("llm", 9), backend("llm-new", 1))
    assert [(arm.name, arm.share) for arm in found.arms] == [("default/llm", 0.9), ("default/llm-new", 0.1)]
    assert found.key == ""
    text = "\n".join(lines(found))
    assert "Route:      default/route, rule 0 (PathPrefix /)" in text
    assert "Pool default/llm: 90.0% of such requests" in text


def test_a_key_holds_a_request_to_one_arm() -> None:
    found = explained(backend("llm", 9), backend("llm-new", 1), headers={"x-session-id": "s"})
    assert [arm.share for arm in found.arms] == [1.0]
    assert found.key == "header x-session-id"


def test_the_endpoint_that_would_be_picked_is_marked_and_every_score_shown() -> None:
    text = lines(of_pool("default/llm", (BUSY, GONE, IDLE)))
    rows = [line.split() for line in text if "10.0.0." in line]
    assert rows[0][:4] == ["->", "10.0.0.2:80", "default/idle", "0"]
    assert rows[0][-4:] == ["1", "0.75", "1", "5.5"]
    assert [row[0] for row in rows[1:]] == ["10.0.0.1:80", "10.0.0.3:80"]
    assert rows[2][-2:] == ["not", "ready"]


def test_a_pool_without_endpoints_says_what_the_answer_is() -> None:
    assert lines(of_pool("default/llm", ()))[-1] == "  no endpoints: answered 503"


def test_a_backend_that_is_not_there_is_answered_500() -> None:
    assert "  answered 500: BackendNotFound" in lines(explained(backend("none")))


def test_a_rule_that_redirects_asks_no_pool() -> None:
    redirect = {"type": "RequestRedirect", "requestRedirect": {"hostname": "other.example"}}
    found = explained(filters=[redirect])
    assert found.redirect
    assert "The rule redirects: no pool is asked." in lines(found)


def test_the_same_is_told_as_json() -> None:
    document = as_document(explained(backend("llm")), Profile())
    (only,) = document["pools"]
    assert (only["pool"], only["endpoint"]) == ("default/llm", IDLE.address)
    assert only["endpoints"][1]["scores"] == {"queue": 1.0, "kvCache": 0.75, "inFlight": 1.0}
    assert document["weights"] == {"queue": 2.0, "kvCache": 2.0, "inFlight": 2.0}
