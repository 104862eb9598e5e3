"""A model server's behaviour as a pure model: its engine, its API's requests and answers, and what can go wrong."""

from turnout.simulator.engine import Engine, Event, Job
from turnout.simulator.faults import FINE, KINDS, Fate, FaultError, Faults, Ill, parse_faults
from turnout.simulator.profile import DEFAULT, PROFILES, Profile, find_profile

__all__ = [
    "DEFAULT",
    "FINE",
    "KINDS",
    "PROFILES",
    "Engine",
    "Event",
    "Fate",
    "FaultError",
    "Faults",
    "Ill",
    "Job",
    "Profile",
    "find_profile",
    "parse_faults",
]
