"""Objects in words."""

from datetime import UTC, datetime
from typing import Any

from tests.support.objects import route
from turnout.cli.descriptions import described, label

NOW = datetime(2030, 1, 1, 1, tzinfo=UTC)
CONDITION = {"type": "Accepted", "status": "True", "reason": "Accepted", "message": "all is well"}


def lines(document: dict[str, Any], *events: dict[str, Any]) -> list[str]:
    return described(document, events, NOW)


def test_every_field_is_shown_in_words_below_its_parent() -> None:
    text = "\n".join(lines({**route(llm=90), "status": {"parents": [{"conditions": [CONDITION]}]}}))
    assert "    Backend Refs:\n      Group:   inference.networking.k8s.io\n" in text
    assert "    Conditions:\n      Message:  all is well\n" in text


def test_events_are_listed_oldest_first_with_their_ages() -> None:
    old = {"type": "Normal", "reason": "Made", "message": "here it is", "lastTimestamp": "2030-01-01T00:00:00Z"}
    new = {
        "type": "Warning",
        "reason": "Refused",
        "message": "no such pool\n",
        "count": 3,
        "source": {"component": "turnout"},
        "firstTimestamp": "2030-01-01T00:58:00Z",
        "lastTimestamp": "2030-01-01T00:59:59Z",
    }
    *_, header, rule, first, second = lines(route(), new, old)
    assert header.split() == ["Type", "Reason", "Age", "From", "Message"]
    assert set(rule) == {" ", "-"}
    assert first.split() == ["Normal", "Made", "60m", "here", "it", "is"]
    assert second == "  Warning  Refused  1s (x3 over 2m)  turnout  no such pool"


def test_an_object_that_nothing_happened_to_says_so() -> None:
    assert lines(route())[-1].split() == ["Events:", "<none>"]


def test_what_was_last_applied_is_not_shown_and_long_annotations_are_cut() -> None:
    document = route()
    document["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "long": "x" * 200,
        "short": "y",
    }
    shown = lines(document)
    assert "Annotations:  long:" in shown
    assert f"                {'x' * 138}..." in shown
    assert "              short: y" in shown
    assert "last-applied" not in "".join(shown)


def test_a_config_map_shows_text_and_counts_bytes() -> None:
    document = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "it", "namespace": "default"},
        "data": {"a": "one\ntwo"},
        "binaryData": {"b": "/w=="},
    }
    shown = lines(document)
    assert shown[shown.index("a:") : shown.index("a:") + 4] == ["a:", "----", "one", "two"]
    assert "b: 1 bytes" in shown


def test_names_of_fields_become_words() -> None:
    names = ["parentRefs", "apiVersion", "clientIP", "uid", "a.b/c", "sessionID"]
    assert [label(name) for name in names] == ["Parent Refs", "API Version", "Client IP", "UID", "a.b/c", "Session ID"]


def test_truths_are_lower_case() -> None:
    document = route()
    document["spec"]["paused"] = True
    assert any(line.split() == ["Paused:", "true"] for line in lines(document))
