"""Which backend a request is assigned to, what is to be said of that, and which of its endpoints gets it."""

from hashlib import blake2b

from msgspec import Struct

from turnout.endpoints import Endpoint
from turnout.inference import prompt_blocks
from turnout.picker import pick
from turnout.proxy.affinity import chosen_key, usual_key
from turnout.proxy.request import Request
from turnout.proxy.state import State
from turnout.proxy.view import Arm, Plan
from turnout.routing import Dice


class Assignment(Struct, frozen=True, gc=False):
    """`arm` is None when the split is empty. `unit` is the record's: what was assigned; `key` is a unit's own."""

    arm: Arm | None
    unit: str
    key: str = ""


NOTHING = Assignment(None, "")
NO_BLOCKS: list[int] = []


def assign(plan: Plan, request: Request, dice: Dice) -> Assignment:
    """By its key if the request has one, else by the rule's sequence. A JSON body must be whole."""
    splitter = plan.splitter
    if not splitter.total:
        return NOTHING
    keys = splitter.split.keys
    key = chosen_key(keys, request) if keys else usual_key(request)
    if key:
        backend = splitter.keyed(key)
        assert backend is not None
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        return Assignment(plan.arm(backend), "key:" + digest, key)
    backend, stretch = plan.sequence.next(dice)
    return Assignment(plan.arm(backend), f"stretch:{stretch}")


def choose_endpoint(state: State, pool: str, tried: tuple[str, ...], now: float, request: Request) -> Endpoint | None:
    """The best endpoint of `pool` that is ready, was not `tried` and is not kept out; None if there is none.

    From here on the endpoint is taken to hold the request's prompt in its prefix cache.
    """
    if now >= state.outliers.due:
        state.outliers.turn(now)
    known = state.pool(pool)
    if known is None:
        return None
    candidates, index = known.candidates, known.prefixes
    # One endpoint alone gets everything: what it holds is learnt when there is another.
    blocks = prompt_blocks(request.fields()) if request.buffered and len(known.endpoints) > 1 else NO_BLOCKS
    match = index.match(blocks) if blocks else None
    if not tried:
        known.budget.requests += 1
        endpoint = candidates.pick(state.in_flight, state.dice, match)
    else:
        endpoint = pick(candidates.endpoints, state.in_flight, tried, state.dice, shares=index.shares(blocks))
    if blocks and endpoint is not None:
        index.add(blocks, endpoint.address, known=match is not None)
    return endpoint
