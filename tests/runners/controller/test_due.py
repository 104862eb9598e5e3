from typing import Any

from tests.support.objects import SERVERS
from turnout.kube.reflector import Reflector
from turnout.runners.controller.due import Due
from turnout.store.memory import Memory

Document = dict[str, Any]


def due(**statuses: Document) -> tuple[Due, Reflector]:
    """For ModelServers `default/NAME` that have these statuses."""
    reflector = Reflector(Memory(), SERVERS, lambda: None)
    reflector.documents = {f"default/{name}": {"status": status} for name, status in statuses.items()}
    return Due({"ModelServer": reflector}), reflector


def named(due: Due) -> list[str]:
    return [write.key for write in due.writes]


def test_a_status_that_its_object_has_already_is_not_due() -> None:
    of, _ = due(a={"x": 1}, b={})
    of.look({("ModelServer", "default/a"): {"x": 1}, ("ModelServer", "default/b"): {"x": 1}}, everywhere=False)
    assert named(of) == ["default/b"]


def test_a_status_is_due_until_it_is_handed_over() -> None:
    of, _ = due(a={})
    told: Any = {("ModelServer", "default/a"): {"x": 1}}
    of.look(told, everywhere=False)
    of.look(dict(told), everywhere=False)
    assert named(of) == ["default/a"]
    of.handed(of.writes)
    of.look(dict(told), everywhere=False)
    assert named(of) == []


def test_everywhere_is_looked_for_what_was_handed_over_and_never_written() -> None:
    of, _ = due(a={})
    told: Any = {("ModelServer", "default/a"): {"x": 1}}
    of.look(told, everywhere=False)
    of.handed(of.writes)
    of.look(told, everywhere=True)
    assert named(of) == ["default/a"]


def test_a_newer_status_than_the_one_that_was_handed_over_stays_due() -> None:
    of, _ = due(a={})
    of.look({("ModelServer", "default/a"): {"x": 1}}, everywhere=False)
    older = of.writes
    of.look({("ModelServer", "default/a"): {"x": 2}}, everywhere=False)
    of.handed(older)
    assert [write.status for write in of.writes] == [{"x": 2}]


def test_an_object_that_is_gone_has_no_status_due() -> None:
    of, _ = due(a={})
    of.look({("ModelServer", "default/a"): {"x": 1}}, everywhere=False)
    of.look({}, everywhere=False)
    assert named(of) == []
