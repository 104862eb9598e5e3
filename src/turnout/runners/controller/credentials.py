"""The credentials with which probes and preflight speak to endpoints."""

from collections.abc import Mapping, Sequence

from turnout.channels.credentials import Credentials, credentials_of
from turnout.table import RoutingTable
from turnout.translate.membership import PoolMember


def credentials_by_address(members: Mapping[str, Sequence[PoolMember]], table: RoutingTable) -> dict[str, Credentials]:
    """Those of each secured member, by its address. Of pools that differ on one, the first's."""
    found: dict[str, Credentials] = {}
    for pool, each in members.items():
        for member in each:
            access = table.access(pool, member.name) if member.secured and member.address not in found else None
            credentials = credentials_of(table, access) if access is not None else None
            if credentials is not None:
                found[member.address] = credentials
    return found
