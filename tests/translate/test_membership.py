"""A pool's members are the ModelServers that its selector selects."""

from tests.support.resource_sets import model_server, pool, resource_set
from turnout.resources.set import ResourceSet
from turnout.translate import host_names, membership
from turnout.translate.accesses import Accesses, find_accesses
from turnout.translate.pool_policies import find_pool_policies


def addresses(found: ResourceSet, resolved: dict[str, str] | None = None) -> dict[str, list[str]]:
    return {key: [member.address for member in members] for key, members in membership(found, resolved or {}).items()}


def accesses(found: ResourceSet) -> Accesses:
    return find_accesses(found, find_pool_policies(found.inference_pool_policies))


def test_a_server_is_a_member_of_the_pools_that_select_its_labels() -> None:
    found = resource_set([pool("llm"), pool("other"), model_server("s")])
    [member] = membership(found, {})["default/llm"]
    assert member == ("default/s", "127.0.0.1:8000", "vllm", False)
    assert membership(found, {})["default/other"] == ()


def test_all_pairs_of_a_selector_must_hold() -> None:
    strict = pool("llm", selector={"matchLabels": {"app": "llm", "tier": "gold"}})
    assert addresses(resource_set([strict, model_server("s")])) == {"default/llm": []}


def test_a_server_of_another_namespace_is_no_member() -> None:
    assert addresses(resource_set([pool("llm"), model_server("s", namespace="models")])) == {"default/llm": []}


def test_each_target_port_is_an_endpoint() -> None:
    found = resource_set([pool("llm", targetPorts=[{"number": 8001}, {"number": 8000}]), model_server("s")])
    assert addresses(found) == {"default/llm": ["127.0.0.1:8000", "127.0.0.1:8001"]}


def test_a_server_s_own_port_overrides_the_pool_s() -> None:
    assert addresses(resource_set([pool("llm"), model_server("s", port=9001)])) == {"default/llm": ["127.0.0.1:9001"]}


def test_a_host_name_is_a_member_once_it_is_resolved() -> None:
    found = resource_set([pool("llm"), model_server("s", address="gpu-1.local")])
    assert host_names(found) == ("gpu-1.local",)
    assert addresses(found) == {"default/llm": []}
    assert addresses(found, {"gpu-1.local": "192.0.2.7"}) == {"default/llm": ["192.0.2.7:8000"]}


def test_an_ipv6_address_is_in_brackets() -> None:
    found = resource_set([pool("llm"), model_server("s", address="::1")])
    assert host_names(found) == ()
    assert addresses(found) == {"default/llm": ["[::1]:8000"]}


def test_members_are_sorted_by_server() -> None:
    servers = [model_server(name, port=port) for name, port in (("c", 3), ("a", 1), ("b", 2))]
    assert addresses(resource_set([pool("llm"), *servers])) == {
        "default/llm": ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]
    }


def test_a_server_that_asks_for_tls_or_a_key_is_never_sent_plain_requests() -> None:
    found = resource_set([pool("llm"), model_server("s", tls={}), model_server("t")])
    members = membership(found, {}, accesses(found))["default/llm"]
    assert {member.name: member.secured for member in members} == {"default/s": True, "default/t": False}


def test_a_server_whose_references_lead_nowhere_is_no_member() -> None:
    found = resource_set([pool("llm"), model_server("s", apiKeySecretRef={"name": "none"})])
    assert membership(found, {}, accesses(found)) == {"default/llm": ()}
