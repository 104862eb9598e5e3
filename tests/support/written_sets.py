"""Generated sets of objects, right by their schemas: whatever translation may meet."""

from typing import Any

from hypothesis import strategies as st

from tests.support.resource_sets import (
    CLASS,
    backend,
    gateway,
    gateway_parameters,
    http_route,
    model_server,
    pool,
    reference_grant,
)
from turnout.translate import Facts

Document = dict[str, Any]
FACTS = Facts(gateway_port=8080, now="2026-02-02T02:02:02Z", unavailable={9000: "Address already in use"})
OTHER_CLASS = {**CLASS, "metadata": {"name": "other"}, "spec": {"controllerName": "example.com/gateway"}}
PARAMETERS_REF = {"group": "turnout.dev", "kind": "GatewayParameters", "namespace": "default", "name": "p"}
TUNED_CLASS = {
    **CLASS,
    "metadata": {"name": "tuned"},
    "spec": CLASS["spec"] | {"parametersRef": PARAMETERS_REF},
}
NAMESPACES = ["default", "team"]
HOSTNAMES = ["a.com", "*.a.com", "x.a.com", "b.org"]
WORDS = ["type", "status", "conditions", "controllerName", "parentRef", "name", "Accepted", "turnout.dev/gateway", "l0"]
GARBAGE = st.recursive(
    st.none() | st.integers() | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=6,
)
STATUSES = st.dictionaries(st.sampled_from(["parents", "conditions", "listeners", "addresses"]), GARBAGE, max_size=3)
rare = st.integers(0, 7).map(lambda number: number == 7)
AGES = st.sampled_from(["2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"])

listeners = st.fixed_dictionaries(
    {
        "port": st.sampled_from([80, 81, 8080, 9000]),
        "protocol": st.sampled_from(["HTTP", "HTTP", "HTTP", "HTTP", "HTTPS", "TCP"]),
    },
    optional={
        "hostname": st.sampled_from(HOSTNAMES),
        "allowedRoutes": st.sampled_from(
            [
                *[{"namespaces": {"from": "All"}}] * 6,
                {
                    "namespaces": {
                        "from": "Selector",
                        "selector": {"matchLabels": {"kubernetes.io/metadata.name": "team"}},
                    }
                },
                {"kinds": [{"kind": "GRPCRoute"}]},
            ]
        ),
    },
)


@st.composite
def gateways(draw: st.DrawFn, name: str) -> Document:
    found: dict[tuple[Any, ...], Document] = {}
    for listener in draw(st.lists(listeners, min_size=1, max_size=3)):
        if listener["protocol"] == "HTTPS":
            listener["tls"] = {"certificateRefs": [{"name": "cert"}]}
        if listener["protocol"] == "TCP":
            listener.pop("hostname", None)
        key = (listener["port"], listener["protocol"], listener.get("hostname"))
        found.setdefault(key, {"name": f"l{len(found)}", **listener})
    document = gateway(name, listeners=list(found.values()))
    document["spec"]["gatewayClassName"] = draw(
        st.sampled_from(["turnout", "turnout", "turnout", "turnout", "other", "tuned", "none"])
    )
    if draw(rare):
        ref = {name: PARAMETERS_REF[name] for name in ("group", "kind")} | {
            "name": draw(st.sampled_from(["p", "none"]))
        }
        document["spec"]["infrastructure"] = {"parametersRef": ref, "labels": {"a": "b"}}
    addresses = st.sampled_from(
        [[], [], [], [{"value": "127.0.0.1"}], [{"value": "192.0.2.1"}], [{"type": "Hostname"}]]
    )
    document["spec"]["addresses"] = draw(addresses)
    document["metadata"]["creationTimestamp"] = draw(AGES)
    document["status"] = draw(STATUSES)
    return document


GOOD_HEADERS = [f"x-{letter}" for letter in "abcdefghijklm"]
HEADERS = st.sampled_from([*GOOD_HEADERS, "X-A", "Host", "content-length", "x-turnout-pool"])
header_lists = st.lists(
    st.fixed_dictionaries({"name": HEADERS, "value": st.sampled_from(["a", "a b"])}),
    max_size=2,
    unique_by=lambda header: header["name"],
)
modifiers = st.fixed_dictionaries(
    {},
    optional={
        "set": header_lists,
        "add": header_lists,
        "remove": st.lists(HEADERS, max_size=2, unique=True),
    },
)
mirrors = st.fixed_dictionaries(
    {
        "backendRef": st.fixed_dictionaries(
            {
                "group": st.just("inference.networking.k8s.io"),
                "kind": st.just("InferencePool"),
                "name": st.sampled_from(["llm", "h2c", "missing"]),
            },
            optional={"namespace": st.sampled_from(NAMESPACES)},
        )
    },
    optional={"percent": st.integers(0, 100)},
)
paths = st.sampled_from(["/", "/v2", "/v3", "/v4/x", "/a b", "/../x"]).map(
    lambda path: {"type": "ReplaceFullPath", "replaceFullPath": path}
)
rewrites = st.fixed_dictionaries({}, optional={"hostname": st.just("a.com"), "path": paths})
redirects = st.fixed_dictionaries({}, optional={"port": st.just(81), "path": paths})
AUTH = {"protocol": "HTTP", "http": {}, "backendRef": {"name": "auth", "port": 80}}


def filters_of(*types: str) -> st.SearchStrategy[list[Document]]:
    """Lists of filters of these types, each at most once."""
    settings: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
        "RequestHeaderModifier": ("requestHeaderModifier", modifiers),
        "ResponseHeaderModifier": ("responseHeaderModifier", modifiers),
        "RequestMirror": ("requestMirror", mirrors),
        "URLRewrite": ("urlRewrite", rewrites),
        "RequestRedirect": ("requestRedirect", redirects),
        "ExternalAuth": ("externalAuth", st.just(AUTH)),
        "CORS": ("cors", st.just({"allowOrigins": ["*"]})),
    }

    def one(kind: str) -> st.SearchStrategy[Document]:
        field, values = settings[kind]
        return values.map(lambda value: {"type": kind, field: value})

    chosen = st.lists(st.sampled_from(types), min_size=1, max_size=3, unique=True)
    return chosen.flatmap(lambda kinds: st.tuples(*map(one, kinds)).map(list))


FORWARDING = ("RequestHeaderModifier", "ResponseHeaderModifier", "URLRewrite", "RequestMirror")
rule_filters = rare.flatmap(lambda is_rare: filters_of(*FORWARDING, *(("ExternalAuth", "CORS") if is_rare else ())))
backend_filters = rare.flatmap(lambda is_rare: filters_of(*(FORWARDING if is_rare else FORWARDING[:3])))
backends = st.builds(
    lambda name, weight, more, filters: backend(name, weight, **more, **({"filters": filters} if filters else {})),
    st.sampled_from(["llm", "llm", "llm", "llm-new", "h2c", "missing"]),
    st.integers(0, 3),
    st.sampled_from(
        [{}, {}, {}, {"namespace": "team"}, {"namespace": "default"}, {"group": "", "kind": "Service", "port": 80}]
    ),
    st.just([]) | backend_filters,
)
matches = st.sampled_from(
    [
        {"path": {"value": "/v1"}},
        {"path": {"type": "Exact", "value": "/v1/models"}},
        {"path": {"type": "RegularExpression", "value": "/.*"}},
        {"method": "GET"},
        {"method": "TRACE", "path": {"value": "/v1/"}},
        {"headers": [{"name": "X-A", "value": "1"}, {"name": "x-b", "value": "a|b", "type": "RegularExpression"}]},
        {"queryParams": [{"name": "q", "value": "[0-9]+", "type": "RegularExpression"}]},
    ]
)
unmatchable = st.sampled_from(
    [{"method": "CONNECT"}, {"path": {"type": "RegularExpression", "value": "("}}, {"path": {"value": "/v1"}}]
)
forwarding = st.fixed_dictionaries(
    {"backendRefs": st.lists(backends, min_size=1, max_size=3)},
    optional={
        "matches": st.lists(matches, max_size=2),
        "filters": rule_filters,
        "timeouts": st.sampled_from([{"request": "10s"}, {"request": "0s", "backendRequest": "1ms"}, {}]),
    },
)
asking = st.fixed_dictionaries(
    {"matches": st.lists(unmatchable, max_size=2)},
    optional={"retry": st.just({"attempts": 2}), "backendRefs": st.lists(backends, max_size=2)},
)
redirecting = st.fixed_dictionaries(
    {"filters": filters_of("RequestRedirect", "ResponseHeaderModifier", "RequestMirror")}
)
rules = st.one_of(forwarding, forwarding, forwarding, forwarding, redirecting, asking)
parents = st.fixed_dictionaries(
    {"name": st.sampled_from(["g0", "g0", "g0", "g1", "g2", "none"]), "namespace": st.just("default")},
    optional={"sectionName": st.sampled_from(["l0", "l0", "l0", "l1"])},
)


@st.composite
def http_routes(draw: st.DrawFn, name: str) -> Document:
    refs = draw(st.lists(parents, min_size=1, max_size=2, unique_by=lambda ref: ref["name"]))
    document = http_route(
        name,
        namespace=draw(st.sampled_from(["default", "default", "team"])),
        parentRefs=refs,
        hostnames=draw(st.just([]) | st.lists(st.sampled_from(HOSTNAMES), max_size=2, unique=True)),
        rules=draw(st.lists(rules, min_size=1, max_size=2)),
    )
    document["metadata"]["creationTimestamp"] = draw(AGES)
    document["status"] = draw(STATUSES)
    return document


grants = st.builds(
    lambda name, namespace, source, pool, kind: reference_grant(
        name, namespace=namespace, source=source, pool=pool, kind=kind
    ),
    st.sampled_from(["a", "b"]),
    st.sampled_from(NAMESPACES),
    st.sampled_from(NAMESPACES),
    st.sampled_from([None, "llm", "missing"]),
    st.sampled_from(["HTTPRoute", "HTTPRoute", "GRPCRoute"]),
)


def other(kind: str, group: str, status: Document, **spec: Any) -> Document:
    """An object of a kind that is stored and not acted on."""
    return {"apiVersion": group, "kind": kind, "metadata": {"name": "p"}, "spec": spec, "status": status}


others = st.one_of(
    st.builds(
        lambda status, spec: gateway_parameters("p", **spec) | {"status": status},
        STATUSES,
        st.sampled_from(
            [{}, {"limits": {"requestBodyBytes": 9}, "timeouts": {"idle": "1m"}}, {"explainHeader": "Enabled"}]
        ),
    ),
    st.builds(
        lambda group, status, name: other("InferenceObjective", group, status, poolRef={"name": name}),
        st.sampled_from(["inference.networking.x-k8s.io/v1alpha2", "llm-d.ai/v1alpha2"]),
        STATUSES,
        st.sampled_from(["llm", "missing"]),
    ),
    st.builds(
        lambda status, spec, names: other(
            "InferencePoolPolicy", "turnout.dev/v1alpha1", status, targetRefs=[{"name": name} for name in names], **spec
        ),
        st.dictionaries(st.just("ancestors"), GARBAGE),
        st.fixed_dictionaries({}, optional={"outlier": st.just({}), "retryBudget": st.just({}), "health": st.just({})}),
        st.lists(st.sampled_from(["llm", "missing"]), min_size=1, max_size=2, unique=True),
    ),
)


@st.composite
def resource_sets(draw: st.DrawFn) -> list[Document]:
    found = [CLASS, OTHER_CLASS, TUNED_CLASS]
    found += [draw(gateways(f"g{n}")) for n in range(draw(st.integers(1, 3)))]
    found += [draw(http_routes(f"r{n}")) for n in range(draw(st.integers(1, 3)))]
    found += [pool("llm") | {"status": draw(STATUSES)}, pool("llm-new"), pool("h2c", appProtocol="kubernetes.io/h2c")]
    found += draw(st.lists(grants, max_size=4, unique_by=lambda grant: str(grant["metadata"])))
    found += draw(st.lists(others, max_size=3))
    return [*found, pool("llm", namespace="team"), model_server("s"), model_server("t", tls={})]
