"""Label and field selectors."""

import pytest

from turnout.apiserver.errors import StatusError
from turnout.apiserver.selectors import both, by_fields, by_labels, everything
from turnout.resources.kinds import Kind, find_kind


def kind(group: str, version: str, name: str) -> Kind:
    found = find_kind(group, version, name)
    assert found is not None
    return found


EVENT = kind("", "v1", "Event")
NAMESPACE = kind("", "v1", "Namespace")
POOL = kind("inference.networking.k8s.io", "v1", "InferencePool")


def labelled(**labels: str) -> dict[str, object]:
    return {"metadata": {"name": "n", "labels": labels}}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", True),
        ("a=1", True),
        ("a==1", True),
        ("a=2", False),
        ("a!=2", True),
        ("c!=2", True),
        ("a!=1", False),
        ("a in (1, 2)", True),
        ("a in (2,3)", False),
        ("c in ()", False),
        ("a notin (2,3)", True),
        ("c notin (2)", True),
        ("a notin (1)", False),
        ("a", True),
        ("c", False),
        ("!c", True),
        ("!a", False),
        ("a=1,b=2", True),
        ("a=1,b=3", False),
        ("a in (1,2),b notin (3,4),!c", True),
    ],
)
def test_labels_select(text: str, *, selected: bool) -> None:
    assert by_labels(text)(labelled(a="1", b="2")) is selected


def test_an_object_without_labels_has_none() -> None:
    assert not by_labels("a")({"metadata": {"name": "n"}})


@pytest.mark.parametrize("text", ["a=b=c", "a in 1", "a b", "=x", "a>1", "a in (1"])
def test_what_is_no_label_selector_is_refused(text: str) -> None:
    with pytest.raises(StatusError, match="unable to parse requirement") as refused:
        by_labels(text)
    assert refused.value.code == 400


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("metadata.name=n", True),
        ("metadata.name!=n", False),
        ("metadata.name=m", False),
        ("metadata.name=n,metadata.namespace=d", True),
        ("metadata.name=n,metadata.namespace=e", False),
    ],
)
def test_fields_select(text: str, *, selected: bool) -> None:
    assert by_fields(POOL, text)({"metadata": {"name": "n", "namespace": "d"}}) is selected


def test_events_are_selected_by_what_they_are_about() -> None:
    event = {"metadata": {"name": "e"}, "involvedObject": {"uid": "7", "name": "x"}, "source": {"component": "c"}}

    assert by_fields(EVENT, "involvedObject.uid=7,involvedObject.name=x,source=c,reason=")(event)
    assert not by_fields(EVENT, "involvedObject.uid=8")(event)


def test_namespaces_are_selected_by_phase() -> None:
    assert by_fields(NAMESPACE, "status.phase=Active")({"metadata": {"name": "d"}, "status": {"phase": "Active"}})


@pytest.mark.parametrize("text", ["spec.x=1", "status.phase=Active", "involvedObject.uid=1"])
def test_other_fields_are_refused_by_name(text: str) -> None:
    with pytest.raises(StatusError, match="field label not supported: "):
        by_fields(POOL, text)


def test_both_selects_what_both_select() -> None:
    selects = both(by_labels("a"), by_fields(POOL, "metadata.name=n"))

    assert selects(labelled(a="1"))
    assert not selects(labelled(b="1"))
    assert both(everything, selects) is selects
    assert both(selects, everything) is selects


def test_secrets_are_selected_by_type() -> None:
    secret = find_kind("", "v1", "Secret")
    assert secret is not None

    assert by_fields(secret, "type=Opaque")({"metadata": {}, "type": "Opaque"})
    assert not by_fields(secret, "type!=Opaque")({"metadata": {}, "type": "Opaque"})
