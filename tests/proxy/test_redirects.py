"""Where a redirect sends the client."""

import pytest

from turnout.proxy.redirects import Redirection
from turnout.table import PathMatch, PathModifier, Redirect

PREFIX = PathMatch("PathPrefix", "/old")
# HTTPRoute, HTTPRequestRedirectFilter: the redirect, the listener's port, Location for example.org/old/x?q=1.
LOCATIONS = [
    (Redirect(), 80, "http://example.org/old/x?q=1"),
    (Redirect(), 8080, "http://example.org:8080/old/x?q=1"),
    (Redirect(hostname="other.example"), 80, "http://other.example/old/x?q=1"),
    (Redirect(hostname="other.example"), 8080, "http://other.example:8080/old/x?q=1"),
    (Redirect(scheme="http"), 8080, "http://example.org/old/x?q=1"),
    (Redirect(scheme="https"), 80, "https://example.org/old/x?q=1"),
    (Redirect(scheme="https"), 8080, "https://example.org/old/x?q=1"),
    (Redirect(scheme="HTTPS"), 80, "https://example.org/old/x?q=1"),
    (Redirect(scheme="https", port=443), 80, "https://example.org/old/x?q=1"),
    (Redirect(scheme="https", port=8443), 80, "https://example.org:8443/old/x?q=1"),
    (Redirect(scheme="https", port=80), 80, "https://example.org:80/old/x?q=1"),
    (Redirect(scheme="http", port=443), 80, "http://example.org:443/old/x?q=1"),
    (Redirect(port=80), 8080, "http://example.org/old/x?q=1"),
    (Redirect(port=8083), 80, "http://example.org:8083/old/x?q=1"),
    (Redirect(path=PathModifier("full", "/new")), 80, "http://example.org/new?q=1"),
    (Redirect(path=PathModifier("prefix", "/new")), 80, "http://example.org/new/x?q=1"),
    (Redirect(path=PathModifier("prefix", "/")), 80, "http://example.org/x?q=1"),
]


@pytest.mark.parametrize(("redirect", "port", "location"), LOCATIONS)
def test_a_location_is_as_the_route_says_and_otherwise_as_the_request_was(
    redirect: Redirect, port: int, location: str
) -> None:
    assert Redirection(redirect, PREFIX, port).location("example.org", b"/old/x?q=1") == location.encode()


def test_without_any_host_a_location_is_a_path_and_names_none() -> None:
    redirection = Redirection(Redirect(), PathMatch("PathPrefix", "/"), 80)

    assert redirection.location("", b"//evil.example/x") == b"/evil.example/x"


def test_an_ipv6_host_keeps_its_brackets() -> None:
    assert Redirection(Redirect(), PREFIX, 8080).location("[::1]", b"/old") == b"http://[::1]:8080/old"
