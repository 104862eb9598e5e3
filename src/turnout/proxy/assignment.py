"""Which backend a request is assigned to, what is to be said of that, and which of its endpoints gets it."""

from hashlib import blake2b

from msgspec import Struct

from turnout.endpoints import Endpoint
from turnout.endpoints.usable import usable
from turnout.picker import pick
from turnout.proxy.request import Request
from turnout.proxy.state import State, View
from turnout.routing import Dice, Target
from turnout.table import Backend


class Assignment(Struct, frozen=True, gc=False):
    """`backend` is None when the split is empty. `unit` is the record's: what was assigned; `key` is a unit's own."""

    backend: Backend | None
    unit: str
    weight_total: int
    key: str = ""


NOTHING = Assignment(None, "", 0)


def assign(view: View, target: Target, request: Request, dice: Dice) -> Assignment:
    """By its key if the request has one, else by the rule's sequence. A JSON body must be whole."""
    split, splitter = target.rule.split, target.splitter
    if not split.backends:
        return NOTHING
    key = _key(request)
    if key:
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        return Assignment(splitter.keyed(key), "key:" + digest, splitter.total, key)
    backend, stretch = view.sequence(split).next(dice)
    return Assignment(backend, f"stretch:{stretch}", splitter.total)


def choose_endpoint(state: State, pool: str, tried: tuple[str, ...], now: float) -> Endpoint | None:
    """The best endpoint of `pool` that is ready, was not `tried` and did not just refuse a connection; None if none."""
    endpoints = state.endpoints.get(pool, ())
    exclude = tried
    if state.failed_at:
        failed = state.failed_at.get
        exclude += tuple(each.address for each in endpoints if not usable(each, failed(each.address), now))
    return pick(endpoints, state.in_flight, exclude, state.dice)


def _key(request: Request) -> str:
    """What keeps a client on one side of the split; empty when it does not say."""
    if request.session:
        return request.session.decode("utf-8", "surrogateescape")
    return request.fields().prompt_cache_key
