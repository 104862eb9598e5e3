"""InferenceModelRewrite: upstream's defaults and bounds."""

from tests.support.admission import faults, spec_of


def test_a_match_is_exact_by_default() -> None:
    rules = [{"matches": [{"model": {"value": "chat"}}], "targets": [{"modelRewrite": "chat-2"}]}]
    stored = spec_of("InferenceModelRewrite", rules=rules)
    assert stored["rules"][0]["matches"] == [{"model": {"type": "Exact", "value": "chat"}}]


def test_only_exact_matches_are_known() -> None:
    rules = [{"matches": [{"model": {"value": "chat", "type": "Prefix"}}]}]
    assert faults("InferenceModelRewrite", rules=rules) == [
        'spec.rules[0].matches[0].model.type: Unsupported value: "Prefix": supported values: "Exact"'
    ]


def test_a_rule_without_targets_leaves_them_out() -> None:
    assert faults("InferenceModelRewrite", rules=[{}]) == []
    assert faults("InferenceModelRewrite", rules=[{"targets": []}]) == [
        "spec.rules[0].targets: Invalid value: 0: spec.rules[0].targets in body should have at least 1 items"
    ]


def test_a_share_of_nothing_is_no_target() -> None:
    assert faults("InferenceModelRewrite", rules=[{"targets": [{"modelRewrite": "a", "weight": 0}]}]) == [
        (
            "spec.rules[0].targets[0].weight: Invalid value: 0: "
            "spec.rules[0].targets[0].weight in body should be greater than or equal to 1"
        )
    ]


def test_rules_are_required() -> None:
    assert faults("InferenceModelRewrite", rules=None) == ["spec.rules: Required value"]
