"""How this worker speaks to each server: plainly, or with the credentials that the newest table has for it."""

from turnout.channels.credentials import PLAIN, Credentials, credentials_of
from turnout.endpoints import Endpoint
from turnout.table import RoutingTable


class Doors:
    """Those of one table. `open`: it has no credentials at all."""

    __slots__ = ("_known", "_table", "open")

    def __init__(self, table: RoutingTable) -> None:
        self._table = table
        self._known: dict[tuple[str, str], Credentials | None] = {}
        self.open = not table.servers and all(pool.access is None for pool in table.pools.values())

    def to(self, pool: str, endpoint: Endpoint) -> Credentials | None:
        """What it takes to speak to an endpoint of a pool (its key); None where that is not known."""
        key = pool, endpoint.name
        if key not in self._known:
            self._known[key] = self._found(*key)
        found = self._known[key]
        return None if found is PLAIN and endpoint.secured else found

    def _found(self, pool: str, server: str) -> Credentials | None:
        access = self._table.access(pool, server)
        return credentials_of(self._table, access) if access is not None else PLAIN
