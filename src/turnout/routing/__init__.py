"""Match a request to a rule of the table, and choose the rule's backend."""

from turnout.routing.conditions import Asked
from turnout.routing.expressions import expression
from turnout.routing.index import Index
from turnout.routing.shortlist import Shortlist, Target
from turnout.routing.split import Dice, Sequence, Splitter, carry, keyed

__all__ = [
    "Asked",
    "Dice",
    "Index",
    "Sequence",
    "Shortlist",
    "Splitter",
    "Target",
    "carry",
    "expression",
    "keyed",
]
