"""Assignment to a backend, and to one of its endpoints."""

from collections import Counter

from tests.support.worker import gateway, run, table
from turnout.endpoints import Endpoint
from turnout.proxy.assignment import NOTHING, assign, choose_endpoint
from turnout.proxy.request import Request
from turnout.proxy.view import View


def request(body: bytes = b"", *, session: bytes = b"", buffered: bool = True) -> Request:
    made = Request(b"POST", b"/", [], closes=False, http10=False)
    made.session = session
    made.buffered = buffered
    made.body = [body[:3], body[3:]]
    return made


def dice() -> float:
    return 0.5


def test_a_split_without_backends_assigns_nothing() -> None:
    plan = View.of(table({}), 1).plan(80, "x", "/", request())

    assert plan is not None
    assert assign(plan, request(), dice) is NOTHING


def test_the_key_of_a_body_in_pieces_is_read_and_the_body_stays_whole() -> None:
    plan = View.of(table({"a": 1, "b": 1}), 1).plan(80, "x", "/", request())
    assert plan is not None
    whole = b'{"prompt_cache_key":"k","x":1}'
    pieces = request(whole)

    assigned = assign(plan, pieces, dice)

    assert assigned.unit == assign(plan, request(session=b"k"), dice).unit
    assert b"".join(pieces.body) == whole


def test_an_assignment_has_its_pool_weight_and_total() -> None:
    plan = View.of(table({"a": 9, "b": 1}), 1).plan(80, "x", "/", request())
    assert plan is not None

    drawn = [assign(plan, request(), dice) for _ in range(10)]

    arms = [each.arm for each in drawn if each.arm is not None]
    assert Counter((arm.key, arm.backend.weight) for arm in arms) == {("default/a", 9): 9, ("default/b", 1): 1}
    assert {arm.place.weight_total for arm in arms} == {10}
    assert {each.unit for each in drawn} == {"stretch:0"}


def test_new_states_of_endpoints_are_seen_at_once() -> None:
    async def main() -> None:
        async with gateway({}) as served:
            state = served.state

            def chosen(*ready: bool) -> str:
                endpoints = tuple(
                    Endpoint(f"e{slot}", f"10.0.0.{slot}:80", slot, each, 0.0) for slot, each in enumerate(ready)
                )
                state.endpoints = {"default/a": endpoints}
                found = choose_endpoint(state, "default/a", (), 0.0, request())
                return found.name if found is not None else ""

            assert [chosen(True, False), chosen(False, True), chosen(False, False)] == ["e0", "e1", ""]
            assert choose_endpoint(state, "default/b", (), 0.0, request()) is None

    run(main())


def test_what_was_tried_and_what_just_refused_is_passed_over() -> None:
    async def main() -> None:
        async with gateway({"a": [f"10.0.0.{slot}:80" for slot in range(3)]}) as served:
            state = served.state
            state.clock = lambda: 100.5
            state.outliers.failed("10.0.0.1:80", 100.0, refused=True)

            found = choose_endpoint(state, "default/a", ("10.0.0.0:80",), 100.5, request())

            assert found is not None
            assert found.address == "10.0.0.2:80"
            assert choose_endpoint(state, "default/a", ("10.0.0.0:80", "10.0.0.2:80"), 100.5, request()) is None

    run(main())


def test_the_same_prompt_goes_where_it_was() -> None:
    async def main() -> None:
        async with gateway({"a": [f"10.0.0.{slot}:80" for slot in range(8)]}) as served:

            def chosen(word: str) -> str:
                made = request(b'{"model":"m","prompt":"%b"}' % (word.encode() * 500))
                found = choose_endpoint(served.state, "default/a", (), 0.0, made)
                return found.address if found is not None else ""

            firsts = {word: chosen(word) for word in ("one", "two", "three", "four")}

            assert {word: chosen(word) for word in firsts for _ in range(3)} == firsts
            assert "" not in firsts.values()

    run(main())
