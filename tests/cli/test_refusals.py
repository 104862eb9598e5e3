"""What a server refused, in words."""

from turnout.cli.refusals import Refusal, told
from turnout.store import ApiError

CAUSES = [{"field": "spec.a", "message": "Required value"}, {"field": "spec.b", "message": "Too many"}]


def invalid(count: int) -> Refusal:
    details = {"kind": "Gateway", "name": "it", "causes": CAUSES[:count]}
    return Refusal("", 'creating "a.yaml"', ApiError(422, "Invalid", "it is bad", details))


def test_an_invalid_object_alone_shows_its_faults_one_by_one() -> None:
    assert told([invalid(1)]) == ['The Gateway "it" is invalid: spec.a: Required value']
    assert told([invalid(2)]) == ['The Gateway "it" is invalid: \n* spec.a: Required value\n* spec.b: Too many']


def test_among_others_each_has_a_line_that_says_what_was_done() -> None:
    line = 'Error from server (Invalid): error when creating "a.yaml": it is bad'
    assert told([invalid(1), Refusal("lost")]) == [line, "lost"]


def test_a_fault_of_this_side_alone_is_an_error() -> None:
    assert told([Refusal("lost")]) == ["error: lost"]


def test_nothing_refused_is_nothing_told() -> None:
    assert told([]) == []
