"""Choose the endpoint in the chosen pool: filter, score, pick."""

from turnout.picker.candidates import Candidates
from turnout.picker.pick import Decision, Scored, explain, pick
from turnout.picker.prefix_index import PrefixIndex, PrefixMatch
from turnout.picker.profile import Profile

__all__ = ["Candidates", "Decision", "PrefixIndex", "PrefixMatch", "Profile", "Scored", "explain", "pick"]
