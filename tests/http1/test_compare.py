"""The document's tables."""

from tests.http1.cases import CASES
from tests.http1.compare import DOCUMENT, cell, promised


def test_the_document_lists_every_case_with_our_answer() -> None:
    text = DOCUMENT.read_text()

    assert [case.name for case in CASES if f"| {cell(case.name)} | {promised(case)} |" not in text] == []
