"""Match a request to a rule of the table, and choose the rule's backend."""

from turnout.routing.index import Index, Target
from turnout.routing.split import Dice, Sequence, Splitter, carry, keyed

__all__ = ["Dice", "Index", "Sequence", "Splitter", "Target", "carry", "keyed"]
