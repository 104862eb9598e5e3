"""From an admitted document to the typed resource."""

from collections.abc import Mapping

import msgspec

from turnout.resources.kinds import Kind
from turnout.resources.metadata import Resource


def decode(kind: Kind, document: Mapping[str, object]) -> Resource:
    """The typed form of a document that `admit` passed.

    Raises `msgspec.ValidationError` for a document that it did not pass.
    """
    return msgspec.convert(document, kind.type)
