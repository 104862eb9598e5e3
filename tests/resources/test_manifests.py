"""Manifests: the objects of a file, and the line of each field."""

from pathlib import Path

import pytest

from turnout.resources.manifests import Flaw, Manifest, read

ROUTE = """\
# a comment
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: it
  labels:
    app.kubernetes.io/name: x
    app: y
spec:
  rules:
  - backendRefs:
    - name: a
      weight: 9
    - {name: b,
       weight: 1}
  - matches: []
"""


def manifests(text: str) -> list[Manifest]:
    found = list(read(text))
    assert all(isinstance(one, Manifest) for one in found), found
    return [one for one in found if isinstance(one, Manifest)]


def flaw(text: str) -> Flaw:
    last = list(read(text))[-1]
    assert isinstance(last, Flaw)
    return last


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 2),
        ("kind", 3),
        ("metadata.name", 5),
        ("metadata.labels.app.kubernetes.io/name", 7),
        ("metadata.labels.app", 8),
        ("spec.rules", 10),
        ("spec.rules[0]", 11),
        ("spec.rules[0].backendRefs[0].weight", 13),
        ("spec.rules[0].backendRefs[1].name", 14),
        ("spec.rules[0].backendRefs[1].weight", 15),
        ("spec.rules[1].matches", 16),
    ],
)
def test_every_field_has_its_line(path: str, line: int) -> None:
    assert manifests(ROUTE)[0].line_of(path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("nowhere", 2),
        ("metadata.namespace", 4),
        ("spec.rules[0].backendRefs[0].port.number", 12),
        ("spec.rules[7].matches", 10),
    ],
)
def test_a_field_that_is_not_there_has_the_line_of_the_nearest_one_around_it(path: str, line: int) -> None:
    assert manifests(ROUTE)[0].line_of(path) == line


def test_the_one_rule_of_a_mapping_has_its_lines() -> None:
    (one,) = manifests("spec:\n  rules:\n    backendRefs:\n    - name: a\n      weight: -3\n")
    assert one.line_of("spec.rules[0].backendRefs[0].weight") == 5


def test_a_file_holds_any_number_of_documents() -> None:
    found = manifests("---\nkind: A\n---\n# nothing\n---\nkind: B\n")
    assert [(one.document["kind"], one.line) for one in found] == [("A", 2), ("B", 6)]


def test_a_list_is_its_items() -> None:
    found = manifests("kind: List\napiVersion: v1\nitems:\n- kind: A\n- kind: B\n")
    assert [(one.document["kind"], one.line) for one in found] == [("A", 4), ("B", 5)]


def test_json_is_read_with_its_lines() -> None:
    (one,) = manifests('{\n\t"kind": "A",\n\t"spec": {\n\t\t"path": "\\/x"\n\t}\n}\n')
    assert one.document == {"kind": "A", "spec": {"path": "/x"}}
    assert one.line_of("spec.path") == 4


@pytest.mark.parametrize("text", ["just text", "- a\n- b\n", "3"])
def test_what_is_no_object_is_a_flaw(text: str) -> None:
    assert flaw(text) == Flaw(1, "no object: a mapping with apiVersion and kind is expected")


def test_what_comes_before_bad_yaml_is_read() -> None:
    first, second = read("kind: A\n---\nkind: B\n  bad: [\n")
    assert isinstance(first, Manifest)
    assert isinstance(second, Flaw)
    assert second.line >= 3


def test_an_empty_file_holds_nothing() -> None:
    assert list(read("")) == []


def test_the_seed_has_its_lines() -> None:
    text = (Path(__file__).parents[2] / "examples/seed/routes-to-llm-node-update.yaml").read_text()
    (one,) = manifests(text)
    assert text.splitlines()[one.line_of("spec.rules[0].backendRefs[1].weight") - 1].strip() == "weight: 10"
