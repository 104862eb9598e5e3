"""Arms of a split: one for each ref and set of filters, each with its weight."""

from typing import Any

import msgspec

from tests.support.resource_sets import backend, pool, resource_set
from turnout.resources.httproute import HTTPBackendRef
from turnout.translate.backend_refs import ResolvedRefs, resolve
from turnout.translate.destinations import Destinations
from turnout.translate.filters import Scope

Document = dict[str, Any]
SCOPE = Scope("default", Destinations.of(resource_set([pool("llm"), pool("new")])), prefixes=True, of_backend=True)


def arm(name: str, weight: int, header: str = "") -> Document:
    change = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": [header]}}
    return backend(name, weight, **({"filters": [change]} if header else {}))


def resolved(*refs: Document) -> ResolvedRefs:
    return resolve(msgspec.convert(refs, tuple[HTTPBackendRef, ...]), "b", SCOPE)


def arms(*refs: Document) -> list[tuple[str, int, int]]:
    return [(one.ref.name, one.weight, one.ordinal) for one in resolved(*refs).backends]


def test_one_ref_twice_counts_once_with_the_sum() -> None:
    assert arms(arm("llm", 1), arm("new", 5), arm("llm", 2)) == [("llm", 3, 0), ("new", 5, 0)]
    assert arms(arm("llm", 1, "x"), arm("llm", 2, "x")) == [("llm", 3, 0)]


def test_one_ref_with_other_filters_is_an_arm_of_its_own() -> None:
    assert arms(arm("llm", 1), arm("llm", 2, "x"), arm("llm", 3, "y"), arm("llm", 4)) == [
        ("llm", 5, 0),
        ("llm", 2, 1),
        ("llm", 3, 2),
    ]


def test_an_ordinal_does_not_depend_on_weights() -> None:
    assert arms(arm("llm", 0), arm("llm", 2, "x")) == [("llm", 2, 1)]


def test_arms_are_sorted_by_identity_and_no_two_have_one() -> None:
    found = resolved(arm("new", 1, "x"), arm("llm", 1), arm("new", 1), arm("llm", 1, "x")).backends
    identities = [one.identity for one in found]
    assert identities == sorted(set(identities))
    assert len(identities) == 4


def test_an_arm_that_leads_nowhere_keeps_its_weight_and_is_told_by_its_place() -> None:
    found = resolved(arm("llm", 1), arm("missing", 9))
    assert [(one.ref.name, one.weight, one.invalid) for one in found.backends] == [
        ("llm", 1, ""),
        ("missing", 9, "BackendNotFound"),
    ]
    assert [one.message for one in found.unresolved] == ["b[1]: InferencePool missing not found"]
    assert found.pools == ("default/llm",)
