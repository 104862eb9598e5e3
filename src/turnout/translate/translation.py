"""Resources in, table and statuses out: at the cost of what has changed since the last time."""

from msgspec import Struct
from msgspec.structs import fields, replace

from turnout.resources.document import Document
from turnout.resources.set import ResourceSet
from turnout.table import RoutingTable, Sealed
from turnout.table.keyed import revised
from turnout.translate.accesses import Accesses, find_accesses
from turnout.translate.destinations import Destinations
from turnout.translate.facts import Facts
from turnout.translate.gateways import OpenGateway, key_pairs_of, open_gateways, table_listeners
from turnout.translate.grants import Grants
from turnout.translate.inference_pools import says, table_pool
from turnout.translate.laying import Laying, Shift
from turnout.translate.pool_policies import PoolPolicies, find_pool_policies
from turnout.translate.reading import Reading, Sources
from turnout.translate.rollouts import RolloutFacts
from turnout.translate.statuses import Found, Statuses

MANY = ("http_routes", "inference_pools", "model_servers", "inference_rollouts")
"""What there may be thousands of: these are looked at one by one, and anything else all at once."""
FEW = tuple(one.name for one in fields(ResourceSet) if one.name not in MANY)


class Translation(Struct, frozen=True):
    """The table, and the whole new `status` of each object that is ours to speak of, by (kind, key).

    A status that says nothing new is equal to the one that the object has. Those of Gateways hold once every worker
    has the table: they say `Programmed`. `rollouts` are the facts of every InferenceRollout by key: its status is its
    engine's to write. `accesses` are how servers are spoken to: membership follows them.
    """

    table: RoutingTable
    statuses: dict[tuple[str, str], Document]
    rollouts: dict[str, RolloutFacts] = {}
    accesses: Accesses = Accesses()


def translate(resources: ResourceSet, facts: Facts) -> Translation:
    """The meaning of `resources`. Any of them may be at fault: it says so in its own status, and harms no other."""
    return Translator().translate(resources, facts)


class Translator:
    """`translate`, over and over: what has not changed since the last time is the same object as then.

    Resources are told apart by identity, and so are the dicts that hold them: none may be changed in place.
    """

    def __init__(self) -> None:
        self._resources = ResourceSet()
        self._facts: Facts | None = None
        self._forget()

    def _forget(self) -> None:
        self._reading = Reading()
        self._laying = Laying()
        self._statuses = Statuses()
        self._gateways: dict[str, OpenGateway] = {}
        self._grants = Grants()
        self._policies = PoolPolicies()
        self._accesses = Accesses()
        self._table = RoutingTable()
        self._fresh = True

    def translate(self, resources: ResourceSet, facts: Facts) -> Translation:
        """What `translate` gives for them, but that a status not written yet keeps the time when it was first due."""
        if self._facts is None or replace(self._facts, now=facts.now) != facts:
            self._forget()
        self._facts = None  # what is remembered is whole again once nothing was raised
        others = self._fresh or _others_moved(self._resources, resources)
        if others:
            self._gateways = open_gateways(resources, facts)
            self._grants = Grants.of(resources.reference_grants.values())
            self._policies = find_pool_policies(resources.inference_pool_policies)
        if others or resources.model_servers is not self._resources.model_servers:
            accesses = find_accesses(resources, self._policies)
            self._accesses = self._accesses if accesses == self._accesses else accesses
        destinations = Destinations(resources.inference_pools, self._grants)
        sources = Sources(self._gateways, resources.namespaces, destinations)
        read = self._reading.update(resources.http_routes, sources)
        attached = self._laying.attached
        shift = self._laying.update(self._reading.routes, read, resources.inference_rollouts, destinations)
        before, self._table = self._table, self._made(shift, resources)
        few = others or self._laying.attached is not attached or self._table.pools is not before.pools
        self._statuses.update(self._found(resources, facts), shift.keys, few=few)
        self._resources, self._facts, self._fresh = resources, facts, False
        rollouts = {rollout.resource.key: rollout.facts for rollout in self._laying.rollouts}
        return Translation(self._table, self._statuses.told, rollouts, self._accesses)

    def _made(self, shift: Shift, resources: ResourceSet) -> RoutingTable:
        """The table. Its unchanged parts are the same objects as before, and so are its unchanged dicts."""
        old = self._table
        routes = {key: shift.after[key].route if key in shift.after else None for key in shift.keys}
        moved = {key: route for key, route in routes.items() if old.routes.get(key) is not route}
        accesses, policies, known = self._accesses, self._policies, resources.inference_pools
        there = old.pools.keys() ^ known.keys()
        there |= {key for key, pool in old.pools.items() if not says(pool, accesses.pools, policies)}
        pools = {key: table_pool(key, accesses.pools, policies) for key in sorted(there & known.keys())}
        listeners = table_listeners(self._gateways, self._laying.attached)
        vault: dict[str, Sealed] = dict(sorted((key_pairs_of(self._gateways) | accesses.vault).items()))
        return RoutingTable(
            listeners=old.listeners if listeners == old.listeners else listeners,
            routes=revised(old.routes, moved),
            pools=revised(old.pools, {key: pools.get(key) for key in there}),
            servers=old.servers if accesses.servers == old.servers else accesses.servers,
            vault=old.vault if vault.keys() == old.vault.keys() else vault,
        )

    def _found(self, resources: ResourceSet, facts: Facts) -> Found:
        laying = self._laying
        found = laying.routes, laying.attached, laying.referring
        return Found(resources, self._gateways, *found, facts, self._accesses, self._policies)


def _others_moved(before: ResourceSet, after: ResourceSet) -> bool:
    return any(getattr(before, kind) is not getattr(after, kind) for kind in FEW)
