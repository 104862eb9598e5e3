"""A translator that has seen other resources before gives what a new one would."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.resource_sets import (
    CLASS,
    gateway,
    http_route,
    model_server,
    pool,
    reference_grant,
    resource_set,
    rollout,
    stored,
    with_statuses,
)
from tests.support.written_sets import FACTS, gateways, http_routes, resource_sets
from turnout.resources.metadata import Resource
from turnout.resources.set import HOMES, ResourceSet
from turnout.translate import Translation, Translator, translate

Document = dict[str, Any]
NAMES = ["r0", "r1", "r2"]
KEY = {"name": "key", "key": "apiKey"}


@st.composite
def edits(draw: st.DrawFn) -> Document:
    """An object that comes, or takes the place of another of its name."""
    namespace = draw(st.sampled_from(["default", "team"]))
    kind = draw(st.integers(0, 8))
    if kind == 0:
        return draw(http_routes(draw(st.sampled_from(NAMES))))
    if kind == 1:
        return draw(gateways(draw(st.sampled_from(["g0", "g1"]))))
    if kind == 2:
        protocol = draw(st.sampled_from(["http", "http", "kubernetes.io/h2c"]))
        return pool(draw(st.sampled_from(["llm", "llm-new", "h2c"])), namespace=namespace, appProtocol=protocol)
    if kind == 3:
        return reference_grant(f"grant{draw(st.integers(0, 1))}", namespace=draw(st.sampled_from(["team", "default"])))
    if kind == 4:
        labels = draw(st.dictionaries(st.sampled_from(["a", "b"]), st.just("x"), max_size=2))
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}
    if kind == 5:
        asked: list[Document] = [{}, {"tls": {}}, {"apiKeySecretRef": KEY}]
        return model_server("s", namespace=namespace, **draw(st.sampled_from(asked)))
    if kind == 6:
        data = draw(st.sampled_from([{"apiKey": "czNjcmV0"}, {"apiKey": "b3RoZXI="}, {}]))
        return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key", "namespace": namespace}, "data": data}
    if kind == 7:
        target = {"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "llm"}
        spec = draw(
            st.fixed_dictionaries(
                {"upstream": st.sampled_from([{}, {"tls": {}}, {"apiKeySecretRef": KEY}])},
                optional={"outlier": st.sampled_from([{}, {"consecutiveErrors": 1}]), "retryBudget": st.just({})},
            )
        )
        return {
            "apiVersion": "turnout.dev/v1alpha1",
            "kind": "InferencePoolPolicy",
            "metadata": {"name": "policy", "namespace": namespace},
            "spec": {"targetRefs": [target], **spec},
        }
    weight = draw(st.integers(0, 100))
    document = rollout(draw(st.sampled_from(["o0", "o1"])), namespace=namespace, route=draw(st.sampled_from(NAMES)))
    status = {"overlay": draw(st.sampled_from(["Active", "Active", "Released"])), "weights": {"desired": weight}}
    return {**document, "status": status}


def home(resource: Resource) -> str:
    return HOMES[type(resource)]


def put(of: ResourceSet, resource: Resource) -> ResourceSet:
    return replace(of, **{home(resource): {**getattr(of, home(resource)), resource.key: resource}})


def without(of: ResourceSet, kind: str, key: str) -> ResourceSet:
    return replace(of, **{kind: {other: one for other, one in getattr(of, kind).items() if other != key}})


def all_of(of: ResourceSet) -> list[tuple[str, str]]:
    return [(kind, key) for kind in of.__struct_fields__ for key in getattr(of, kind)]


def accept(of: ResourceSet, found: Translation) -> ResourceSet:
    """The set once the statuses are written: only objects whose status is another are other objects."""
    written = with_statuses(of, found.statuses)
    for kind in of.__struct_fields__:
        for key, one in getattr(written, kind).items():
            if one != getattr(of, kind)[key]:
                of = put(of, one)
    return of


@given(resource_sets(), st.data())
@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_sequence_of_changes_ends_where_a_fresh_translation_does(
    documents: list[Document], data: st.DataObject
) -> None:
    translator = Translator()
    found = resource_set(documents)
    for _ in range(data.draw(st.integers(1, 6))):
        for _ in range(data.draw(st.integers(1, 2))):
            there = all_of(found)
            if there and data.draw(st.integers(0, 3)) == 0:
                found = without(found, *data.draw(st.sampled_from(there)))
            else:
                found = put(found, stored(data.draw(edits())))
        facts = replace(FACTS, unavailable={} if data.draw(st.integers(0, 5)) == 0 else FACTS.unavailable)
        told = translator.translate(found, facts)
        fresh = translate(found, facts)
        assert told == fresh
        assert list(told.table.routes) == list(fresh.table.routes)
        assert list(told.table.pools) == list(fresh.table.pools)
        assert list(told.statuses) == list(fresh.statuses)
        assert list(told.table.vault) == list(fresh.table.vault)
        if data.draw(st.booleans()):
            found = accept(found, told)


def three_routes() -> ResourceSet:
    return resource_set([CLASS, gateway(), pool("llm"), *(http_route(name) for name in NAMES)])


def test_an_edited_route_leaves_every_other_part_the_same_object() -> None:
    translator = Translator()
    found = three_routes()
    before = translator.translate(found, FACTS)
    match = {"path": {"type": "Exact", "value": "/other"}}
    edited = http_route("r1", rules=[{"matches": [match], "backendRefs": []}])
    after = translator.translate(put(found, stored(edited)), FACTS)
    assert after.table.routes["default/r1"] != before.table.routes["default/r1"]
    assert after.table.routes["default/r0"] is before.table.routes["default/r0"]
    assert after.table.listeners is before.table.listeners
    assert after.table.pools is before.table.pools
    assert after.statuses["HTTPRoute", "default/r0"] is before.statuses["HTTPRoute", "default/r0"]


def test_statuses_that_are_written_leave_the_table_the_same_objects() -> None:
    translator = Translator()
    found = three_routes()
    before = translator.translate(found, FACTS)
    after = translator.translate(accept(found, before), FACTS)
    assert after.table.routes is before.table.routes
    assert after.table.listeners is before.table.listeners


def test_a_status_that_somebody_overwrites_is_worked_out_anew() -> None:
    translator = Translator()
    found = three_routes()
    first = translator.translate(found, FACTS)
    found = accept(found, first)
    translator.translate(found, FACTS)
    spoilt = put(found, replace(found.http_routes["default/r0"], status={}))
    assert (
        translator.translate(spoilt, FACTS).statuses["HTTPRoute", "default/r0"]
        == first.statuses["HTTPRoute", "default/r0"]
    )


def test_a_pool_that_comes_is_looked_for_by_the_routes_that_name_it_alone() -> None:
    translator = Translator()
    found = resource_set([CLASS, gateway(), pool("llm"), http_route("r0"), http_route("r1", rules=[rule_to("new")])])
    before = translator.translate(found, FACTS).table
    after = translator.translate(put(found, stored(pool("new"))), FACTS).table
    assert before.routes["default/r1"].rules[0].split.backends[0].invalid == "BackendNotFound"
    assert after.routes["default/r1"].rules[0].split.backends[0].invalid == ""
    assert after.routes["default/r0"] is before.routes["default/r0"]


def test_a_translation_that_failed_is_followed_by_a_whole_one() -> None:
    translator = Translator()
    found = three_routes()
    translator.translate(found, FACTS)
    broken: Any = put(found, replace(found.http_routes["default/r1"], spec=None))  # what no admission lets through
    try:
        translator.translate(broken, FACTS)
    except AttributeError:
        pass
    else:
        raise AssertionError("a route without a spec was translated")
    assert translator.translate(found, FACTS) == translate(found, FACTS)


def rule_to(name: str) -> Document:
    return {"backendRefs": [{"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": name}]}


def test_a_grant_that_goes_is_missed_by_the_routes_that_lead_to_another_namespace() -> None:
    translator = Translator()
    afar = http_route("r0", rules=[{"backendRefs": [{**rule_to("llm")["backendRefs"][0], "namespace": "team"}]}])
    grant = reference_grant("grant", namespace="team")
    found = resource_set([CLASS, gateway(), pool("llm", namespace="team"), grant, afar])
    before = translator.translate(found, FACTS).table
    after = translator.translate(without(found, "reference_grants", "team/grant"), FACTS).table
    assert before.routes["default/r0"].rules[0].split.backends[0].invalid == ""
    assert after.routes["default/r0"].rules[0].split.backends[0].invalid == "RefNotPermitted"


def test_a_namespace_that_loses_its_label_loses_its_routes() -> None:
    def namespace(**labels: str) -> Document:
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "labels": labels}}

    translator = Translator()
    allowed = {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"may": "yes"}}}}
    listeners = [{"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": allowed}]
    documents = [CLASS, gateway(listeners=listeners), pool("llm"), http_route(), namespace(may="yes")]
    found = resource_set(documents)
    assert set(translator.translate(found, FACTS).table.routes) == {"default/route"}
    assert set(translator.translate(put(found, stored(namespace())), FACTS).table.routes) == set()
