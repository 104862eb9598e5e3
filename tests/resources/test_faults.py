"""The text and the cause of a fault."""

from turnout.resources.faults import Fault, invalid, required


def test_text_is_quoted_and_numbers_are_not() -> None:
    assert str(invalid("a", "b", "c")) == 'a: Invalid value: "b": c'
    assert str(invalid("a", 1, "c")) == "a: Invalid value: 1: c"
    assert str(invalid("a", True, "c")) == "a: Invalid value: true: c"


def test_a_cause_names_field_and_reason_apart_from_the_text() -> None:
    assert invalid("spec.a", -3, "too small").cause() == {
        "reason": "FieldValueInvalid",
        "message": "Invalid value: -3: too small",
        "field": "spec.a",
    }


def test_what_is_missing_has_no_value() -> None:
    assert str(required("spec.a")) == "spec.a: Required value"


def test_a_fault_of_the_whole_document_names_no_field() -> None:
    assert str(Fault("", "FieldValueForbidden", None, "why")) == "Forbidden: why"


def test_a_fault_of_a_part_is_named_from_the_whole() -> None:
    assert required("c").under("a.b").field == "a.b.c"
    assert required("[0]").under("a").field == "a[0]"
    assert required("").under("a").field == "a"
