"""RequestMirror: copies of requests (upstream `httproute-request-*mirror*`)."""

from collections.abc import Sequence
from functools import partial
from math import sqrt

import pytest

from tests.support.conformance import Document, Stage, at, mirror, modified, rule, upstream
from tests.support.system import until

pytestmark = pytest.mark.e2e

CHANGE = {"set_": "X-Set=set-overwrites", "add": "X-Add=add-1 X-Append=add-2", "remove": "X-Remove"}
BEFORE = {"X-Remove": "val", "X-Append": "theirs"}
AFTER = {"X-Remove": None, "X-Append": "theirs,add-2", "X-Set": "set-overwrites", "X-Add": "add-1"}


def mirrored(stage: Stage, pools: Sequence[str]) -> None:
    """A request reaches its backend and each of `pools`, changed alike by the rule's header modifier."""
    gateway = stage.gateway()
    copies = [mirror(pool) for pool in pools]
    plain, changed = f"/{gateway.name}/plain", f"/{gateway.name}/changed"
    stage.served(
        gateway,
        rule("infra-v1", matches=[at(plain)], filters=copies),
        rule("infra-v1", matches=[at(changed)], filters=[modified("Request", **CHANGE), *copies]),
    )
    for path, headers in ((plain, {}), (changed, BEFORE)):
        answer = stage.ask(gateway, path, **headers)
        assert answer.by == "infra-v1"
        for pool in pools:
            (copy,) = until(partial(stage.echoes.at, pool, path))
            assert copy.path == path
            if path == changed:
                assert {name: copy.values(name) for name in AFTER} == AFTER


@upstream("HTTPRouteRequestMirror", "HTTPRouteRequestMirror")
def test_a_request_is_copied_to_another_pool(stage: Stage) -> None:
    mirrored(stage, ["infra-v2"])


@upstream("HTTPRouteRequestMultipleMirrors", "HTTPRouteRequestMirror", "HTTPRouteRequestMultipleMirrors")
def test_a_request_is_copied_to_several_pools(stage: Stage) -> None:
    mirrored(stage, ["infra-v2", "infra-v3"])


SHARES: dict[str, tuple[Document, float]] = {
    "percent": ({"percent": 20}, 0.2),
    "fraction": ({"fraction": {"numerator": 25, "denominator": 50}}, 0.5),
    "percent-and-headers": ({"percent": 35}, 0.35),
}
REQUESTS = 500


@upstream("HTTPRouteRequestPercentageMirror", "HTTPRouteRequestPercentageMirror")
def test_a_share_of_requests_is_copied(stage: Stage) -> None:
    gateway = stage.gateway()
    rules = []
    for name, (share, _) in SHARES.items():
        change = [modified("Request", **CHANGE)] if "headers" in name else []
        filters = [*change, mirror("infra-v2", **share)]
        rules.append(rule("infra-v1", matches=[at(f"/{gateway.name}/{name}")], filters=filters))
    stage.served(gateway, *rules)
    for name, (_, wanted) in SHARES.items():
        path = f"/{gateway.name}/{name}"
        answers = stage.flood(gateway, f"{path}/x", REQUESTS)
        assert {answer.by for answer in answers} == {"infra-v1"}
        band = 4.5 * sqrt(REQUESTS * wanted * (1 - wanted))
        # A copy leaves after its request was answered.
        until(partial(enough, stage, path, REQUESTS * wanted - band))
        assert len(stage.echoes.at("infra-v2", path)) < REQUESTS * wanted + band


def enough(stage: Stage, path: str, copies: float) -> bool:
    """Whether so many copies have come."""
    return len(stage.echoes.at("infra-v2", path)) >= copies
