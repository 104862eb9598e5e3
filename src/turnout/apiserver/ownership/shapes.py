"""How the parts of a kind's documents are owned: field by field, item by item, or whole.

A shape is the kind's schema with what the schema leaves open filled in: metadata as Kubernetes owns it, statuses as
their upstream types declare them, and structs that Kubernetes always takes whole (`structType=atomic`).
"""

from functools import cache

from turnout.apiserver.ownership.paths import field, keyed, valued
from turnout.resources.document import JSON
from turnout.resources.kinds import Kind
from turnout.resources.schema import FREE, Schema, schema_of

LIST_TYPE = "x-kubernetes-list-type"
LIST_KEYS = "x-kubernetes-list-map-keys"
MAP_TYPE = "x-kubernetes-map-type"
ANY: Schema = {FREE: True}
WHOLE_STRUCTS = frozenset({"LabelSelector", "InvolvedObject", "OwnerReference"})


def _list_map(*keys: str, **properties: Schema) -> Schema:
    items: Schema = {"type": "object", FREE: True, "properties": properties}
    return {"type": "array", LIST_TYPE: "map", LIST_KEYS: list(keys), "items": items}


CONDITIONS = _list_map("type")
STATUSES: dict[str, dict[str, Schema]] = {
    "Gateway": {"listeners": _list_map("name", conditions=CONDITIONS)},
    "GatewayClass": {"supportedFeatures": _list_map("name")},
}
"""Keyed lists of statuses beside `conditions`, which are keyed by `type` everywhere."""


@cache
def shape_of(kind: Kind) -> Schema:
    """The shape of a whole document of `kind`. It is shared: not to be changed."""
    shape = _whole_structs(schema_of(kind))
    metadata = dict(shape["properties"]["metadata"])
    owners = {**metadata["properties"]["ownerReferences"], LIST_TYPE: "map", LIST_KEYS: ["uid"]}
    finalizers = {**metadata["properties"]["finalizers"], LIST_TYPE: "set"}
    metadata["properties"] = {**metadata["properties"], "ownerReferences": owners, "finalizers": finalizers}
    properties = {**shape["properties"], "metadata": metadata}
    if "status" in properties:
        status = properties["status"]
        known = {**status.get("properties", {}), "conditions": CONDITIONS, **STATUSES.get(kind.kind, {})}
        properties["status"] = {**status, "properties": known}
    return {**shape, "properties": properties}


def _whole_structs(node: Schema) -> Schema:
    node = dict(node)
    if node.get("title") in WHOLE_STRUCTS:
        node[MAP_TYPE] = "atomic"
    if "properties" in node:
        node["properties"] = {name: _whole_structs(one) for name, one in node["properties"].items()}
    for inner in ("items", "additionalProperties"):
        if isinstance(node.get(inner), dict):
            node[inner] = _whole_structs(node[inner])
    return node


def is_declared(shape: Schema, element: str) -> bool:
    """Whether the element is a field that the shape names, and no entry of a map."""
    return element.startswith("f:") and element[2:] in shape.get("properties", {})


def below(shape: Schema, element: str) -> Schema:
    """The shape of the part that `element` names."""
    if not element.startswith("f:"):
        return dict(shape.get("items", ANY))
    properties, extra = shape.get("properties", {}), shape.get("additionalProperties")
    inner: Schema = properties.get(element[2:]) or (extra if isinstance(extra, dict) else ANY)
    return inner


def parts(shape: Schema, value: JSON) -> dict[str, JSON] | None:
    """What `value` is made of, by path element; None for what is owned whole.

    What does not fit the shape is owned whole too: a keyed list with an item without its keys or with one twice.
    """
    if isinstance(value, dict):
        whole = shape.get(MAP_TYPE) == "atomic" or shape.get("type", "object") != "object"
        return None if whole else {field(name): one for name, one in value.items()}
    if not isinstance(value, list) or shape.get("type", "array") != "array":
        return None
    if shape.get(LIST_TYPE) == "set":
        found = {valued(item): item for item in value}
    elif shape.get(LIST_TYPE) == "map":
        keys = shape[LIST_KEYS]
        if not all(isinstance(item, dict) and all(key in item for key in keys) for item in value):
            return None
        found = {keyed(item, keys): item for item in value}
    else:
        return None
    return found if len(found) == len(value) else None
