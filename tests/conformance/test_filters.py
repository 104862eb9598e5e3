"""Filters that change a request or its answer, or that answer: upstream header modifiers, redirects and rewrites."""

from urllib.parse import urlsplit

import pytest

from tests.support.conformance import (
    Answer,
    Document,
    Stage,
    at,
    backend,
    mirror,
    modified,
    redirect,
    replaced,
    rewrite,
    rule,
    upstream,
)
from tests.support.echoes import SET_HEADERS

pytestmark = pytest.mark.e2e

CHANGES = {
    "/set": {"set_": "X-Set=set-overwrites"},
    "/add": {"add": "X-Add=add-appends"},
    "/remove": {"remove": "X-Remove"},
    "/multiple": {
        "set_": "X-Set-1=set-1 X-Set-2=set-2",
        "add": "X-Add-1=add-1 X-Add-2=add-2 X-Add-3=add-3",
        "remove": "X-Remove-1 X-Remove-2",
    },
    "/case": {"set_": "X-Set=set", "add": "X-Add=add x-Mixedcase-ADD=mixed", "remove": "X-Remove"},
}
SENT: dict[str, tuple[dict[str, str], dict[str, str | None]]] = {
    "/set?new": ({"other": "val"}, {"other": "val", "x-set": "set-overwrites"}),
    "/set?old": ({"x-set": "theirs"}, {"x-set": "set-overwrites"}),
    "/add?new": ({"other": "val"}, {"other": "val", "x-add": "add-appends"}),
    "/add?old": ({"x-add": "theirs"}, {"x-add": "theirs,add-appends"}),
    "/remove": ({"x-remove": "val"}, {"x-remove": None}),
    "/multiple": (
        {"x-set-2": "theirs", "x-add-2": "theirs", "x-remove-2": "theirs", "x-remove-1": "theirs", "another": "val"},
        {
            "x-set-1": "set-1",
            "x-set-2": "set-2",
            "x-add-1": "add-1",
            "x-add-2": "theirs,add-2",
            "x-add-3": "add-3",
            "x-remove-1": None,
            "x-remove-2": None,
            "another": "val",
        },
    ),
    "/case": (
        {"x-set": "theirs", "x-add": "theirs", "x-remove": "theirs", "another": "val"},
        {"x-set": "set", "x-add": "theirs,add", "x-remove": None, "another": "val", "X-Mixedcase-Add": "mixed"},
    ),
}
"""Of each request: the headers before the filter, and those after it."""
MODIFIED = {"set_": "X-Set=set-overwrites", "add": "X-Add=add-1 X-Append=add-2", "remove": "X-Remove"}
BEFORE = {"X-Remove": "val", "X-Append": "theirs", "X-Set": "theirs"}
AFTER = {"X-Remove": None, "X-Append": "theirs,add-2", "X-Set": "set-overwrites", "X-Add": "add-1"}


def seen(answer: Answer) -> dict[str, str | None]:
    """What the model server saw of the headers that filters here change."""
    assert answer.seen is not None
    return {name: answer.seen.values(name) for name in AFTER}


@upstream("HTTPRouteRequestHeaderModifier")
def test_request_headers_are_set_added_and_removed(stage: Stage) -> None:
    gateway = stage.gateway()
    rules = [
        rule("infra-v1", matches=[at(path)], filters=[modified("Request", **change)])
        for path, change in CHANGES.items()
    ]
    stage.served(gateway, *rules)
    for path, (before, after) in SENT.items():
        answer = stage.ask(gateway, path, **before)
        assert answer.seen is not None
        assert {name: answer.seen.values(name) for name in after} == after


@upstream("HTTPRouteBackendRequestHeaderModifier", "HTTPRouteBackendRequestHeaderModification")
def test_request_headers_are_changed_for_one_backend(stage: Stage) -> None:
    gateway = stage.gateway()
    rules = [
        rule(backend("infra-v1", filters=[modified("Request", **change)]), matches=[at(path)])
        for path, change in CHANGES.items()
    ]
    stage.served(gateway, *rules)
    for path, (before, after) in SENT.items():
        answer = stage.ask(gateway, path, **before)
        assert answer.seen is not None
        assert {name: answer.seen.values(name) for name in after} == after


@upstream("HTTPRouteRequestHeaderModifierBackendWeights", "HTTPRouteBackendRequestHeaderModification")
def test_each_backend_of_a_split_gets_its_own_headers(stage: Stage) -> None:
    gateway = stage.gateway()
    arms = [
        backend(name, weight=10, filters=[modified("Request", set_=f"Backend={name}")])
        for name in ("infra-v1", "infra-v2")
    ]
    stage.served(gateway, rule(*arms))
    answers = stage.flood(gateway, "/", 100)
    assert [answer.seen.values("backend") if answer.seen else None for answer in answers] == [
        answer.by for answer in answers
    ]
    assert {answer.by for answer in answers} == {"infra-v1", "infra-v2"}


@upstream("HTTPRouteResponseHeaderModifier", "HTTPRouteResponseHeaderModification")
def test_response_headers_are_set_added_and_removed(stage: Stage) -> None:
    gateway = stage.gateway()
    rules = [
        rule("infra-v1", matches=[at(path)], filters=[modified("Response", **change)])
        for path, change in CHANGES.items()
    ]
    both = [modified("Response", **CHANGES["/multiple"]), modified("Request", **MODIFIED)]
    stage.served(gateway, *rules, rule("infra-v1", matches=[at("/both")], filters=both))
    for path, (before, after) in SENT.items():
        told = ",".join(f"{name}={value}" for name, value in before.items())
        answer = stage.ask(gateway, path, **{SET_HEADERS: told})
        assert {name: answer.values(name) for name in after} == after
    before, after = SENT["/multiple"]
    told = ",".join(f"{name}={value}" for name, value in before.items())
    answer = stage.ask(gateway, "/both", **BEFORE, **{SET_HEADERS: told})
    assert {name: answer.values(name) for name in after} == after
    assert seen(answer) == AFTER


def test_response_headers_are_changed_for_one_backend(stage: Stage) -> None:
    """No upstream test."""
    gateway = stage.gateway()
    arms = [backend(name, filters=[modified("Response", set_=f"Backend={name}")]) for name in ("infra-v1", "infra-v2")]
    stage.served(gateway, rule(*arms))
    answers = stage.flood(gateway, "/", 10)
    assert [answer.values("backend") for answer in answers] == [answer.by for answer in answers]


Places = dict[str, tuple[Document, int, str]]
"""Of each path: its redirect, the code, and the Location with `{0}` for the port that its listener is served at."""


def redirected(stage: Stage, places: Places, method: str = "GET") -> None:
    """Each path is answered as it says, and nobody is asked."""
    gateway = stage.gateway()
    rules = [rule(matches=[at(path)], filters=[redirect(**said)]) for path, (said, _, _) in places.items()]
    stage.served(gateway, *rules)
    answers = {path: stage.ask(gateway, path, method=method) for path in places}
    wanted = {path: (code, place.format(gateway.port)) for path, (_, code, place) in places.items()}
    assert {path: (answer.code, answer.values("location")) for path, answer in answers.items()} == wanted


@upstream("HTTPRouteRedirectHostAndStatus")
def test_a_redirect_to_another_host_keeps_path_and_port(stage: Stage) -> None:
    host = {"hostname": "example.org"}
    redirected(
        stage,
        {
            "/host": (host, 302, "http://example.org:{0}/host"),
            "/host-and-status": ({**host, "statusCode": 301}, 301, "http://example.org:{0}/host-and-status"),
        },
    )


@upstream("HTTPRouteRedirectPath", "HTTPRoutePathRedirect")
def test_a_redirect_replaces_the_prefix_or_the_whole_path(stage: Stage) -> None:
    gateway = stage.gateway()
    prefix, full = replaced(prefix="/new-prefix"), replaced(full="/new-path")
    said: dict[str, Document] = {
        "/original": {"path": prefix},
        "/full": {"path": full},
        "/path-and-host": {"hostname": "example.org", "path": prefix},
        "/path-and-status": {"path": prefix, "statusCode": 301},
        "/full-and-host": {"hostname": "example.org", "path": full},
        "/full-and-status": {"path": full, "statusCode": 301},
    }
    stage.served(gateway, *(rule(matches=[at(path)], filters=[redirect(**each)]) for path, each in said.items()))
    wanted = {
        "/original/lemon": (302, "redirect.test", "/new-prefix/lemon"),
        "/full/path/original": (302, "redirect.test", "/new-path"),
        "/path-and-host": (302, "example.org", "/new-prefix"),
        "/path-and-status": (301, "redirect.test", "/new-prefix"),
        "/full-and-host": (302, "example.org", "/new-path"),
        "/full-and-status": (301, "redirect.test", "/new-path"),
    }
    for path, (code, host, place) in wanted.items():
        answer = stage.ask(gateway, path, "redirect.test")
        location = urlsplit(answer.values("location") or "")
        assert (answer.code, location.hostname, location.path) == (code, host, place)


@upstream("HTTPRouteRedirectPort", "HTTPRoutePortRedirect")
def test_a_redirect_to_another_port(stage: Stage) -> None:
    redirected(
        stage,
        {
            "/port": ({"port": 8083}, 302, "http://127.0.0.1:8083/port"),
            "/port-and-host": ({"port": 8083, "hostname": "example.org"}, 302, "http://example.org:8083/port-and-host"),
            "/port-and-status": ({"port": 8083, "statusCode": 301}, 301, "http://127.0.0.1:8083/port-and-status"),
            "/all": ({"port": 8083, "hostname": "example.org", "statusCode": 302}, 302, "http://example.org:8083/all"),
        },
    )


@upstream("HTTPRouteRedirectScheme", "HTTPRouteSchemeRedirect")
def test_a_redirect_to_another_scheme_is_to_its_own_port(stage: Stage) -> None:
    secure = {"scheme": "https"}
    redirected(
        stage,
        {
            "/scheme": (secure, 302, "https://127.0.0.1/scheme"),
            "/scheme-and-host": ({**secure, "hostname": "example.org"}, 302, "https://example.org/scheme-and-host"),
            "/scheme-and-status": ({**secure, "statusCode": 301}, 301, "https://127.0.0.1/scheme-and-status"),
            "/all": ({**secure, "hostname": "example.org", "statusCode": 302}, 302, "https://example.org/all"),
        },
    )


@upstream(
    "HTTPRouteRedirectPortAndScheme",
    "HTTPRoutePortRedirect",
    "GatewayPort8080",
    note="without listeners at port 80, and of protocol HTTPS",
)
def test_a_redirect_names_a_port_unless_the_scheme_does(stage: Stage) -> None:
    host = {"hostname": "example.org"}
    redirected(
        stage,
        {
            "/nil-nil": (host, 302, "http://example.org:{0}/nil-nil"),
            "/nil-80": ({**host, "port": 80}, 302, "http://example.org/nil-80"),
            "/nil-8080": ({**host, "port": 8080}, 302, "http://example.org:8080/nil-8080"),
            "/https-nil": ({**host, "scheme": "https"}, 302, "https://example.org/https-nil"),
            "/https-443": ({**host, "scheme": "https", "port": 443}, 302, "https://example.org/https-443"),
            "/https-8443": ({**host, "scheme": "https", "port": 8443}, 302, "https://example.org:8443/https-8443"),
            "/http-nil": ({**host, "scheme": "http"}, 302, "http://example.org/http-nil"),
        },
    )


@upstream("HTTPRoute303Redirect", "HTTPRoute303RedirectStatusCode")
def test_a_redirect_to_see_other_answers_a_post(stage: Stage) -> None:
    redirected(stage, {"/see-other": ({"statusCode": 303}, 303, "http://127.0.0.1:{0}/see-other")}, "POST")


@upstream("HTTPRoute307Redirect", "HTTPRoute307RedirectStatusCode")
def test_a_temporary_redirect(stage: Stage) -> None:
    redirected(stage, {"/temporary": ({"statusCode": 307}, 307, "http://127.0.0.1:{0}/temporary")})


@upstream("HTTPRoute308Redirect", "HTTPRoute308RedirectStatusCode")
def test_a_permanent_redirect(stage: Stage) -> None:
    redirected(stage, {"/permanent": ({"statusCode": 308}, 308, "http://127.0.0.1:{0}/permanent")})


def test_a_redirect_beside_filters_that_it_leaves_nothing_to_is_refused(stage: Stage) -> None:
    """No upstream test."""
    gateway = stage.gateway()
    route = stage.route(gateway, rule(filters=[redirect(scheme="https"), mirror("infra-v2")]))
    message = stage.of_route(route, gateway, "Accepted", "False", "IncompatibleFilters")
    assert "RequestRedirect and RequestMirror cannot be combined" in message


def test_the_headers_of_a_redirect_can_be_changed(stage: Stage) -> None:
    """No upstream test."""
    gateway = stage.gateway()
    filters = [redirect(path=replaced(prefix="/")), modified("Response", set_="x-moved=yes")]
    stage.served(gateway, rule(matches=[at("/redirected")], filters=filters))
    answer = stage.ask(gateway, "/redirected/x")
    assert answer.values("location") == f"http://127.0.0.1:{gateway.port}/x"
    assert answer.values("x-moved") == "yes"


def test_a_redirect_and_a_rewrite_keep_the_query(stage: Stage) -> None:
    """No upstream test."""
    gateway = stage.gateway()
    root = replaced(prefix="/")
    stage.served(
        gateway,
        rule(matches=[at("/redirected")], filters=[redirect(path=root)]),
        rule("infra-v1", matches=[at("/rewritten")], filters=[rewrite(path=root)]),
    )
    paths = ("/redirected?a=b", "/redirected/x?a=1&b=%20", "/redirected//evil.com/x")
    origin = f"http://127.0.0.1:{gateway.port}"
    locations = [stage.ask(gateway, path).values("location") for path in paths]
    assert locations == [f"{origin}/?a=b", f"{origin}/x?a=1&b=%20", f"{origin}/evil.com/x"]
    seen_paths = [stage.ask(gateway, path).seen for path in ("/rewritten?a=b", "/rewritten/x?a=1")]
    assert [each.path for each in seen_paths if each] == ["/?a=b", "/x?a=1"]


@upstream("HTTPRouteRewriteHost", "HTTPRouteHostRewrite")
def test_the_host_is_rewritten(stage: Stage) -> None:
    gateway = stage.gateway()
    stage.served(
        gateway,
        rule("infra-v1", matches=[at("/one")], filters=[rewrite(hostname="one.example.org")]),
        rule("infra-v2", filters=[rewrite(hostname="example.org")]),
        rule(
            "infra-v2",
            matches=[at("/both")],
            filters=[rewrite(hostname="test.example.org"), modified("Request", **MODIFIED)],
        ),
        hostnames=["rewrite.example"],
    )
    answers = [stage.ask(gateway, path, "rewrite.example") for path in ("/one", "/two")]
    assert [(each.seen.path, each.seen.host, each.by) for each in answers if each.seen] == [
        ("/one", "one.example.org", "infra-v1"),
        ("/two", "example.org", "infra-v2"),
    ]
    both = stage.ask(gateway, "/both", "rewrite.example", **BEFORE)
    assert both.seen is not None
    assert (both.seen.host, both.by) == ("test.example.org", "infra-v2")
    assert seen(both) == AFTER


PATHS = {
    "/prefix/one/two": "/one/two",
    "/strip/three": "/three",
    "/strip": "/",
    "/full/one/two": "/one",
    "/full/both/test": "/test",
    "/prefix/both/one": "/prefix/one",
}


@upstream("HTTPRouteRewritePath", "HTTPRoutePathRewrite")
def test_the_prefix_or_the_whole_path_is_rewritten(stage: Stage) -> None:
    gateway = stage.gateway()
    change = modified("Request", **MODIFIED)
    filters = {
        "/prefix/one": [rewrite(path=replaced(prefix="/one"))],
        "/strip": [rewrite(path=replaced(prefix="/"))],
        "/full/one": [rewrite(path=replaced(full="/one"))],
        "/full/both": [rewrite(path=replaced(full="/test")), change],
        "/prefix/both": [rewrite(path=replaced(prefix="/prefix")), change],
    }
    stage.served(gateway, *(rule("infra-v1", matches=[at(path)], filters=each) for path, each in filters.items()))
    for path, wanted in PATHS.items():
        answer = stage.ask(gateway, path, **BEFORE)
        assert answer.seen is not None
        assert answer.seen.path == wanted
        if "both" in path:
            assert seen(answer) == AFTER


@upstream("HTTPRouteBackendURLRewrite", "HTTPRouteBackendURLRewrite")
def test_the_path_is_rewritten_for_one_backend(stage: Stage) -> None:
    gateway = stage.gateway()
    changes = {"/full": replaced(full="/new-full"), "/prefix": replaced(prefix="/new-prefix")}
    stage.served(
        gateway,
        *(
            rule(backend("infra-v1", filters=[rewrite(path=change)]), matches=[at(path)])
            for path, change in changes.items()
        ),
    )
    answers = [stage.ask(gateway, path) for path in ("/full/original", "/prefix/original")]
    assert [each.seen.path for each in answers if each.seen] == ["/new-full", "/new-prefix/original"]


@upstream(
    "HTTPRouteBackendRequestRedirect",
    "HTTPRouteBackendRequestRedirect",
    outcome="refused",
    note="`Accepted=False`, `UnsupportedValue`: a redirect is the rule's own filter",
)
def test_a_redirect_for_one_backend_is_refused(stage: Stage) -> None:
    gateway = stage.gateway()
    change = redirect(path=replaced(full="/redirected"))
    route = stage.route(gateway, rule(backend("infra-v1", filters=[change])))
    message = stage.of_route(route, gateway, "Accepted", "False", "UnsupportedValue")
    assert "rules[0].backendRefs[0].filters[0].type RequestRedirect" in message
    assert stage.by(gateway, "/") == [404]
