"""Which changes of rollouts matter to tables: most writes of a rollout's status are no news to them."""

from collections.abc import Mapping
from typing import Any

from turnout.resources.document import Document
from turnout.runners.controller.rolloutdocument import meant


class Relevance:
    """What the documents last shown meant."""

    def __init__(self) -> None:
        self._meant: dict[str, tuple[Document, tuple[Any, ...]]] = {}

    def moved(self, documents: Mapping[str, Document]) -> bool:
        """Whether they mean something else than those shown before."""
        found = {}
        for key, document in documents.items():
            known = self._meant.get(key)
            found[key] = known if known is not None and known[0] is document else (document, meant(document))
        before, self._meant = self._meant, found
        return before.keys() != found.keys() or any(before[key][1] != each for key, (_, each) in found.items())
