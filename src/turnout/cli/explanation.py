"""Why a request would go where it goes: the rule, the split, and every score of every endpoint."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from turnout.cli.requestfile import WrittenRequest
from turnout.endpoints import Endpoint
from turnout.picker import Decision, Profile
from turnout.picker import explain as explain_pick
from turnout.resources.document import Document
from turnout.routing import Target
from turnout.table import Backend


class Arm(Struct, frozen=True):
    """One backend of the split: its share of keyless requests, and what its pool would pick.

    `decision` is None where no endpoint is ready. `endpoints` are all that the pool has.
    """

    name: str
    share: float
    endpoints: Sequence[Endpoint]
    decision: Decision | None
    invalid: str = ""


class Explanation(Struct, frozen=True):
    """`route` is empty for a request that no rule serves, or for a pool that was asked for by name.

    `key` says by what the request is held to its arm; without one the arms take turns.
    """

    arms: tuple[Arm, ...]
    route: str = ""
    rule: str = ""
    match: str = ""
    listener: str = ""
    key: str = ""
    redirect: bool = False


def of_pool(pool: str, endpoints: Sequence[Endpoint]) -> Explanation:
    """What pool `NAMESPACE/NAME` would do with any request."""
    return Explanation((_arm(pool, 1.0, endpoints),))


def of_target(target: Target, request: WrittenRequest, endpoints: Mapping[str, Sequence[Endpoint]]) -> Explanation:
    """What becomes of a request that `target` serves. `endpoints` are by the key of their pool."""
    splitter = target.splitter
    found = request.key(splitter.split.keys)
    backends: tuple[tuple[Backend, float], ...]
    backends = tuple((each, each.weight / splitter.total) for each in splitter.split.backends)
    said = ""
    if found is not None and backends:
        key, value = found
        chosen = splitter.keyed(value)
        assert chosen is not None
        backends = ((chosen, 1.0),)
        said = f"{key.source} {key.name or key.messages}".strip()
    path = target.match.path
    return Explanation(
        tuple(_arm(each.ref.key, share, endpoints.get(each.ref.key, ()), each.invalid) for each, share in backends),
        route=target.route.ref.key,
        rule=target.rule.name,
        match=f"{path.type} {path.value}",
        listener=f"{target.listener.gateway.key} {target.listener.name}",
        key=said,
        redirect=target.rule.filters.redirect is not None,
    )


def _arm(name: str, share: float, endpoints: Sequence[Endpoint], invalid: str = "") -> Arm:
    decision = explain_pick(endpoints, lambda _: 0, (), lambda: 0.0)
    return Arm(name, share, endpoints, decision, invalid)


def as_document(explanation: Explanation, profile: Profile) -> Document:
    """The explanation as JSON."""
    return {
        "route": explanation.route,
        "rule": explanation.rule,
        "match": explanation.match,
        "listener": explanation.listener,
        "key": explanation.key,
        "redirect": explanation.redirect,
        "weights": {"queue": profile.queue, "kvCache": profile.kv_cache, "inFlight": profile.in_flight},
        "pools": [
            {
                "pool": arm.name,
                "share": arm.share,
                "invalid": arm.invalid,
                "endpoint": arm.decision.endpoint.address if arm.decision is not None else None,
                "endpoints": [_endpoint(arm, each) for each in arm.endpoints],
            }
            for arm in explanation.arms
        ],
    }


def _endpoint(arm: Arm, endpoint: Endpoint) -> Document:
    said: Document = {
        "address": endpoint.address,
        "server": endpoint.name,
        "ready": endpoint.ready,
        "waiting": endpoint.waiting,
        "running": endpoint.running,
        "kvUsage": endpoint.kv_usage,
    }
    for scored in arm.decision.candidates if arm.decision is not None else ():
        if scored.endpoint.address == endpoint.address:
            scores = {"queue": scored.queue_score, "kvCache": scored.kv_cache_score, "inFlight": scored.in_flight_score}
            return {**said, "scores": scores, "total": scored.total}
    return said


def lines(explanation: Explanation) -> list[str]:
    """The explanation for people."""
    from turnout.cli.printing import aligned

    said: list[str] = []
    if explanation.route:
        said += aligned(
            [
                ("Route:", f"{explanation.route}, rule {explanation.rule} ({explanation.match})"),
                ("Listener:", explanation.listener),
                ("Held by:", explanation.key or "nothing: the pools take turns"),
            ]
        )
    if explanation.redirect:
        said.append("The rule redirects: no pool is asked.")
    elif not explanation.arms:
        said.append("The rule has no backends: the answer is 500.")
    for arm in explanation.arms:
        said += ["", f"Pool {arm.name}: {arm.share:.1%} of such requests"]
        said += _arm_lines(arm)
    return said


def _arm_lines(arm: Arm) -> list[str]:
    from turnout.cli.printing import aligned

    if arm.invalid:
        return [f"  answered 500: {arm.invalid}"]
    if not arm.endpoints:
        return ["  no endpoints: answered 503"]
    totals = {each.endpoint.address: each for each in (arm.decision.candidates if arm.decision is not None else ())}
    best = max((each.total for each in totals.values()), default=0.0)  # of several that have it one is drawn
    rows: list[Sequence[str]] = [("", "ENDPOINT", "SERVER", "WAITING", "KV", "QUEUE", "KV-CACHE", "IN-FLIGHT", "TOTAL")]
    for each in sorted(arm.endpoints, key=lambda one: -totals[one.address].total if one.address in totals else 1.0):
        scored = totals.get(each.address)
        head = (
            "->" if scored is not None and scored.total == best else "",
            each.address,
            each.name,
            _number(each.waiting),
            _number(each.kv_usage),
        )
        if scored is None:
            rows.append((*head, "not ready", "", "", ""))
        else:
            scores = (scored.queue_score, scored.kv_cache_score, scored.in_flight_score, scored.total)
            rows.append((*head, *map(_number, scores)))
    return aligned(rows, "  ")


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")
