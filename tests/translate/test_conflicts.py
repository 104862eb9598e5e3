"""Listeners that no request could be told to be meant for."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.resource_sets import CLASS, gateway, http_route, pool, resource_set
from turnout.translate import Facts, Translation, translate
from turnout.translate.conflicts import Claim, conflicts

Document = dict[str, Any]
FACTS = Facts(gateway_port=8080, now="2026-02-02T02:02:02Z")


def listener(name: str, port: int, protocol: str = "HTTP", **more: Any) -> Document:
    tls = {"tls": {"certificateRefs": [{"name": "cert"}]}} if protocol in ("HTTPS", "TLS") else {}
    return {"name": name, "port": port, "protocol": protocol, **tls, **more}


def aged(document: Document, created: str) -> Document:
    return {**document, "metadata": document["metadata"] | {"creationTimestamp": created}}


def conditions(found: Translation, gateway: str, name: str) -> dict[str, tuple[str, str]]:
    """(status, reason) of the listener's conditions by type."""
    status: Any = found.statuses["Gateway", f"default/{gateway}"]
    (entry,) = (one for one in status["listeners"] if one["name"] == name)
    return {one["type"]: (one["status"], one["reason"]) for one in entry["conditions"]}


def listed(found: Translation) -> list[tuple[str, str, int]]:
    return [(one.gateway.name, one.name, one.served_port) for one in found.table.listeners]


def test_of_plain_and_tls_at_one_port_neither_wins() -> None:
    one = gateway(listeners=[listener("a", 443), listener("b", 443, "HTTPS"), listener("c", 80)])
    found = translate(resource_set([CLASS, one]), FACTS)
    assert conditions(found, "gateway", "a")["Conflicted"] == ("True", "ProtocolConflict")
    assert conditions(found, "gateway", "a")["Accepted"] == ("False", "ProtocolConflict")
    assert conditions(found, "gateway", "a")["Programmed"] == ("False", "Invalid")
    assert conditions(found, "gateway", "b")["Conflicted"] == ("True", "ProtocolConflict")
    assert conditions(found, "gateway", "b")["Accepted"] == ("False", "ProtocolConflict")
    assert conditions(found, "gateway", "c")["Conflicted"] == ("False", "NoConflicts")
    assert listed(found) == [("gateway", "c", 8080)]


def test_a_protocol_that_is_never_served_conflicts_with_none() -> None:
    one = gateway(listeners=[listener("a", 80), listener("b", 80, "TCP"), listener("c", 80, "UDP")])
    found = translate(resource_set([CLASS, one]), FACTS)
    assert conditions(found, "gateway", "a")["Accepted"] == ("True", "Accepted")
    assert conditions(found, "gateway", "b")["Conflicted"] == ("False", "NoConflicts")


def test_the_older_gateway_keeps_the_port_and_hostname_that_a_younger_one_wants() -> None:
    main = aged(gateway("main"), "2024-01-01T00:00:00Z")
    old = aged(
        gateway("z-old", listeners=[listener("a", 81), listener("b", 81, hostname="b.com")]), "2025-01-01T00:00:00Z"
    )
    young = aged(
        gateway("a-young", listeners=[listener("a", 81), listener("b", 81, hostname="c.com")]), "2026-01-01T00:00:00Z"
    )
    found = translate(resource_set([CLASS, main, old, young]), FACTS)
    assert conditions(found, "z-old", "a")["Accepted"] == ("True", "Accepted")
    assert conditions(found, "a-young", "a")["Conflicted"] == ("True", "HostnameConflict")
    assert conditions(found, "a-young", "a")["Accepted"] == ("False", "HostnameConflict")
    assert conditions(found, "a-young", "b")["Conflicted"] == ("False", "NoConflicts")
    assert listed(found) == [
        ("main", "http", 8080), ("z-old", "a", 81), ("z-old", "b", 81), ("a-young", "b", 81),
    ]  # fmt: skip


def test_the_listener_at_the_gateway_s_own_port_keeps_it_from_one_that_names_it() -> None:
    one = gateway(listeners=[listener("main", 80), listener("named", 8080)])
    found = translate(resource_set([CLASS, one]), FACTS)
    assert listed(found) == [("gateway", "main", 8080)]
    assert conditions(found, "gateway", "named")["Conflicted"] == ("True", "HostnameConflict")


def test_a_gateway_that_is_not_served_keeps_nothing_from_others() -> None:
    lost = gateway("a", listeners=[listener("a", 81)], infrastructure={"parametersRef": {
        "group": "turnout.dev", "kind": "GatewayParameters", "name": "none"}})  # fmt: skip
    fine = gateway("b", listeners=[listener("a", 80), listener("b", 81)])
    found = translate(resource_set([CLASS, lost, fine]), FACTS)
    assert listed(found) == [("b", "a", 8080), ("b", "b", 81)]


def test_a_route_to_a_conflicted_listener_alone_is_told_that_it_is_not_served() -> None:
    one = gateway(listeners=[listener("a", 443), listener("b", 443, "HTTPS")])
    found = translate(resource_set([CLASS, one, http_route(), pool("llm")]), FACTS)
    status: Any = found.statuses["HTTPRoute", "default/route"]
    accepted = status["parents"][0]["conditions"][0]
    assert (accepted["type"], accepted["status"]) == ("Accepted", "True")
    assert "none of which is served" in accepted["message"]


claims = st.lists(
    st.builds(
        Claim,
        gateway=st.sampled_from(["a", "b", "c"]),
        name=st.uuids().map(str),
        protocol=st.sampled_from(["HTTP", "HTTP", "HTTPS", "TLS"]),
        port=st.sampled_from([80, 81]),
        hostname=st.sampled_from(["", "a.com", "*.a.com"]),
    ),
    max_size=8,
)


@given(claims)
@settings(max_examples=100, deadline=None)
def test_what_is_left_is_distinct_and_a_later_claim_changes_nothing_before_it(wanted: list[Claim]) -> None:
    found = conflicts(wanted)
    left = [one for one in wanted if (one.gateway, one.name) not in found]
    assert len({(one.port, one.hostname) for one in left}) == len(left)
    assert len({(one.port, one.protocol == "HTTP") for one in left}) == len({one.port for one in left})
    assert {key: found[key] for key in conflicts(wanted[:-1])} == conflicts(wanted[:-1])
    # Nobody is refused without one that is in the way.
    for one in wanted:
        if (one.gateway, one.name) in found:
            assert any(other.port == one.port for other in left)
