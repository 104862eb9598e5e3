"""Each folder of `golden/` is a feature: what is written, the table it means, its statuses, its rollouts' facts.

`make golden` rewrites the answers (TURNOUT_REWRITE_GOLDEN=1): read the difference before it is committed.
"""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.support.certificates import encoded
from tests.support.fixed_pairs import with_pairs
from tests.support.resource_sets import documents, resource_set, with_statuses
from turnout.resources.set import ResourceSet
from turnout.translate import Facts, Translation, translate

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())
REF = {"group", "kind", "namespace", "name"}


def given(case: str) -> tuple[ResourceSet, Facts]:
    """The resources of `in.yaml`, and the facts that its document `facts:` changes."""
    found = documents(with_pairs((GOLDEN / case / "in.yaml").read_text()))
    facts: dict[str, Any] = {"gateway_port": 8080, "now": "2026-02-02T02:02:02Z"}
    for document in found:
        facts |= document.get("facts", {})
    return resource_set(document for document in found if "facts" not in document), Facts(**facts)


def shown(table: Any) -> Any:
    """The table without what it may not show, and without what few tables have."""
    vault = table.pop("vault")
    if not table["servers"]:
        del table["servers"]
    return {**short(table), "vault": sorted(vault)} if vault else short(table)


def short(value: Any) -> Any:
    """The table as YAML shows it best: an ObjectRef is its text, and no role is none."""
    if isinstance(value, dict):
        if value.keys() == REF:
            return f"{value['group']}/{value['kind']}/{value['namespace']}/{value['name']}"
        return {key: short(entry) for key, entry in value.items() if key != "role" or entry}
    return [short(entry) for entry in value] if isinstance(value, list | tuple) else value


def answers(translation: Translation) -> dict[str, str]:
    statuses = {f"{kind} {key}": status for (kind, key), status in translation.statuses.items()}
    found = {"table.yaml": shown(msgspec.to_builtins(translation.table)), "status.yaml": statuses}
    if translation.rollouts:
        found["rollouts.yaml"] = msgspec.to_builtins(translation.rollouts)
    return {name: yaml.safe_dump(value, sort_keys=False, width=120) for name, value in found.items()}


@pytest.mark.parametrize("case", CASES)
def test_a_golden_case_translates_to_its_table_and_statuses(case: str) -> None:
    for name, text in answers(translate(*given(case))).items():
        path = GOLDEN / case / name
        if os.environ.get("TURNOUT_REWRITE_GOLDEN") == "1":
            path.write_text(text)
        assert path.exists(), f"{path} is missing: make golden writes it"
        assert path.read_text() == text


@pytest.mark.parametrize("case", CASES)
def test_writing_the_statuses_of_a_golden_case_leaves_nothing_to_write(case: str) -> None:
    found, facts = given(case)
    first = translate(found, facts)
    written = with_statuses(found, first.statuses)
    again = translate(written, msgspec.structs.replace(facts, now="2027-07-07T07:07:07Z"))
    assert again.table == first.table
    assert again.statuses == {key: first.statuses[key] for key in again.statuses}


@pytest.mark.parametrize("case", CASES)
def test_a_golden_case_holds_no_private_key(case: str) -> None:
    for path in (GOLDEN / case).iterdir():
        assert "PRIVATE KEY" not in path.read_text()
        assert encoded("-----BEGIN PRIVATE")[:20] not in path.read_text()


def test_there_are_golden_cases() -> None:
    assert len(CASES) >= 40
