"""Kubernetes Events (core v1) on rollouts."""

from turnout.resources.document import Document
from turnout.resources.kinds import KINDS
from turnout.runners.controller.ledger import Notice
from turnout.runners.controller.rolloutdocument import rfc3339
from turnout.store import ApiError, Provider, served_as

EVENTS = next(served_as(kind) for kind in KINDS if kind.kind == "Event")
COMPONENT = "turnout-controller"


def event(rollout: Document, notice: Notice) -> Document:
    """The Event of a notice."""
    metadata = rollout["metadata"]
    namespace = metadata.get("namespace", "")
    at = rfc3339(notice.at)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": notice.name, "namespace": namespace},
        "involvedObject": {
            "apiVersion": rollout["apiVersion"],
            "kind": rollout["kind"],
            "namespace": namespace,
            "name": metadata["name"],
            "uid": metadata["uid"],
        },
        "reason": notice.reason,
        "message": notice.message,
        "type": notice.kind,
        "count": 1,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
    }


async def announce(provider: Provider, rollout: Document, notice: Notice) -> None:
    """Creates the Event. One that exists already, or that the store will never take, is done with.

    Raises UnreachableError, and ApiError where trying again may help.
    """
    try:
        await provider.create(EVENTS, rollout["metadata"].get("namespace", ""), event(rollout, notice))
    except ApiError as error:
        if error.code >= 500 or error.code == 429:
            raise
