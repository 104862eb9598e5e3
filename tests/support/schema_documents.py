"""Specs drawn from the kinds' own schemas, field by field: right one by one, whatever must hold between them."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import strategies as st

from turnout.resources.kind import Kind
from turnout.resources.metadata import Resource
from turnout.resources.schema import schema_of

WORDS = (
    *("a", "llm", "gateway", "default", "team", "http", "1", "10s", "0s", "x-a", "Host", "te", "turnout", "a b"),
    *("", "\n", "é", "/", "/v1", "/a/../b", "(", "[0-9]+", "a.com", "*.a.com", "https://a.com", "turnout.dev/gateway"),
    *("127.0.0.1", "192.0.2.1", "HTTP", "HTTPS", "TCP", "IPAddress", "Hostname"),
    *("gateway.networking.k8s.io", "inference.networking.k8s.io", "turnout.dev"),
    *("InferencePool", "HTTPRoute", "Gateway", "GatewayParameters", "Service"),
)
"""What text is drawn from where the schema lets it: names that may meet, and values that are easily got wrong."""

FIELD_WORDS = {
    "controllerName": ("turnout.dev/gateway",),
    "gatewayClassName": ("turnout",),
    "group": (
        "gateway.networking.k8s.io",
        "inference.networking.k8s.io",
        "inference.networking.k8s.io",
        "turnout.dev",
        "",
    ),
    "kind": ("Gateway", "InferencePool", "InferencePool", "GatewayParameters", "HTTPRoute", "Service"),
    "name": ("gateway", "llm", "llm", "a", "x-a"),
    "namespace": ("default", "default", "team"),
    "protocol": ("HTTP", "HTTP", "HTTP", "HTTPS", "TCP", "a.com/own"),
}
"""Fields of these names are drawn from these alone: they refer to one another."""


def drawn(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of one schema node."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "string":
            return text(schema)
        case "integer":
            low, high = schema.get("minimum", -3), schema.get("maximum", 2**31 - 1)
            return st.sampled_from([low, min(high, low + 1), high]) | st.integers(low, min(high, low + 100))
        case "number":
            return st.floats(schema.get("minimum", 0), schema.get("maximum", 1e6))
        case "boolean":
            return st.booleans()
        case "array":
            least = schema.get("minItems", 0)
            return st.lists(drawn(schema["items"]), min_size=least, max_size=max(least, 2))
        case _:
            return drawn_object(schema)


def drawn_object(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Mappings: the required fields and any of the others."""
    values = schema.get("additionalProperties")
    if isinstance(values, dict):
        return st.dictionaries(
            st.sampled_from(["a", "b"]), drawn(values), min_size=schema.get("minProperties", 0), max_size=2
        )
    fields = {name: telling(name, one) for name, one in schema.get("properties", {}).items()}
    required = schema.get("required", ())
    return st.fixed_dictionaries(
        {name: fields[name] for name in required},
        optional={name: one for name, one in fields.items() if name not in required},
    )


def telling(name: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of the field `name`."""
    if name in FIELD_WORDS and schema.get("type") == "string" and "enum" not in schema:
        return st.sampled_from(FIELD_WORDS[name])
    return drawn(schema)


def text(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    """Words that the schema lets through, or else what its pattern makes."""
    pattern, least, most = schema.get("pattern"), schema.get("minLength", 0), schema.get("maxLength", 64)
    words = [
        word
        for word in WORDS
        if least <= len(word) <= most and (pattern is None or ("\n" not in word and re.search(pattern, word)))
    ]
    return st.sampled_from(words) if words else st.from_regex(re.compile(str(pattern)), fullmatch=True)


def resources_of(
    kind: Kind, names: Iterable[str], namespaces: Iterable[str], statuses: st.SearchStrategy[Any]
) -> st.SearchStrategy[Resource]:
    """Resources of `kind` as they are decoded, which asks nothing of what must hold between fields."""
    spec = schema_of(kind)["properties"].get("spec", {"type": "object"})
    metadata = st.fixed_dictionaries(
        {"name": st.sampled_from([*names]), "generation": st.just(1), "uid": st.sampled_from(["u", "v"])}
        | ({"namespace": st.sampled_from([*namespaces])} if kind.namespaced else {})
    )
    fields = {
        "apiVersion": st.just(kind.api_version),
        "kind": st.just(kind.kind),
        "metadata": metadata,
        "spec": drawn(spec),
    }
    if kind.has_status and kind.kind != "Namespace":  # whose status has a schema
        fields["status"] = statuses
    return st.fixed_dictionaries(fields).map(lambda document: msgspec.convert(document, kind.type))
