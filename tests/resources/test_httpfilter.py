"""Filters of routes: upstream's are kept, and contradictions are refused."""

from typing import Any

import pytest

from tests.support.admission import faults, spec_of

FILTERS: list[dict[str, Any]] = [
    {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": "b"}], "remove": ["c"]}},
    {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"add": [{"name": "a", "value": "b"}]}},
    {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "s", "port": 80}, "percent": 5}},
    {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "s", "port": 80}, "fraction": {"numerator": 1}}},
    {"type": "URLRewrite", "urlRewrite": {"hostname": "a.example"}},
    {"type": "CORS", "cors": {"allowOrigins": ["https://*.example.com"], "allowMethods": ["GET"]}},
    {"type": "ExtensionRef", "extensionRef": {"group": "x.dev", "kind": "Y", "name": "z"}},
    {
        "type": "ExternalAuth",
        "externalAuth": {"protocol": "HTTP", "backendRef": {"name": "s", "port": 80}, "http": {"path": "/auth"}},
    },
]
MIRROR = {"backendRef": {"name": "s", "port": 80}}


def filter_faults(*filters: dict[str, Any]) -> list[str]:
    return faults("HTTPRoute", rules=[{"filters": list(filters)}])


def within(given: Any, stored: Any) -> bool:
    """True if `stored` holds all that `given` does."""
    if isinstance(given, dict):
        return isinstance(stored, dict) and all(
            key in stored and within(one, stored[key]) for key, one in given.items()
        )
    if isinstance(given, list):
        return len(given) == len(stored) and all(map(within, given, stored))
    return bool(given == stored)


@pytest.mark.parametrize("one", FILTERS, ids=lambda one: one["type"])
@pytest.mark.parametrize("place", ["rule", "backend"])
def test_every_filter_of_upstream_is_kept(one: dict[str, Any], place: str) -> None:
    backend = {"name": "s", "port": 80, **({"filters": [one]} if place == "backend" else {})}
    rule = {"backendRefs": [backend], **({"filters": [one]} if place == "rule" else {})}
    stored = spec_of("HTTPRoute", rules=[rule])["rules"][0]
    assert within([one], (stored if place == "rule" else stored["backendRefs"][0])["filters"])


def test_a_redirect_is_302_unless_it_says_otherwise() -> None:
    rules = [{"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]}]
    stored = spec_of("HTTPRoute", rules=rules)["rules"][0]["filters"][0]
    assert stored["requestRedirect"] == {"scheme": "https", "statusCode": 302}


def test_a_filter_without_its_settings_is_refused() -> None:
    assert filter_faults({"type": "URLRewrite"}) == [
        (
            'spec.rules[0].filters[0]: Invalid value: "object": '
            "filter.urlRewrite must be specified for URLRewrite filter.type"
        )
    ]


def test_a_filter_with_settings_of_another_type_is_refused() -> None:
    assert filter_faults({"type": "CORS", "cors": {}, "requestMirror": MIRROR}) == [
        (
            'spec.rules[0].filters[0]: Invalid value: "object": '
            "filter.requestMirror must be nil if the filter.type is not RequestMirror"
        )
    ]


def test_an_unknown_type_is_told_the_known_ones() -> None:
    (fault,) = filter_faults({"type": "Magic"})
    assert fault.startswith('spec.rules[0].filters[0].type: Unsupported value: "Magic": supported values: "CORS", ')


def test_a_redirect_and_a_rewrite_do_not_go_together() -> None:
    found = filter_faults({"type": "RequestRedirect", "requestRedirect": {}}, {"type": "URLRewrite", "urlRewrite": {}})
    assert found == [
        (
            'spec.rules[0].filters: Invalid value: "array": '
            "May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both"
        )
    ]


def test_a_modifier_cannot_be_repeated() -> None:
    assert filter_faults(FILTERS[0], FILTERS[0]) == [
        'spec.rules[0].filters: Invalid value: "array": RequestHeaderModifier filter cannot be repeated'
    ]


def test_a_mirror_can_be_repeated() -> None:
    assert filter_faults(FILTERS[2], FILTERS[3]) == []


def test_a_mirror_has_one_share() -> None:
    (fault,) = filter_faults(
        {"type": "RequestMirror", "requestMirror": {**MIRROR, "percent": 1, "fraction": {"numerator": 1}}}
    )
    assert fault.endswith("Only one of percent or fraction may be specified in HTTPRequestMirrorFilter")


def test_a_share_is_at_most_all() -> None:
    (fault,) = filter_faults({"type": "RequestMirror", "requestMirror": {**MIRROR, "fraction": {"numerator": 101}}})
    assert fault.endswith("numerator must be less than or equal to denominator")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ({"type": "ReplaceFullPath"}, "replaceFullPath must be specified when type is set to 'ReplaceFullPath'"),
        (
            {"type": "ReplaceFullPath", "replaceFullPath": "/", "replacePrefixMatch": "/"},
            "type must be 'ReplacePrefixMatch' when replacePrefixMatch is set",
        ),
    ],
)
def test_a_path_is_rewritten_in_one_way(path: dict[str, str], words: str) -> None:
    assert filter_faults({"type": "URLRewrite", "urlRewrite": {"path": path}}) == [
        f'spec.rules[0].filters[0].urlRewrite.path: Invalid value: "object": {words}'
    ]


def test_a_star_stands_alone() -> None:
    assert filter_faults({"type": "CORS", "cors": {"allowOrigins": ["*", "https://a.b"]}}) == [
        (
            'spec.rules[0].filters[0].cors.allowOrigins: Invalid value: "array": '
            "AllowOrigins cannot contain '*' alongside other origins"
        )
    ]


def test_an_authoriser_is_asked_by_one_protocol() -> None:
    auth = {"protocol": "GRPC", "backendRef": {"name": "s", "port": 80}, "http": {}}
    assert [one.rpartition(": ")[2] for one in filter_faults({"type": "ExternalAuth", "externalAuth": auth})] == [
        "grpc must be specified when protocol is set to 'GRPC'",
        "protocol must be 'HTTP' when http is set",
    ]
