"""ModelServers: those that cannot be spoken to say so in their status."""

from turnout.resources.document import Document
from turnout.resources.modelserver import ModelServer
from turnout.translate.conditions import Condition, Stamp, entries, met, stamped, unmet
from turnout.translate.destinations import Unresolved
from turnout.translate.facts import Facts


def model_server_status(server: ModelServer, facts: Facts, fault: Unresolved | None = None) -> Document | None:
    """The whole new status; None when nothing is or was amiss. `fault` is why the server cannot be spoken to."""
    status = server.status
    was = any(entry.get("type") == "Accepted" for entry in entries(status.get("conditions")))
    if fault is None and not was:
        return None
    stamp = Stamp(server.metadata.generation, facts.now)
    return {**status, "conditions": stamped(_conditions(fault), status.get("conditions"), stamp)}


def _conditions(fault: Unresolved | None) -> tuple[Condition, ...]:
    accepted = met("Accepted", "Accepted", "The server is accepted")
    if fault is None:
        return (accepted, met("ResolvedRefs", "ResolvedRefs", "Every reference is resolved"))
    if fault.reason in ("InvalidCACertificateRef", "InvalidKind"):
        accepted = unmet("Accepted", "NoValidCACertificate", f"The server is in no pool: spec.{fault.message}")
    else:
        accepted = unmet("Accepted", "Invalid", f"The server is in no pool: spec.{fault.message}")
    return (accepted, unmet("ResolvedRefs", fault.reason, f"spec.{fault.message}"))
