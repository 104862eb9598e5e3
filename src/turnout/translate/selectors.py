"""Label selectors (Kubernetes `metav1.LabelSelector`)."""

from collections.abc import Mapping

from turnout.resources.gateway import LabelSelector, LabelSelectorRequirement


def selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Whether all of `selector` holds for `labels`; an empty one holds for all."""
    return has_all(selector.match_labels, labels) and all(
        _holds(requirement, labels) for requirement in selector.match_expressions
    )


def has_all(wanted: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether every pair of `wanted` is among `labels`."""
    return all(labels.get(key) == value for key, value in wanted.items())


def _holds(requirement: LabelSelectorRequirement, labels: Mapping[str, str]) -> bool:
    match requirement.operator:
        case "In":
            return labels.get(requirement.key) in requirement.values
        case "NotIn":
            return labels.get(requirement.key) not in requirement.values
        case "Exists":
            return requirement.key in labels
        case "DoesNotExist":
            return requirement.key not in labels
        case _:
            return False
