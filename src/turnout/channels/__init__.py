"""How the processes of one gateway talk: typed messages over Unix sockets, each behind its length.

controller ── TablePart, TableVersion ──► worker ── Hello, Acknowledged, Report ──► controller
controller ── Membership ──► scraper ── EndpointStates ──► workers and controller
parent ── Listen, StepAside, Stop ──► worker ── Accepting, SteppedAside, Renew ──► parent
controller ── Ports, Programmed ──► parent ── Bound ──► controller
"""

from turnout.channels.framing import Decoder, encode
from turnout.channels.messages import (
    MISSES,
    Accepting,
    Acknowledged,
    Bound,
    Count,
    EndpointStates,
    Hello,
    Listen,
    Member,
    Membership,
    Message,
    Ports,
    Programmed,
    Renew,
    Report,
    StepAside,
    SteppedAside,
    Stop,
    TablePart,
    TableVersion,
)
from turnout.channels.observations import ArmCount, ArmLoad, Assigned, KeyLoad, Miss, Times

__all__ = [
    "MISSES",
    "Accepting",
    "Acknowledged",
    "ArmCount",
    "ArmLoad",
    "Assigned",
    "Bound",
    "Count",
    "Decoder",
    "EndpointStates",
    "Hello",
    "KeyLoad",
    "Listen",
    "Member",
    "Membership",
    "Message",
    "Miss",
    "Ports",
    "Programmed",
    "Renew",
    "Report",
    "StepAside",
    "SteppedAside",
    "Stop",
    "TablePart",
    "TableVersion",
    "Times",
    "encode",
]
