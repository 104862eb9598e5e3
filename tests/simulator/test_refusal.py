"""Errors on the wire."""

import json

import pytest

from turnout.simulator.refusal import Refusal


def test_an_error_has_vllms_shape() -> None:
    assert json.loads(Refusal(404, "no", "model").body()) == {
        "error": {"message": "no", "type": "NotFoundError", "param": "model", "code": 404}
    }


@pytest.mark.parametrize(("status", "kind"), [(418, "BadRequestError"), (599, "InternalServerError")])
def test_a_status_without_a_type_of_its_own_has_its_class_type(status: int, kind: str) -> None:
    assert json.loads(Refusal(status, "no").body())["error"]["type"] == kind
