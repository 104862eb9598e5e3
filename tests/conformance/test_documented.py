"""docs/httproute.md lists exactly the cases that there are, with what came of each."""

import importlib
import re
from pathlib import Path

from tests.support.conformance import Case
from turnout.translate.features import SUPPORTED

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "httproute.md"
ROW = re.compile(r"\| `(\w+)` \| ([^|]*) \| (passes|refused|not applicable) \| ([^|]*) \|")


def cases() -> dict[str, Case]:
    """The cases of every module here, by upstream test."""
    found: dict[str, Case] = {}
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(f"tests.conformance.{path.stem}")
        for name, value in vars(module).items():
            case = getattr(value, "case", None)
            if name.startswith("test_") and isinstance(case, Case):
                assert found.setdefault(case.name, case) == case
    return found


def rows() -> list[tuple[str, tuple[str, ...], str, str]]:
    """The document's rows: name, features, outcome, note."""
    found = []
    for line in DOCUMENT.read_text().partition("## Conformance")[2].splitlines():
        if line.startswith("| `"):
            row = ROW.fullmatch(line)
            assert row is not None, line
            name, features, outcome, note = row.groups()
            found.append((name, tuple(features.split(", ")) if features.strip() else (), outcome, note.strip()))
    return found


def test_the_table_holds_every_case_and_what_came_of_it() -> None:
    told = {name: (features, outcome, note) for name, features, outcome, note in rows() if outcome != "not applicable"}
    assert told == {case.name: (case.features, case.outcome, case.note) for case in cases().values()}


def test_what_does_not_apply_has_a_reason_and_no_test() -> None:
    apart = {name: note for name, _, outcome, note in rows() if outcome == "not applicable"}
    assert all(apart.values())
    assert not apart.keys() & cases().keys()


def test_every_upstream_test_has_one_row_and_the_sums_are_right() -> None:
    names = [name for name, _, _, _ in rows()]
    assert len(names) == len(set(names))
    outcomes = [outcome for _, _, outcome, _ in rows()]
    sums = ", ".join(f"{outcomes.count(word)} {word}" for word in ("passes", "refused", "not applicable"))
    assert f"{len(names)} upstream tests: {sums}." in DOCUMENT.read_text()


def test_what_is_refused_says_by_which_reason() -> None:
    assert all(re.search(r"`[A-Z]\w+`", note) for _, _, outcome, note in rows() if outcome == "refused")


def test_a_class_says_that_exactly_those_features_are_supported_that_pass() -> None:
    passed = {feature for case in cases().values() if case.outcome == "passes" for feature in case.features}
    # That a TLSRoute is not attached is what passes, not TLSRoute.
    assert set(SUPPORTED) == {"Gateway", "HTTPRoute"} | passed - {"TLSRoute"}


def test_supported_features_are_sorted_as_the_spec_asks() -> None:
    assert list(SUPPORTED) == sorted(SUPPORTED)
