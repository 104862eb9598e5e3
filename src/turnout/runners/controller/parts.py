"""A table as the named parts that go over the wire, and what has to be sent of them."""

from collections.abc import Iterator, Mapping

import msgspec

from turnout.channels import TablePart
from turnout.table import RoutingTable

_encode = msgspec.msgpack.Encoder().encode


def parts(table: RoutingTable) -> dict[str, bytes]:
    """`listeners`, `route/NS/NAME` and `pool/NS/NAME`, each with its msgpack. Equal tables have equal parts."""
    named = {"listeners": _encode(table.listeners)}
    named.update((f"route/{key}", _encode(route)) for key, route in table.routes.items())
    named.update((f"pool/{key}", _encode(pool)) for key, pool in table.pools.items())
    return named


def changes(sent: Mapping[str, bytes], wanted: Mapping[str, bytes]) -> Iterator[TablePart]:
    """What turns `sent` into `wanted`: one part for each key that differs, without a value where it is gone."""
    for key, value in wanted.items():
        if sent.get(key) != value:
            yield TablePart(key, value)
    for key in sent.keys() - wanted.keys():
        yield TablePart(key)
