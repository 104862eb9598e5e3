"""Resources -> the routing table, a status for every object, and the members of every pool. Pure; never raises."""

from turnout.translate.facts import Facts
from turnout.translate.membership import PoolMember, host_names, membership
from turnout.translate.rollouts import RolloutFacts, RolloutRefusal
from turnout.translate.translation import Translation, Translator, translate

__all__ = [
    "Facts",
    "PoolMember",
    "RolloutFacts",
    "RolloutRefusal",
    "Translation",
    "Translator",
    "host_names",
    "membership",
    "translate",
]
