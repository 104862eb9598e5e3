"""The JSONPath of printer columns."""

import pytest

from turnout.apiserver.jsonpath import compile_path, find
from turnout.resources.kinds import KINDS

DOCUMENT = {
    "spec": {"ports": [{"number": 1}, {"number": 2}], "a.b": "dotted", "hosts": ["x", "y"]},
    "status": {"conditions": [{"type": "A", "status": "False"}, {"type": "B", "status": "True"}]},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.hosts", [["x", "y"]]),
        (".spec.hosts[0]", ["x"]),
        (".spec.hosts[-1]", ["y"]),
        (".spec.hosts[7]", []),
        (".spec.hosts[*]", ["x", "y"]),
        (".spec.ports[*].number", [1, 2]),
        (r".spec.a\.b", ["dotted"]),
        (".spec['a.b']", ["dotted"]),
        ('.status.conditions[?(@.type=="B")].status', ["True"]),
        (".status.conditions[?(@.type == 'C')].status", []),
        (".status.missing.deeper", []),
        (".spec.hosts.field", []),
    ],
)
def test_a_path_finds(path: str, found: list[object]) -> None:
    assert find(DOCUMENT, path) == found


@pytest.mark.parametrize("path", ["spec", ".spec[", "..spec", ".spec[?(@.a>1)]"])
def test_another_form_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is not understood"):
        compile_path(path)


def test_every_column_of_every_kind_is_understood() -> None:
    for kind in KINDS:
        for column in kind.columns:
            assert compile_path(column.json_path)
