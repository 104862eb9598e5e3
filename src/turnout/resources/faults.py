"""What is wrong with a document, in the words of Kubernetes (`field.Error`)."""

import json
from typing import Literal

from msgspec import Struct

from turnout.resources.document import JSON

Reason = Literal[
    "FieldValueInvalid",
    "FieldValueTypeInvalid",
    "FieldValueRequired",
    "FieldValueNotSupported",
    "FieldValueDuplicate",
    "FieldValueTooMany",
    "FieldValueTooLong",
    "FieldValueForbidden",
]
WORDS: dict[str, str] = {
    "FieldValueInvalid": "Invalid value",
    "FieldValueTypeInvalid": "Invalid value",
    "FieldValueRequired": "Required value",
    "FieldValueNotSupported": "Unsupported value",
    "FieldValueDuplicate": "Duplicate value",
    "FieldValueTooMany": "Too many",
    "FieldValueTooLong": "Too long",
    "FieldValueForbidden": "Forbidden",
}
VALUELESS = ("FieldValueRequired", "FieldValueTooLong", "FieldValueForbidden")


class Fault(Struct, frozen=True):
    """One fault of one field. `str()` is Kubernetes' text: `spec.weight: Invalid value: -3: should be ...`."""

    field: str
    type: Reason
    value: JSON = None
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.body}" if self.field else self.body

    @property
    def body(self) -> str:
        """The text without the field."""
        words = WORDS[self.type]
        if self.type not in VALUELESS:
            words = f"{words}: {quoted(self.value)}"
        return f"{words}: {self.detail}" if self.detail else words

    def cause(self) -> dict[str, str]:
        """The entry of a Status' `details.causes` (`metav1.StatusCause`)."""
        return {"reason": self.type, "message": self.body, "field": self.field}

    def under(self, path: str) -> "Fault":
        """The same fault of a part, seen from the whole that has the part at `path`."""
        return Fault(joined(path, self.field), self.type, self.value, self.detail)


def invalid(field: str, value: JSON, detail: str) -> Fault:
    """`field: Invalid value: value: detail`."""
    return Fault(field, "FieldValueInvalid", value, detail)


def broken(field: str, shape: Literal["object", "array", "string"], rule: str) -> Fault:
    """A rule between fields that does not hold. Kubernetes shows the shape of what it is about, not its content."""
    return Fault(field, "FieldValueInvalid", shape, rule)


def required(field: str, detail: str = "") -> Fault:
    """`field: Required value: detail`."""
    return Fault(field, "FieldValueRequired", None, detail)


def unsupported(field: str, value: JSON, supported: list[JSON]) -> Fault:
    """`field: Unsupported value: value: supported values: ...`."""
    return Fault(field, "FieldValueNotSupported", value, f"supported values: {', '.join(quoted(s) for s in supported)}")


def joined(path: str, field: str) -> str:
    """`field` of what is at `path`: `a` and `b` are `a.b`; `a` and `[0]` are `a[0]`."""
    if not path or not field or field.startswith("["):
        return path + field
    return f"{path}.{field}"


def quoted(value: JSON) -> str:
    """The value as a fault shows it: text in double quotes, the rest as JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
