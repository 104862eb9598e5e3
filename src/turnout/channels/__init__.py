"""How the processes of one gateway talk: typed messages over Unix sockets, each behind its length.

controller ── TablePart, TableVersion ──► worker ── Hello, Acknowledged, Report ──► controller
controller ── Membership ──► scraper ── EndpointStates ──► workers and controller
parent ── Listen, Stop ──► worker            controller ── Ports, Programmed ──► parent ── Bound ──► controller
"""

from turnout.channels.framing import Decoder, encode
from turnout.channels.messages import (
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
    Report,
    Stop,
    TablePart,
    TableVersion,
)

__all__ = [
    "Acknowledged",
    "Bound",
    "Count",
    "Decoder",
    "EndpointStates",
    "Hello",
    "Listen",
    "Member",
    "Membership",
    "Message",
    "Ports",
    "Programmed",
    "Report",
    "Stop",
    "TablePart",
    "TableVersion",
    "encode",
]
