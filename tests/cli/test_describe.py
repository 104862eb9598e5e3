from tests.support.command_line import turnout
from tests.support.objects import route
from tests.support.real_api import RealApi
from turnout.cli.describe import describe

STATUS = {
    "parents": [
        {
            "parentRef": {"name": "gate"},
            "conditions": [{"type": "Accepted", "status": "True", "reason": "Accepted", "message": "all is well"}],
        }
    ]
}


def test_conditions_are_a_table() -> None:
    lines = list(describe({**route(llm=90), "status": STATUS}, []))
    at = next(index for index, line in enumerate(lines) if line.strip().endswith("Conditions:"))
    assert lines[at + 1].split() == ["Type", "Status", "Reason", "Message"]
    assert lines[at + 2].split() == ["Accepted", "True", "Accepted", "all", "is", "well"]


def test_every_field_is_shown_in_words() -> None:
    text = "\n".join(describe(route(llm=90), []))
    assert "Backend Refs:" in text
    assert "Weight:  90" in text
    assert "Events:  <none>" in text


def test_events_are_listed() -> None:
    event = {"type": "Warning", "reason": "Refused", "message": "no such pool", "lastTimestamp": "2030-01-01T00:00:00Z"}
    *_, line = describe(route(), [event])
    assert line.split(maxsplit=3) == ["Warning", "Refused", "2030-01-01T00:00:00Z", "no such pool"]


def test_an_object_of_the_api_is_described() -> None:
    with RealApi() as api:
        result = turnout("describe", "gc", "none", "--api", api.url)
        assert result.returncode == 1
        assert "NotFound" in result.stderr
        text = '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team", "labels": {"a": "b"}}}'
        assert turnout("apply", "--api", api.url, "-f", "-", text=text).returncode == 0
        shown = turnout("describe", "ns", "team", "--api", api.url)
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout.splitlines()[0].split() == ["Name:", "team"]
        assert "a=b" in shown.stdout
