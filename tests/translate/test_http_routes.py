"""Rules become the table's rules."""

from tests.support.resource_sets import CLASS, backend, gateway, http_route, pool, resource_set
from turnout.table import Match, PathMatch
from turnout.translate import Facts, Translation, translate

FACTS = Facts(gateway_port=8080, now="2026-02-02T02:02:02Z")


def test_a_rule_with_an_empty_list_of_matches_matches_every_request() -> None:
    rule = {"matches": [], "backendRefs": [backend("llm")]}
    table = translate(resource_set([CLASS, gateway(), http_route(rules=[rule])]), FACTS).table
    assert table.routes["default/route"].rules[0].matches == (Match(PathMatch("PathPrefix", "/")),)


def test_the_salt_is_the_route_s_uid_and_the_rule_s_name_or_index() -> None:
    """The UID: a route that is made again shares its keys anew. The name: rules that have one may change places."""
    rules = [{"name": "chat", "backendRefs": [backend("llm")]}, {"backendRefs": [backend("llm")]}]
    document = http_route(rules=rules)
    document["metadata"]["uid"] = "0b4c"
    table = translate(resource_set([CLASS, gateway(), document]), FACTS).table
    assert [rule.split.salt for rule in table.routes["default/route"].rules] == ["0b4c/chat", "0b4c/1"]


def test_a_route_that_no_gateway_accepts_is_not_in_the_table() -> None:
    refused = http_route(parentRefs=[{"name": "gateway", "sectionName": "none"}])
    assert translate(resource_set([CLASS, gateway(), refused, pool("llm")]), FACTS).table.routes == {}


def test_a_weight_leaves_every_other_part_of_the_table_as_it_was() -> None:
    def translation(weight: int) -> Translation:
        rules = [{"backendRefs": [backend("llm", 100 - weight), backend("llm-new", weight)]}]
        return translate(resource_set([CLASS, gateway(), http_route(rules=rules), http_route("b"), pool("llm")]), FACTS)

    before, after = translation(10), translation(50)
    assert before.statuses == after.statuses
    assert before.table.listeners == after.table.listeners
