"""The record of a request that is over, out of what its exchange knows."""

from time import time

from turnout.proxy.attempts import Attempts
from turnout.proxy.observation import Observation
from turnout.proxy.request import Request
from turnout.proxy.view import Plan, View
from turnout.proxy.writing import Answer
from turnout.telemetry.record import Place, Record


def place_of(plan: Plan | None, view: View, port: int) -> Place:
    """Where a request came to that was assigned to no backend."""
    if plan is not None:
        return plan.place
    return Place(table_version=view.version, logged=view.logging.get(port))


def record_of(  # noqa: PLR0913 - all that an exchange knows, on the hot path
    request: Request,
    place: Place,
    unit: str,
    attempts: Attempts,
    answer: Answer,
    observed: Observation | None,
    began: float,
    duration: float,
    code: int,
    reason: str,
) -> Record:
    """The record. `observed` is None for a request that nobody watches."""
    endpoint = attempts.endpoint
    return Record(
        time() - duration,
        place,
        endpoint.address if endpoint is not None else "",
        unit,
        code,
        reason,
        answer.stream,
        duration,
        attempts.count,
        began,
        answer.first_byte,
        answer.first_body,
        answer.first_token,
        attempts.began,
        request.model,
        answer.usage(),
        request.id,
        observed.watched.watch.epoch if observed is not None else -1,
        observed.asked.stratum if observed is not None else "",
        observed.watched.watch.rollout if observed is not None else "",
        observed.said if observed is not None else (),
    )
