"""A table as the named parts that go over the wire, and what has to be sent of them."""

from collections.abc import Iterator, Mapping

import msgspec

from turnout.channels import TablePart
from turnout.table import RoutingTable
from turnout.table.keyed import changed, revised

_encode = msgspec.msgpack.Encoder().encode


class Parts:
    """The parts of one table after another. A part that is the same object as before is not encoded again."""

    def __init__(self) -> None:
        self._table = RoutingTable()
        self._encoded = {"listeners": _encode(self._table.listeners)}

    def of(self, table: RoutingTable) -> dict[str, bytes]:
        """`listeners`, `servers`, `route/NS/NAME`, `pool/NS/NAME` and `sealed/DIGEST`, each with its msgpack.

        Equal tables have equal parts: the very dict of the last time where they are.
        """
        old, found = self._table, dict[str, bytes | None]()
        if table.listeners is not old.listeners:
            found["listeners"] = _encode(table.listeners)
        if table.servers is not old.servers:
            found["servers"] = _encode(table.servers) if table.servers else None
        for digest in old.vault.keys() ^ table.vault.keys():
            found[f"sealed/{digest}"] = _encode(table.vault[digest]) if digest in table.vault else None
        for key in changed(old.routes, table.routes):
            found[f"route/{key}"] = _encode(table.routes[key]) if key in table.routes else None
        for key in changed(old.pools, table.pools):
            found[f"pool/{key}"] = _encode(table.pools[key]) if key in table.pools else None
        known = self._encoded
        self._encoded = revised(known, {key: each for key, each in found.items() if each != known.get(key)})
        self._table = table
        return self._encoded


def changes(sent: Mapping[str, bytes], wanted: Mapping[str, bytes]) -> Iterator[TablePart]:
    """What turns `sent` into `wanted`: one part for each key that differs, without a value where it is gone."""
    for key in changed(sent, wanted):
        if key not in wanted:
            yield TablePart(key)
        elif sent.get(key) != wanted[key]:
            yield TablePart(key, wanted[key])
