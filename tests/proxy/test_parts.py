"""A table from its parts."""

import msgspec
import pytest
from msgspec.structs import replace

from tests.support.worker import table
from turnout.channels import TablePart, TableVersion
from turnout.proxy.parts import Parts
from turnout.table import RoutingTable

encode = msgspec.msgpack.Encoder().encode


def send(parts: Parts, whole_table: RoutingTable) -> None:
    parts.take(TablePart("listeners", encode(whole_table.listeners)))
    for key, route in whole_table.routes.items():
        parts.take(TablePart(f"route/{key}", encode(route)))
    for key, pool in whole_table.pools.items():
        parts.take(TablePart(f"pool/{key}", encode(pool)))


def test_the_parts_of_a_table_make_it() -> None:
    parts = Parts()
    wanted = table({"a": 9, "b": 1})
    send(parts, wanted)

    assert parts.table(TableVersion(1, whole=True)) == wanted


def test_what_is_not_sent_stays_the_same_object_and_what_is_removed_goes() -> None:
    parts = Parts()
    wanted = table({"a": 9, "b": 1})
    send(parts, wanted)
    first = parts.table(TableVersion(1, whole=True))
    parts.take(TablePart("pool/default/b"))

    second = parts.table(TableVersion(2, whole=False))

    assert second == replace(wanted, pools={"default/a": wanted.pools["default/a"]})
    assert second.routes["default/r"] is first.routes["default/r"]


def test_a_whole_table_on_a_new_connection_forgets_the_old_parts() -> None:
    parts = Parts()
    send(parts, table({"a": 9, "b": 1}))
    parts.table(TableVersion(1, whole=True))
    parts.reconnected()
    send(parts, table({"c": 1}))

    assert parts.table(TableVersion(1, whole=True)) == table({"c": 1})


def test_half_a_table_of_a_lost_connection_is_forgotten() -> None:
    parts = Parts()
    send(parts, table({"a": 1}))
    parts.reconnected()
    send(parts, table({"b": 1}))

    assert parts.table(TableVersion(1, whole=True)) == table({"b": 1})


def test_parts_that_were_sent_before_on_this_connection_belong_to_a_whole_table() -> None:
    parts = Parts()
    send(parts, table({"a": 1}))
    parts.table(TableVersion(1, whole=True))
    send(parts, replace(table({"b": 1}), routes={}))

    assert set(parts.table(TableVersion(2, whole=True)).pools) == {"default/a", "default/b"}


@pytest.mark.parametrize("part", [TablePart("backend/a/b", b""), TablePart("route/a/b", b"\xc1"), TablePart("", None)])
def test_a_part_that_is_none_is_an_error(part: TablePart) -> None:
    with pytest.raises(ValueError, match=r"."):
        Parts().take(part)


def test_what_is_sent_again_on_a_new_connection_and_says_the_same_stays_the_same_object() -> None:
    parts = Parts()
    send(parts, table({"a": 9, "b": 1}))
    first = parts.table(TableVersion(1, whole=True))
    parts.reconnected()
    send(parts, table({"a": 9, "b": 1}))
    second = parts.table(TableVersion(2, whole=True))
    assert second.listeners is first.listeners
    assert all(second.routes[key] is route for key, route in first.routes.items())
    assert all(second.pools[key] is pool for key, pool in first.pools.items())
