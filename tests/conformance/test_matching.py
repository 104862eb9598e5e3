"""Matching of requests: paths, headers, query parameters, methods and hostnames (upstream `httproute-*-matching`)."""

import pytest

from tests.support.conformance import Stage, at, listener, parent, rule, upstream

pytestmark = pytest.mark.e2e


@upstream("HTTPRouteSimpleSameNamespace")
def test_a_route_attaches_to_a_gateway_of_its_namespace(stage: Stage) -> None:
    gateway = stage.gateway()
    stage.served(gateway, rule("infra-v1"))
    answer = stage.ask(gateway, "/")
    assert (answer.code, answer.by) == (200, "infra-v1")


@upstream("HTTPRouteExactPathMatching")
def test_an_exact_path_matches_nothing_else(stage: Stage) -> None:
    gateway = stage.gateway()
    stage.served(gateway, rule("infra-v1", matches=[at("=/one")]), rule("infra-v2", matches=[at("=/two")]))
    assert stage.by(gateway, "/one", "/two") == ["infra-v1", "infra-v2"]
    assert stage.by(gateway, "/", "/one/example", "/two/", "/Two") == [404] * 4


@upstream("HTTPRoutePathMatchOrder")
def test_an_exact_path_comes_before_a_prefix_and_a_longer_prefix_before_a_shorter(stage: Stage) -> None:
    gateway = stage.gateway()
    stage.served(
        gateway,
        rule("infra-v3", matches=[at("/order/")]),
        rule("infra-v1", matches=[at("/order/prefix/")]),
        rule("infra-v2", matches=[at("/order/prefix/one")]),
        rule("infra-v1", matches=[at("=/order")]),
        rule("infra-v2", matches=[at("=/order/exact")]),
        rule("infra-v3", matches=[at("=/order/exact/one")]),
    )
    paths = ("/order/exact/one", "/order/exact", "/order", "/order/prefix/one/x", "/order/prefix/x", "/order/x")
    assert stage.by(gateway, *paths) == ["infra-v3", "infra-v2", "infra-v1", "infra-v2", "infra-v1", "infra-v3"]


@upstream("HTTPRouteMatching")
def test_a_prefix_or_a_header_is_enough_where_matches_are_two(stage: Stage) -> None:
    gateway = stage.gateway()
    stage.served(
        gateway,
        rule("infra-v1", matches=[at("/"), at(headers="version=one")]),
        rule("infra-v2", matches=[at("/v2"), at(headers="version=two")]),
    )
    assert stage.by(gateway, "/", "/example", "/v2example", "/foo/v2/example") == ["infra-v1"] * 4
    assert stage.by(gateway, "/v2", "/v2/", "/v2/example") == ["infra-v2"] * 3
    assert stage.by(gateway, "/", Version="one") == ["infra-v1"]
    assert stage.by(gateway, "/", Version="two") == ["infra-v2"]


@upstream("HTTPRouteMatchingAcrossRoutes")
def test_rules_of_two_routes_are_ordered_as_if_they_were_of_one(stage: Stage) -> None:
    gateway = stage.gateway()
    first = rule("infra-v1", matches=[at("/"), at(headers="version=one")])
    second = rule("infra-v2", matches=[at("/v2"), at(headers="version=two")])
    stage.served(gateway, first, hostnames=["example.com", "example.net"])
    stage.served(gateway, second, hostnames=["example.com"])
    assert stage.by(gateway, "/", "/example", host="example.com") == ["infra-v1"] * 2
    assert stage.by(gateway, "/example", host="example.com", Version="one") == ["infra-v1"]
    assert stage.by(gateway, "/v2", "/v2/example", host="example.com") == ["infra-v2"] * 2
    assert stage.by(gateway, "/", host="example.com", Version="two") == ["infra-v2"]
    assert stage.by(gateway, "/v2", "/example", host="example.net") == ["infra-v1"] * 2


@upstream("HTTPRouteHeaderMatching")
def test_the_rule_with_the_most_headers_that_match_serves(stage: Stage) -> None:
    gateway = stage.gateway()
    stage.served(
        gateway,
        rule("infra-v1", matches=[at(headers="version=one")]),
        rule("infra-v2", matches=[at(headers="version=two")]),
        rule("infra-v1", matches=[at(headers="version=two color=orange")]),
        rule("infra-v1", matches=[at(headers="color=blue"), at(headers="color=green")]),
        rule("infra-v2", matches=[at(headers="color=red"), at(headers="color=yellow")]),
    )
    versions = [stage.by(gateway, "/", Version=version)[0] for version in ("one", "two")]
    assert versions == ["infra-v1", "infra-v2"]
    both = [stage.by(gateway, "/", Version="two", Color=color)[0] for color in ("orange", "blue")]
    assert both == ["infra-v1", "infra-v2"]
    colors = {color: stage.by(gateway, "/", color=color)[0] for color in ("blue", "green", "red", "yellow")}
    assert colors == {"blue": "infra-v1", "green": "infra-v1", "red": "infra-v2", "yellow": "infra-v2"}
    assert stage.by(gateway, "/", Color="orange") + stage.by(gateway, "/", Color="purple") == [404, 404]
    assert stage.by(gateway, "/", Some_Other_Header="one") == [404]


@upstream("HTTPRouteQueryParamMatching", "HTTPRouteQueryParamMatching")
def test_the_rule_with_the_most_parameters_that_match_serves(stage: Stage) -> None:
    gateway = stage.gateway()
    stage.served(
        gateway,
        rule("infra-v1", matches=[at(query="animal=whale")]),
        rule("infra-v2", matches=[at(query="animal=dolphin")]),
        rule("infra-v3", matches=[at(query="animal=dolphin color=blue"), at(query="ANIMAL=Whale")]),
        rule("infra-v1", matches=[at("/p1", query="animal=whale")]),
        rule("infra-v2", matches=[at(headers="version=one", query="animal=whale")]),
        rule("infra-v3", matches=[at("/p2", headers="version=two", query="animal=whale")]),
        rule(
            "infra-v1",
            matches=[at("/p3", query="animal=shark"), at("/p4", headers="version=three", query="animal=kraken")],
        ),
        rule("infra-v1", matches=[at("/p5")]),
        rule("infra-v2", matches=[at(query="animal=hydra")]),
        rule("infra-v3", matches=[at(headers="version=four")]),
    )
    alone = ("/?animal=whale", "/?animal=whale&other=x", "/?animal=dolphin", "/?animal=dolphin&color=yellow")
    assert stage.by(gateway, *alone) == ["infra-v1", "infra-v1", "infra-v2", "infra-v2"]
    assert stage.by(gateway, "/?animal=dolphin&color=blue", "/?ANIMAL=Whale") == ["infra-v3", "infra-v3"]
    assert stage.by(gateway, "/?color=blue", "/?animal=dog", "/?animal=whaledolphin", "/") == [404] * 4
    assert stage.by(gateway, "/p1?animal=whale", "/p3?animal=shark") == ["infra-v1", "infra-v1"]
    assert stage.by(gateway, "/?animal=whale", version="one") == ["infra-v2"]
    assert stage.by(gateway, "/p2?animal=whale", version="two") == ["infra-v3"]
    assert stage.by(gateway, "/p4?animal=kraken", version="three") == ["infra-v1"]
    assert stage.by(gateway, "/?animal=shark", "/p4?animal=kraken") == [404, 404]
    assert stage.by(gateway, "/p5?animal=hydra") == ["infra-v1"]
    assert stage.by(gateway, "/?animal=hydra", version="four") == ["infra-v3"]


@upstream("HTTPRouteMethodMatching", "HTTPRouteMethodMatching")
def test_a_method_matches_alone_and_beside_paths_and_headers(stage: Stage) -> None:
    gateway = stage.gateway()
    stage.served(
        gateway,
        rule("infra-v1", matches=[at(method="POST")]),
        rule("infra-v2", matches=[at(method="GET")]),
        rule("infra-v1", matches=[at("/p1", method="GET")]),
        rule("infra-v2", matches=[at(headers="version=one", method="PUT")]),
        rule("infra-v3", matches=[at("/p2", headers="version=two", method="POST")]),
        rule("infra-v1", matches=[at("/p3", method="PATCH"), at("/p4", headers="version=three", method="DELETE")]),
        rule("infra-v1", matches=[at("/p5")]),
        rule("infra-v2", matches=[at(method="PATCH")]),
        rule("infra-v3", matches=[at(headers="version=four")]),
    )
    assert [stage.by(gateway, "/", method=method)[0] for method in ("POST", "GET", "HEAD", "PUT")] == [
        *("infra-v1", "infra-v2"),
        *(404, 404),
    ]
    assert stage.by(gateway, "/p1") == ["infra-v1"]
    assert stage.by(gateway, "/", method="PUT", version="one") == ["infra-v2"]
    assert stage.by(gateway, "/p2", method="POST", version="two") == ["infra-v3"]
    assert stage.by(gateway, "/p3", method="PATCH") == ["infra-v1"]
    assert stage.by(gateway, "/p4", method="DELETE", version="three") == ["infra-v1"]
    assert stage.by(gateway, "/p4", method="DELETE") == [404]
    assert stage.by(gateway, "/p5", method="PATCH") == ["infra-v1"]
    assert stage.by(gateway, "/", method="PATCH", version="four") == ["infra-v2"]


INTERSECTIONS = {
    ("non.matching.com", "*.nonmatchingwildcard.io", "very.specific.com"): ("/s1", "infra-v1"),
    ("non.matching.com", "wildcard.io", "foo.wildcard.io", "bar.wildcard.io", "foo.bar.wildcard.io"): (
        *("/s2", "infra-v2"),
    ),
    ("non.matching.com", "*.specific.com"): ("/s3", "infra-v3"),
    ("*.anotherwildcard.io",): ("/s4", "infra-v1"),
}
INTERSECTING = {
    "/s1": ("very.specific.com", "very.specific.com:1234"),
    "/s2": ("foo.wildcard.io", "bar.wildcard.io", "foo.bar.wildcard.io"),
    "/s3": ("very.specific.com",),
    "/s4": ("foo.anotherwildcard.io", "bar.anotherwildcard.io", "foo.bar.anotherwildcard.io"),
}
APART = {
    "/s1": ("non.matching.com", "foo.nonmatchingwildcard.io", "foo.wildcard.io"),
    "/s2": ("non.matching.com", "wildcard.io", "very.specific.com"),
    "/s3": ("non.matching.com", "foo.specific.com", "foo.wildcard.io"),
    "/s4": ("anotherwildcard.io", "foo.wildcard.io", "very.specific.com"),
    "/s5": ("specific.but.wrong.com", "wildcard.io"),
    "/none": ("very.specific.com", "foo.wildcard.io", "foo.anotherwildcard.io"),
}


@upstream("HTTPRouteHostnameIntersection")
def test_a_route_serves_the_hostnames_that_it_shares_with_a_listener(stage: Stage) -> None:
    first = listener("one", hostname="very.specific.com")
    others = ("two", "*.wildcard.io"), ("three", "*.anotherwildcard.io")
    more = [listener(name, hostname=hostname, port=first["port"]) for name, hostname in others]
    gateway = stage.gateway(first, *more)
    for hostnames, (path, name) in INTERSECTIONS.items():
        stage.served(gateway, rule(name, matches=[at(path)]), hostnames=hostnames)
    apart = stage.route(
        gateway, rule("infra-v2", matches=[at("/s5")]), hostnames=["specific.but.wrong.com", "wildcard.io"]
    )
    stage.of_route(apart, gateway, "Accepted", "False", "NoMatchingListenerHostname")
    for path, name in INTERSECTIONS.values():
        assert [stage.ask(gateway, path, host).by for host in INTERSECTING[path]] == [name] * len(INTERSECTING[path])
    for path, hosts in APART.items():
        assert [stage.ask(gateway, path, host).by for host in hosts] == [404] * len(hosts)
    for name, routes in (("one", 2), ("two", 1), ("three", 1)):
        stage.attached(gateway, routes, name)
        status = stage.listener(gateway, name)
        assert status["supportedKinds"] == [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}]
        held = {one["type"] for one in status["conditions"] if one["status"] == "True"}
        assert {"Accepted", "ResolvedRefs"} <= held


@upstream("HTTPRouteHostnameIntersection")
def test_a_listener_without_a_hostname_leaves_the_route_s_own(stage: Stage) -> None:
    gateway = stage.gateway()
    hostnames = ["first.com", "sub.first.com", "second.com", "sub.second.com"]
    stage.served(gateway, rule("infra-v2"), hostnames=hostnames)
    assert [stage.ask(gateway, "/", host).by for host in hostnames] == ["infra-v2"] * 4
    assert [stage.ask(gateway, "/", host).by for host in ("third.com", "sub.third.com")] == [404, 404]


@upstream("HTTPRouteListenerHostnameMatching")
def test_the_listener_with_the_most_specific_hostname_serves(stage: Stage) -> None:
    first = listener("one", hostname="bar.com")
    others = ("two", "foo.bar.com"), ("three", "*.bar.com"), ("four", "*.foo.com")
    more = [listener(name, hostname=hostname, port=first["port"]) for name, hostname in others]
    gateway = stage.gateway(first, *more)
    for name, sections in {"infra-v1": ["one"], "infra-v2": ["two"], "infra-v3": ["three", "four"]}.items():
        route = stage.route([parent(gateway, sectionName=section) for section in sections], rule(name))
        stage.accepted(route, gateway)
    served = {
        "bar.com": "infra-v1",
        "foo.bar.com": "infra-v2",
        "baz.bar.com": "infra-v3",
        "boo.bar.com": "infra-v3",
        "multiple.prefixes.bar.com": "infra-v3",
        "multiple.prefixes.foo.com": "infra-v3",
        "foo.com": 404,
        "no.matching.host": 404,
    }
    assert {host: stage.ask(gateway, "/", host).by for host in served} == served


@upstream("HTTPRouteListenerPortMatching", "HTTPRouteParentRefPort", "GatewayPort8080")
def test_a_parent_s_port_chooses_the_listeners_at_it(stage: Stage) -> None:
    one, two, four = (listener(name, hostname="foo.com") for name in ("one", "two", "four"))
    three = listener("three", hostname="bar.com", port=two["port"])
    five = listener("five", hostname="bar.com", port=four["port"])
    gateway = stage.gateway(one, two, three, four, five)
    for name, ref in {
        "infra-v1": parent(gateway, port=one["port"]),
        "infra-v2": parent(gateway, port=two["port"]),
        "infra-v3": parent(gateway, port=four["port"], sectionName="four"),
    }.items():
        stage.accepted(stage.route([ref], rule(name)), gateway)
    assert stage.ask(one["port"], "/", "foo.com").by == "infra-v1"
    assert [stage.ask(two["port"], "/", host).by for host in ("foo.com", "bar.com")] == ["infra-v2"] * 2
    assert [stage.ask(four["port"], "/", host).by for host in ("foo.com", "bar.com")] == ["infra-v3", 404]


@upstream("HTTPRouteMultipleGateways", note="two ports instead of two addresses: Gateways here share one")
def test_a_route_of_two_gateways_is_served_by_each(stage: Stage) -> None:
    one, two = stage.gateway(), stage.gateway()
    shared = stage.route([parent(one), parent(two)], rule("infra-v1", matches=[at("/shared")]))
    for gateway, name in ((one, "infra-v2"), (two, "infra-v3")):
        stage.accepted(shared, gateway)
        stage.served(gateway, rule(name))
    assert stage.by(one, "/shared", "/") == ["infra-v1", "infra-v2"]
    assert stage.by(two, "/shared", "/") == ["infra-v1", "infra-v3"]


@upstream("HTTPRouteNamedRule", "HTTPRouteNamedRouteRule")
def test_a_rule_may_have_a_name(stage: Stage) -> None:
    gateway = stage.gateway()
    named = rule("infra-v1", matches=[at("/named")], name="named-rule")
    stage.served(gateway, named, rule("infra-v2", matches=[at("/unnamed")]))
    assert stage.by(gateway, "/named", "/unnamed") == ["infra-v1", "infra-v2"]


def test_expressions_match_the_whole_of_a_path_a_header_and_a_parameter(stage: Stage) -> None:
    """No upstream test: implementation-specific support in the spec."""
    gateway = stage.gateway()
    header = {"headers": [{"type": "RegularExpression", "name": "version", "value": "v[0-9]+"}]}
    query = {"queryParams": [{"type": "RegularExpression", "name": "animal", "value": "(dol|por).*"}]}
    stage.served(
        gateway,
        rule("infra-v1", matches=[at("~/v[0-9]+/chat/.*")]),
        rule("infra-v2", matches=[header]),
        rule("infra-v3", matches=[query]),
    )
    assert stage.by(gateway, "/v12/chat/x", "/v/chat/x", "/a/v1/chat/x") == ["infra-v1", 404, 404]
    assert stage.by(gateway, "/", version="v7") + stage.by(gateway, "/", version="v7a") == ["infra-v2", 404]
    assert stage.by(gateway, "/?animal=dolphin", "/?animal=a-dolphin") == ["infra-v3", 404]
