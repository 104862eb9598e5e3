"""All cases, in the order of the table."""

from tests.http1 import cases_answers, cases_connections, cases_framing, cases_requests
from tests.http1.case import Case

GROUPS = {
    "Requests": cases_requests.CASES,
    "Framing": cases_framing.CASES,
    "Connections": cases_connections.CASES,
    "Answers": cases_answers.CASES,
}
CASES: tuple[Case, ...] = tuple(case for group in GROUPS.values() for case in group)
