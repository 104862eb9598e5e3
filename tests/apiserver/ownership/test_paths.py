"""Paths in the words of FieldsV1."""

import pytest

from turnout.apiserver.ownership.paths import field, keyed, ordered, shown, valued


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((field("spec"), field("rules")), ".spec.rules"),
        (
            (field("listeners"), keyed({"name": "http", "port": 80}, ["name"]), field("port")),
            '.listeners[name="http"].port',
        ),
        ((keyed({"protocol": "TCP", "port": 80}, ["protocol", "port"]),), '[port=80,protocol="TCP"]'),
        ((field("finalizers"), valued("x")), '.finalizers[="x"]'),
        ((field("data"), "i:3"), ".data[3]"),
    ],
)
def test_a_path_is_shown_as_conflicts_name_it(path: tuple[str, ...], text: str) -> None:
    assert shown(path) == text


def test_paths_are_in_kubernetes_order() -> None:
    paths = [("v:1",), ('k:{"a":1}',), ("f:b", "f:z"), ("f:b",), ("f:a",)]

    assert ordered(paths) == [("f:a",), ("f:b",), ("f:b", "f:z"), ('k:{"a":1}',), ("v:1",)]
