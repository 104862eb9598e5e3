"""What a rule asks for that Turnout does not do. It is refused by name, never ignored."""

from collections.abc import Collection

from msgspec import Struct


class Unserved(Struct, frozen=True):
    """A field that cannot be served, and why. `incompatible`: it can be by itself, and not beside the others.

    `guard`: it decides who may pass, so its rule's requests must not fall to another rule (HTTPRoute `ExtensionRef`:
    they "MUST receive a HTTP error response").
    """

    message: str
    incompatible: bool = False
    guard: bool = False


def reason_of(unserved: Collection[Unserved]) -> str:
    """The spec's reason for refusing all of it."""
    return "IncompatibleFilters" if all(one.incompatible for one in unserved) else "UnsupportedValue"


def said(unserved: Collection[Unserved]) -> str:
    """All of it in one line, nothing twice."""
    return "; ".join(dict.fromkeys(one.message for one in unserved))
