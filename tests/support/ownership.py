"""Field sets, and documents that managers apply, for properties of server-side apply."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from turnout.apiserver.ownership.paths import FieldSet, Path

WORDS = st.sampled_from(["a", "b", "c", ".", "x/y", "é"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), WORDS)


def element() -> st.SearchStrategy[str]:
    """A path element of any sort but index."""
    keys = st.dictionaries(WORDS, st.one_of(st.integers(0, 2), WORDS), min_size=1, max_size=2)
    return st.one_of(
        WORDS.map(lambda name: f"f:{name}"),
        keys.map(lambda named: "k:" + msgspec.json.encode(named, order="sorted").decode()),
        SCALARS.map(lambda value: "v:" + msgspec.json.encode(value).decode()),
    )


def paths() -> st.SearchStrategy[Path]:
    return st.lists(element(), min_size=1, max_size=4).map(tuple)


def field_sets() -> st.SearchStrategy[FieldSet]:
    return st.frozensets(paths(), max_size=8)


NAMES = st.sampled_from(["a", "b", "c"])
PORTS = {"a": 81, "b": 82, "c": 83}
TEXTS = st.dictionaries(NAMES, st.sampled_from(["1", "2"]), max_size=3)


def gateway_configs() -> st.SearchStrategy[dict[str, Any]]:
    """Parts of a Gateway that a manager may apply beside its class and its listener `main`."""
    hosts: st.SearchStrategy[dict[str, str]] = st.one_of(
        st.just({}), st.sampled_from(["x.dev", "y.dev"]).map(lambda host: {"hostname": host})
    )
    listeners = st.dictionaries(NAMES, hosts, max_size=3).map(
        lambda named: [{"name": name, "port": PORTS[name], "protocol": "HTTP", **host} for name, host in named.items()]
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "labels": TEXTS,
            "annotations": TEXTS,
            "finalizers": st.lists(st.sampled_from(["x.dev/a", "x.dev/b"]), unique=True),
            "listeners": listeners,
            "addresses": st.lists(st.sampled_from(["10.0.0.1", "10.0.0.2"]), unique=True),
        },
    ).map(_gateway)


def _gateway(parts: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: parts[key] for key in ("labels", "annotations", "finalizers") if key in parts}
    spec: dict[str, Any] = {}
    if "listeners" in parts:
        spec["listeners"] = parts["listeners"]
    if "addresses" in parts:
        spec["addresses"] = [{"type": "IPAddress", "value": each} for each in parts["addresses"]]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "g", **metadata},
        **({"spec": spec} if spec else {}),
    }
