"""ModelServers: those that cannot be spoken to say so in their status."""

from turnout.resources.document import Document
from turnout.resources.modelserver import ModelServer
from turnout.translate.conditions import Condition, Stamp, entries, met, stamped, unmet
from turnout.translate.facts import Facts


def can_be_spoken_to(server: ModelServer) -> bool:
    """Whether requests may be sent to the server: one that asks for TLS is never sent plain ones."""
    return server.spec.tls is None


def model_server_status(server: ModelServer, facts: Facts) -> Document | None:
    """The whole new status; None when nothing is or was amiss."""
    status = server.status
    was = any(entry.get("type") == "Accepted" for entry in entries(status.get("conditions")))
    if can_be_spoken_to(server) and not was:
        return None
    stamp = Stamp(server.metadata.generation, facts.now)
    return {**status, "conditions": stamped([_accepted(server)], status.get("conditions"), stamp)}


def _accepted(server: ModelServer) -> Condition:
    if can_be_spoken_to(server):
        return met("Accepted", "Accepted", "The server is accepted")
    return unmet("Accepted", "UnsupportedValue", "spec.tls is not supported: the server is in no pool")
