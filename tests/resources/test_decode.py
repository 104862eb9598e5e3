"""From an admitted document to the typed resource."""

import msgspec
import pytest

from tests.support.admission import KIND, document
from turnout.resources.admit import admit
from turnout.resources.decode import decode
from turnout.resources.kinds import KINDS, Kind


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_an_admitted_document_is_its_type(kind: Kind) -> None:
    resource = decode(kind, admit(kind, document(kind.kind)).document)
    assert isinstance(resource, kind.type)
    assert resource.key == "/it"


def test_a_document_that_was_not_admitted_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(KIND["Gateway"], {"metadata": {"name": "it"}, "spec": {}})
