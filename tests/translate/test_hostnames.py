"""Two hostnames intersect when some host matches both."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.translate.hostnames import intersect

NAMES = st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map(".".join)
HOSTNAMES = st.one_of(NAMES, NAMES.map(lambda name: f"*.{name}"))
HOSTS = [".".join(labels) for n in range(1, 7) for labels in product("ab", repeat=n)]


def matches(hostname: str, host: str) -> bool:
    return host.endswith(hostname[1:]) and host != hostname[2:] if hostname.startswith("*.") else host == hostname


@given(HOSTNAMES, HOSTNAMES)
def test_hostnames_intersect_exactly_when_a_host_matches_both(one: str, other: str) -> None:
    assert intersect(one, [other]) == any(matches(one, host) and matches(other, host) for host in HOSTS)


@pytest.mark.parametrize(("listener", "route"), [("", ["a.b"]), ("a.b", []), ("", [])])
def test_no_hostname_is_every_host(listener: str, route: list[str]) -> None:
    assert intersect(listener, route)


def test_one_common_hostname_is_enough() -> None:
    assert intersect("*.a.b", ["c.d", "x.a.b"])


def test_a_label_is_not_cut() -> None:
    assert not intersect("*.a.b", ["xa.b"])
