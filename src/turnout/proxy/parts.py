"""The parts of a table as they come from the controller, and the table that they make."""

from typing import TypeVar

from msgspec.msgpack import Decoder

from turnout.channels import TablePart, TableVersion
from turnout.table import Access, Listener, Pool, Route, RoutingTable, Sealed
from turnout.table.keyed import revised

T = TypeVar("T")

_listeners = Decoder(tuple[Listener, ...])
_route = Decoder(Route)
_pool = Decoder(Pool)
_servers = Decoder(dict[str, Access])
_sealed = Decoder(Sealed)


class Parts:
    """What is known of the table. What comes on a new connection changes nothing before its first version."""

    def __init__(self) -> None:
        self._table = RoutingTable()
        self.reconnected()

    def reconnected(self) -> None:
        """What follows comes on a new connection, on which nothing was sent yet."""
        self._first = True
        self._clear()

    def _clear(self) -> None:
        self._listeners: tuple[Listener, ...] | None = None
        self._routes: dict[str, Route | None] = {}
        self._pools: dict[str, Pool | None] = {}
        self._servers: dict[str, Access] | None = None
        self._vault: dict[str, Sealed | None] = {}

    def take(self, part: TablePart) -> None:
        """Keeps one part for the next version: the very object that it is now, if that is equal.

        Raises ValueError on a part that is none of ours.
        """
        old = self._table
        kind, _, key = part.key.partition("/")
        value = part.value
        if kind == "listeners":
            self._listeners = _kept(old.listeners, _listeners.decode(value)) if value is not None else ()
        elif kind == "route":
            self._routes[key] = _kept(old.routes.get(key), _route.decode(value)) if value is not None else None
        elif kind == "pool":
            self._pools[key] = _kept(old.pools.get(key), _pool.decode(value)) if value is not None else None
        elif kind == "servers":
            self._servers = _kept(old.servers, _servers.decode(value)) if value is not None else {}
        elif kind == "sealed":
            self._vault[key] = _kept(old.vault.get(key), _sealed.decode(value)) if value is not None else None
        else:
            raise ValueError(f"a table has no part {part.key!r}")

    def table(self, version: TableVersion) -> RoutingTable:
        """The table that the parts make, sorted by key. Unchanged parts are the same objects as before."""
        old = RoutingTable() if version.whole and self._first else self._table
        self._first = False
        self._table = RoutingTable(
            self._listeners if self._listeners is not None else old.listeners,
            revised(old.routes, self._routes),
            revised(old.pools, self._pools),
            self._servers if self._servers is not None else old.servers,
            revised(old.vault, self._vault),
        )
        self._clear()
        return self._table


def _kept(known: T | None, told: T) -> T:
    return known if known is not None and known == told else told
