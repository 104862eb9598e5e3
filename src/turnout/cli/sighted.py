"""What there is at the moment: the API's objects, and the model servers' load."""

import asyncio
import socket
import time
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from turnout.endpoints import Endpoint
from turnout.endpoints.engines import find_engine
from turnout.endpoints.health import NEW, Failure, after_probe
from turnout.endpoints.metrics import UNKNOWN, read_load
from turnout.kube.client import Client
from turnout.resources.decode import decode
from turnout.resources.kinds import KINDS, Kind
from turnout.resources.metadata import Resource
from turnout.resources.set import HOMES, ResourceSet, gather
from turnout.runners.controller.credentials import credentials_by_address
from turnout.scrape.probe import Prober
from turnout.store import ApiError, Document, served_as
from turnout.translate import Facts, translate
from turnout.translate.membership import PoolMember, host_names, membership

READ = tuple(kind for kind in KINDS if kind.type in HOMES)
"""The kinds that routing is made from."""


async def read_resources(client: Client) -> ResourceSet:
    """Every object that can be decoded. A kind that the server lacks, or does not show, has none. Raises ApiError."""
    lists = await asyncio.gather(*(_listed(client, kind) for kind in READ))
    return gather(
        resource for kind, found in zip(READ, lists, strict=True) for each in found for resource in _decoded(kind, each)
    )


async def _listed(client: Client, kind: Kind) -> Sequence[Document]:
    try:
        return (await client.list(served_as(kind))).items
    except ApiError as error:
        if error.code in (403, 404):
            return ()
        raise


def _decoded(kind: Kind, document: Document) -> Iterator[Resource]:
    try:
        yield decode(kind, document)
    except msgspec.ValidationError:
        return  # it has no effect either


async def endpoints_of(resources: ResourceSet, pools: Iterable[str]) -> dict[str, Sequence[Endpoint]]:
    """The endpoints of each pool, by its key, each asked once for its health and its load."""
    names = host_names(resources)
    addresses = dict(zip(names, await asyncio.gather(*map(_address, names)), strict=True))
    translation = translate(resources, Facts(gateway_port=0, now="1970-01-01T00:00:00Z"))
    known = {name: address for name, address in addresses.items() if address}
    members = membership(resources, known, translation.accesses)
    found: dict[str, Sequence[Endpoint]] = {}
    async with Prober.opened() as prober:
        prober.equip(credentials_by_address(members, translation.table))
        for pool in pools:
            found[pool] = await asyncio.gather(*(_asked(prober, each) for each in members.get(pool, ())))
    return found


async def _address(name: str) -> str:
    try:
        answers = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ""
    return min((str(each[4][0]) for each in answers), key=lambda text: (":" in text, text))


async def _asked(prober: Prober, member: PoolMember) -> Endpoint:
    engine = find_engine(member.engine)
    health, page = await asyncio.gather(
        prober.get(member.address, engine.health_path), prober.get(member.address, engine.metrics_path)
    )
    status = health if isinstance(health, Failure) else health.status
    ready = after_probe(NEW, status, time.monotonic()).ready
    known = not isinstance(page, Failure) and page.status == 200 and page.body is not None
    load = read_load(page.body or b"", engine) if known and not isinstance(page, Failure) else UNKNOWN
    return Endpoint(
        member.name, member.address, 0, ready, 0.0, waiting=load.waiting, running=load.running, kv_usage=load.kv_usage
    )
