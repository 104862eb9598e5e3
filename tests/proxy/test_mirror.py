"""Which requests are copied, and what of them is kept for it."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.worker import pool_ref, table
from turnout.proxy.heads import CODING, CONNECTION, CONTENT_TYPE, HOST, LENGTH, UPGRADE
from turnout.proxy.mirror import Bounds, Draft, Mirrored, Mirrors, mirrors_of
from turnout.proxy.request import Request
from turnout.table import Backend, Filters, Mirror, Rule


def request(noted: dict[int, bytes] | None = None, *body: bytes) -> Request:
    made = Request(b"POST", b"/", [], closes=False, http10=False)
    made.read_head({HOST: b"x", **(noted or {})})
    return came(made, *body)


def came(made: Request, *body: bytes) -> Request:
    made.body += body
    made.size += sum(map(len, body))
    return made


JSON = {CONTENT_TYPE: b"application/json", CODING: b"chunked"}
STREAMED = {CONTENT_TYPE: b"audio/mpeg", CODING: b"chunked"}
ALL = Mirrored("s/0", Mirror(pool_ref("m")))


def share(numerator: int, denominator: int = 100, place: str = "s/0") -> Mirrored:
    return Mirrored(place, Mirror(pool_ref("m"), numerator, denominator))


def draft(mirrors: Mirrors, asked: Request, *wanted: Mirrored, dice: Random | None = None) -> Draft | None:
    return mirrors.draft(wanted or (ALL,), asked, (dice or Random(1)).random)


@settings(max_examples=60)
@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 2**32))
def test_every_prefix_has_its_share_of_copies_within_one(numerator: int, denominator: int, seed: int) -> None:
    mirrors, dice = Mirrors(), Random(seed)
    copies = 0
    for requests in range(1, 150):
        copies += draft(mirrors, request(), share(numerator, denominator), dice=dice) is not None
        assert abs(copies - requests * min(1.0, numerator / denominator)) < 1 or numerator in {0, denominator}
    if numerator == 0:
        assert copies == 0
    if numerator >= denominator:
        assert copies == 149


def test_each_mirror_has_a_share_of_its_own() -> None:
    mirrors, dice = Mirrors(), Random(1)
    other = Mirrored("s/1", Mirror(pool_ref("n"), 1, 4))
    pools = [draft(mirrors, request(), share(1, 2), other, dice=dice) for _ in range(400)]
    found = [each.pools for each in pools if each is not None]
    assert sum("default/m" in each for each in found) == 200
    assert sum("default/n" in each for each in found) == 100
    assert ("default/m", "default/n") in found


def routes(*mirrors: Mirror, own: tuple[Mirror, ...] = ()) -> Rule:
    rule = table({"a": 1, "b": 1}).routes["default/r"].rules[0]
    first, second = rule.split.backends
    split = replace(rule.split, backends=(replace(first, filters=Filters(mirrors=own)), second))
    return replace(rule, filters=Filters(mirrors=mirrors), split=split)


def test_the_backends_of_a_rule_share_its_mirrors_and_have_their_own() -> None:
    shared, own = Mirror(pool_ref("m"), 1, 2), Mirror(pool_ref("m"), 1, 3)
    rule = routes(shared, own=(own,))
    first, second = rule.split.backends
    assert [each.mirror for each in mirrors_of(rule, first)] == [shared, own]
    assert [each.mirror for each in mirrors_of(rule, second)] == [shared]
    assert mirrors_of(rule, first)[0] == mirrors_of(rule, second)[0]
    assert len({each.place for each in mirrors_of(rule, first)}) == 2


def test_a_share_goes_on_where_it_was_when_the_table_changes_around_it() -> None:
    mirrors, dice = Mirrors(), Random(3)
    rule = routes(Mirror(pool_ref("m"), 1, 10))
    (wanted,) = mirrors_of(rule, rule.split.backends[0])
    copies = 0
    for place in range(100):
        copies += draft(mirrors, request(), wanted, dice=dice) is not None
        made = table({"a": place + 1, "b": 1})
        route = made.routes["default/r"]
        mirrors.keep(replace(made, routes={"default/r": replace(route, rules=(rule,))}))
    assert copies == 10


def test_an_offer_to_switch_protocols_is_not_copied() -> None:
    asked = request({CONNECTION: b"upgrade", UPGRADE: b"websocket"})
    assert asked.offers
    assert draft(Mirrors(), asked) is None


def test_a_body_is_kept_as_it_comes_although_it_is_passed_on() -> None:
    mirrors = Mirrors()
    asked = request(STREAMED, b"one", b"two")
    made = draft(mirrors, asked)
    assert made is not None
    asked.body = []
    made.take()
    made.take()
    came(asked, b"three")
    made.take()
    came(asked, b"four", b"five")
    made.take()
    asked.body.clear()
    assert b"".join(made.twin().body) == b"onetwothreefourfive"
    assert mirrors.held == asked.size == 19
    made.release()
    assert (mirrors.held, made.parts) == (0, [])


def test_a_twin_is_whole_whatever_becomes_of_the_request() -> None:
    asked = request(JSON, b"{", b"}")
    made = draft(Mirrors(), asked)
    assert made is not None
    twin = made.twin()
    asked.body.clear()
    assert (twin.text(), twin.framing(), twin.lines) == (b"{}", b"content-length: 2\r\n", asked.lines)


def test_the_twin_of_a_long_request_is_read_as_the_request_was() -> None:
    body = b'{"model":"m","image":"%b"}' % (b"QUJD" * 200_000)
    asked = request(JSON, *(body[at : at + 50_000] for at in range(0, len(body), 50_000)))
    asked.complete = True
    made = draft(Mirrors(), asked)
    assert made is not None
    assert asked.ready()
    fields = asked.fields()
    asked.release()
    twin = made.twin()
    assert (twin.fields(), fields.model) == (fields, "m")


@pytest.mark.parametrize(
    ("bounds", "noted", "kept"),
    [
        (Bounds(streamed=10), STREAMED, True),
        (Bounds(streamed=9), STREAMED, False),
        (Bounds(streamed=9), JSON, True),
        (Bounds(held=10), JSON, True),
        (Bounds(held=9), JSON, False),
        (Bounds(held=9), {CONTENT_TYPE: b"text/plain", LENGTH: b"10"}, False),
    ],
)
def test_a_body_over_a_bound_is_dropped(bounds: Bounds, noted: dict[int, bytes], kept: bool) -> None:
    mirrors = Mirrors(bounds)
    asked = request(noted, b"four")
    made = draft(mirrors, asked, ALL, Mirrored("s/1", Mirror(pool_ref("n"))))
    assert made is not None
    came(asked, b"sixsix")
    made.take()
    assert bool(made.pools) is kept
    assert mirrors.held == (10 if kept else 0)
    assert mirrors.counts["dropped"] == (0 if kept else 2)
    came(asked, b"more")
    made.discard()
    assert mirrors.held == 0


def test_a_body_is_held_until_the_last_copy_needs_it_no_more() -> None:
    mirrors = Mirrors()
    made = draft(mirrors, request(JSON, b"{}"), ALL, Mirrored("s/1", Mirror(pool_ref("n"))))
    assert made is not None
    made.release()
    assert mirrors.held == 2
    made.release()
    assert mirrors.held == 0


def test_backends_without_mirrors_have_none() -> None:
    rule = routes()
    assert mirrors_of(rule, Backend(pool_ref("a"), 1)) == ()
