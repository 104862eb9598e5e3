"""GatewayClass: the controller's name."""

import pytest

from tests.support.admission import faults


@pytest.mark.parametrize("name", ["turnout.dev/gateway", "a/b/c", "example.net/x.y~z"])
def test_a_controller_is_a_domain_and_a_path(name: str) -> None:
    assert faults("GatewayClass", controllerName=name) == []


@pytest.mark.parametrize("name", ["", "turnout", "turnout.dev/", "/gateway", "Turnout.dev/gateway", "a/b c"])
def test_anything_else_is_no_controller(name: str) -> None:
    assert faults("GatewayClass", controllerName=name)


def test_a_description_is_short() -> None:
    assert faults("GatewayClass", description="x" * 65) == ["spec.description: Too long: may not be more than 64 bytes"]
