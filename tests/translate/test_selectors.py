"""Label selectors select as Kubernetes says."""

import pytest

from turnout.resources.gateway import LabelSelector, LabelSelectorRequirement
from turnout.translate.selectors import selects

LABELS = {"tier": "gold", "team": "a"}


def test_an_empty_selector_selects_everything() -> None:
    assert selects(LabelSelector(), {})


def test_every_pair_must_hold() -> None:
    assert selects(LabelSelector(match_labels={"tier": "gold", "team": "a"}), LABELS)
    assert not selects(LabelSelector(match_labels={"tier": "gold", "team": "b"}), LABELS)


@pytest.mark.parametrize(
    ("key", "operator", "values", "holds"),
    [
        ("tier", "In", ("gold", "silver"), True),
        ("tier", "In", ("silver",), False),
        ("none", "In", ("gold",), False),
        ("tier", "NotIn", ("gold",), False),
        ("tier", "NotIn", ("silver",), True),
        ("none", "NotIn", ("gold",), True),
        ("tier", "Exists", (), True),
        ("none", "Exists", (), False),
        ("tier", "DoesNotExist", (), False),
        ("none", "DoesNotExist", (), True),
        ("tier", "Unheard", ("gold",), False),
    ],
)
def test_an_expression_holds_as_its_operator_says(
    key: str, operator: str, values: tuple[str, ...], holds: bool
) -> None:
    requirement = LabelSelectorRequirement(key=key, operator=operator, values=values)
    assert selects(LabelSelector(match_expressions=(requirement,)), LABELS) is holds
