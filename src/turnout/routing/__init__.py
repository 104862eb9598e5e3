"""Match a request to a rule of the table, and choose the rule's backend."""

from turnout.routing.building import Builder
from turnout.routing.conditions import Asked
from turnout.routing.expressions import expression
from turnout.routing.index import Index
from turnout.routing.shortlist import Shortlist, Target
from turnout.routing.split import Dice, Sequence, Splitter, carry, keyed

__all__ = [
    "Asked",
    "Builder",
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
