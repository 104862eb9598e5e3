"""HTTPRoute: upstream's defaults, and what must hold between its fields."""

from typing import Any

import pytest

from tests.support.admission import admission, faults, spec_of

POOL = {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "llm"}


def rule(**fields: Any) -> dict[str, Any]:
    return {"backendRefs": [POOL], **fields}


def path_faults(path: dict[str, str]) -> list[str]:
    return faults("HTTPRoute", rules=[rule(matches=[{"path": path}])])


def test_a_route_without_rules_has_one_that_matches_every_path() -> None:
    spec = spec_of("HTTPRoute", rules=None)
    assert spec["rules"] == [{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}]


def test_a_rule_without_matches_matches_every_path() -> None:
    assert spec_of("HTTPRoute", rules=[rule()])["rules"][0]["matches"] == [
        {"path": {"type": "PathPrefix", "value": "/"}}
    ]


def test_a_match_without_a_path_matches_every_path() -> None:
    match = spec_of("HTTPRoute", rules=[rule(matches=[{"method": "POST"}])])["rules"][0]["matches"][0]
    assert match == {"method": "POST", "path": {"type": "PathPrefix", "value": "/"}}


def test_a_path_without_a_type_is_a_prefix() -> None:
    match = spec_of("HTTPRoute", rules=[rule(matches=[{"path": {"value": "/v1"}}])])["rules"][0]["matches"][0]
    assert match == {"path": {"type": "PathPrefix", "value": "/v1"}}


def test_a_parent_is_a_gateway_unless_it_says_otherwise() -> None:
    assert spec_of("HTTPRoute")["parentRefs"] == [
        {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gate"}
    ]


def test_a_backend_is_a_service_of_weight_1_unless_it_says_otherwise() -> None:
    backend = spec_of("HTTPRoute")["rules"][0]["backendRefs"][0]
    assert backend == {"group": "", "kind": "Service", "name": "llm", "port": 80, "weight": 1}


def test_a_weight_of_0_is_kept() -> None:
    spec = spec_of("HTTPRoute", rules=[{"backendRefs": [{**POOL, "weight": 0}]}])
    assert spec["rules"][0]["backendRefs"][0]["weight"] == 0


def test_a_service_needs_a_port() -> None:
    assert faults("HTTPRoute", rules=[{"backendRefs": [{"name": "svc"}]}]) == [
        'spec.rules[0].backendRefs[0]: Invalid value: "object": Must have port for Service reference'
    ]


@pytest.mark.parametrize("value", ["/", "/v1", "/v1/", "/a.b/..c", "/%41", "/v1/chat:do"])
def test_a_clean_path_is_admitted(value: str) -> None:
    assert path_faults({"type": "Exact", "value": value}) == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("v1", "value must be an absolute path and start with '/'"),
        ("/a//b", "must not contain '//'"),
        ("/a/./b", "must not contain '/./'"),
        ("/a/../b", "must not contain '/../'"),
        ("/a%2fb", "must not contain '%2f'"),
        ("/a%2Fb", "must not contain '%2F'"),
        ("/a#b", "must not contain '#'"),
        ("/a/..", "must not end with '/..'"),
        ("/a/.", "must not end with '/.'"),
        ("/a b", "must only contain valid characters"),
        ("/a%4", "must only contain valid characters"),
        ("/a\n", "must only contain valid characters"),
    ],
)
@pytest.mark.parametrize("match_type", ["Exact", "PathPrefix"])
def test_a_path_that_would_need_normalising_is_refused(value: str, words: str, match_type: str) -> None:
    found = path_faults({"type": match_type, "value": value})
    assert any(text.startswith(f'spec.rules[0].matches[0].path: Invalid value: "object": {words}') for text in found), (
        found
    )


def test_a_regular_expression_is_no_path() -> None:
    assert path_faults({"type": "RegularExpression", "value": "^/v[12]//.*#"}) == []


def test_a_route_has_at_most_128_matches() -> None:
    matches = [{"path": {"value": f"/{i}"}} for i in range(43)]
    assert faults("HTTPRoute", rules=[rule(matches=matches)] * 2) == []
    (fault,) = faults("HTTPRoute", rules=[rule(matches=matches)] * 3)
    assert fault.startswith('spec.rules: Invalid value: "array": While 16 rules and 64 matches per rule are allowed')


def test_a_rule_has_at_most_64_matches() -> None:
    assert faults("HTTPRoute", rules=[rule(matches=[{}] * 65)]) == [
        "spec.rules[0].matches: Too many: 65: must have at most 64 items"
    ]


def test_a_rule_has_at_most_16_backends() -> None:
    assert faults("HTTPRoute", rules=[{"backendRefs": [POOL] * 17}]) == [
        "spec.rules[0].backendRefs: Too many: 17: must have at most 16 items"
    ]


def test_names_of_rules_are_unique() -> None:
    assert faults("HTTPRoute", rules=[rule(name="a"), rule(), rule(), rule(name="a")]) == [
        'spec.rules: Invalid value: "array": Rule name must be unique within the route'
    ]


def test_two_references_to_one_parent_must_both_name_a_part() -> None:
    parents = [{"name": "gate"}, {"name": "gate", "sectionName": "http"}]
    assert faults("HTTPRoute", parentRefs=parents) == [
        (
            'spec.parentRefs: Invalid value: "array": '
            "sectionName or port must be specified when parentRefs includes 2 or more references to the same parent"
        )
    ]


def test_two_references_to_one_parent_must_name_different_parts() -> None:
    parents = [{"name": "gate", "sectionName": "http"}] * 2
    assert faults("HTTPRoute", parentRefs=parents) == [
        (
            'spec.parentRefs: Invalid value: "array": '
            "sectionName or port must be unique when parentRefs includes 2 or more references to the same parent"
        )
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"name": "gate", "sectionName": "b"},
        {"name": "gate", "sectionName": "a", "namespace": "other"},
        {"name": "gate2"},
    ],
)
def test_parents_that_can_be_told_apart_are_admitted(other: dict[str, str]) -> None:
    assert faults("HTTPRoute", parentRefs=[{"name": "gate", "sectionName": "a"}, other]) == []


@pytest.mark.parametrize("hostname", ["example.com", "*.example.com", "a"])
def test_a_hostname_may_begin_with_a_wildcard(hostname: str) -> None:
    assert faults("HTTPRoute", hostnames=[hostname]) == []


@pytest.mark.parametrize("hostname", ["", "*", "a.*.com", "UPPER.com", "a_b", "-a", "https://a"])
def test_anything_else_is_no_hostname(hostname: str) -> None:
    assert faults("HTTPRoute", hostnames=[hostname])


@pytest.mark.parametrize("duration", ["10s", "1h30m", "500ms", "0s"])
def test_a_duration_is_in_h_m_s_and_ms(duration: str) -> None:
    assert faults("HTTPRoute", rules=[rule(timeouts={"request": duration})]) == []


@pytest.mark.parametrize("duration", ["10", "1.5s", "-1s", "1d", "1s 2ms", ""])
def test_anything_else_is_no_duration(duration: str) -> None:
    assert faults("HTTPRoute", rules=[rule(timeouts={"request": duration})])


def test_one_try_lasts_no_longer_than_the_whole() -> None:
    assert faults("HTTPRoute", rules=[rule(timeouts={"request": "1s", "backendRequest": "1001ms"})]) == [
        'spec.rules[0].timeouts: Invalid value: "object": backendRequest timeout cannot be longer than request timeout'
    ]


def test_a_request_timeout_of_0_bounds_no_try() -> None:
    assert faults("HTTPRoute", rules=[rule(timeouts={"request": "0s", "backendRequest": "10s"})]) == []


def test_a_redirect_has_no_backends() -> None:
    redirect = {"type": "RequestRedirect", "requestRedirect": {"port": 81}}
    assert faults("HTTPRoute", rules=[rule(filters=[redirect])]) == [
        'spec.rules[0]: Invalid value: "object": RequestRedirect filter must not be used together with backendRefs'
    ]


def test_a_prefix_is_replaced_only_where_one_prefix_has_matched() -> None:
    rewrite = {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/x"}}}
    assert faults("HTTPRoute", rules=[rule(filters=[rewrite])]) == []
    exact = [{"path": {"type": "Exact", "value": "/a"}}]
    assert faults("HTTPRoute", rules=[rule(filters=[rewrite], matches=exact)]) == [
        (
            'spec.rules[0]: Invalid value: "object": '
            "When using URLRewrite filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified"
        )
    ]


def test_persistence_and_retry_are_kept() -> None:
    extras = {
        "retry": {"codes": [500, 503], "attempts": 2, "backoff": "100ms"},
        "sessionPersistence": {"type": "Header", "header": {"name": "x-session"}},
    }
    assert extras.items() <= spec_of("HTTPRoute", rules=[rule(**extras)])["rules"][0].items()


def test_persistence_by_cookie_needs_the_cookie() -> None:
    assert faults("HTTPRoute", rules=[rule(sessionPersistence={})]) == [
        'spec.rules[0].sessionPersistence: Invalid value: "object": cookie must be specified for Cookie type'
    ]


def test_a_mapping_of_rules_is_one_rule_with_a_warning() -> None:
    result = admission("HTTPRoute", rules=rule(name="only"))
    assert [one["name"] for one in result.document["spec"]["rules"]] == ["only"]
    (warning,) = result.warnings
    assert warning.startswith('spec.rules: a mapping is read as a list of one rule; the standard form is "rules: [')
