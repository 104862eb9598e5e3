"""The record of a request that is over, out of what its exchange knows."""

from time import time

from turnout.proxy.assignment import Assignment
from turnout.proxy.attempts import Attempts
from turnout.proxy.observation import Observation
from turnout.proxy.request import Request
from turnout.proxy.view import Plan, View
from turnout.proxy.writing import Answer, since
from turnout.telemetry.record import Record


def record_of(  # noqa: PLR0913 - all that an exchange knows, on the hot path
    request: Request,
    plan: Plan | None,
    assigned: Assignment,
    attempts: Attempts,
    answer: Answer,
    observed: Observation | None,
    view: View,
    port: int,
    began: float,
    duration: float,
    code: int,
    reason: str,
) -> Record:
    """The record. `observed` is None for a request that nobody watches."""
    arm, endpoint = assigned.arm, attempts.endpoint
    return Record(
        time() - duration,
        plan.route if plan is not None else "",
        plan.rule if plan is not None else "",
        arm.key if arm is not None else "",
        endpoint.address if endpoint is not None else "",
        view.version,
        arm.backend.weight if arm is not None else 0,
        assigned.weight_total,
        assigned.unit,
        code,
        reason,
        answer.stream,
        since(began, answer.first_byte),
        since(began, answer.first_body),
        duration,
        attempts.count,
        arm.backend.role if arm is not None else "",
        request.model,
        since(began, answer.first_token),
        attempts.began - began,
        answer.usage(),
        request.id,
        observed.watched.watch.epoch if observed is not None else -1,
        observed.asked.stratum if observed is not None else "",
        plan.logged if plan is not None else view.logging.get(port),
    )
