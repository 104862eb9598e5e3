"""How model servers are spoken to: TLS and keys of ModelServers and of InferencePoolPolicies.

A reference that leads nowhere takes its server, or its pool's servers, out: plain requests never go to a server that
asks for TLS, and none without the key to one that asks for that. Reasons are those of Gateway API's BackendTLSPolicy;
for keys of servers it has none.
"""

from msgspec import Struct

from turnout.resources.gateway import is_ip
from turnout.resources.inferencepoolpolicy import Upstream
from turnout.resources.modelserver import CertificateReference, ModelServerSpec, SecretKeyReference
from turnout.resources.set import ResourceSet
from turnout.table import Access, Sealed
from turnout.translate.certificates import authorities_fault, digest_of
from turnout.translate.destinations import Unresolved
from turnout.translate.pool_policies import PoolPolicies

CA_KEY = "ca.crt"


class Accesses(Struct, frozen=True):
    """`pools` and `servers` are accesses by key, `vault` what they name. Faults are by the same keys."""

    pools: dict[str, Access] = {}
    servers: dict[str, Access] = {}
    vault: dict[str, Sealed] = {}
    pool_faults: dict[str, Unresolved] = {}
    server_faults: dict[str, Unresolved] = {}

    def secured(self, pool: str, server: str) -> bool:
        """Whether the server of that pool must not be spoken to without TLS or a key."""
        return any(
            each is not None and (each.tls or each.key) for each in (self.pools.get(pool), self.servers.get(server))
        )


def find_accesses(resources: ResourceSet, policies: PoolPolicies) -> Accesses:
    """What `resources` say, and those `policies` of them that speak for pools."""
    reader = _Reader(resources)
    found = Accesses()
    for pool, said in sorted(policies.speaking("upstream").items()):
        assert said.upstream is not None
        common = reader.access(said.upstream, pool.partition("/")[0])
        if isinstance(common, Unresolved):
            found.pool_faults[pool] = common
        else:
            found.pools[pool] = common
    named = any(access.tls and not access.hostname for access in found.pools.values())
    for key, server in sorted(resources.model_servers.items()):
        spec = server.spec
        if spec.tls is None and spec.api_key_secret_ref is None and not named:
            continue
        outcome = reader.access(spec, server.metadata.namespace)
        if isinstance(outcome, Unresolved):
            found.server_faults[key] = outcome
            continue
        if not outcome.hostname and not is_ip(spec.address):
            outcome = Access(outcome.tls, spec.address, outcome.ca, outcome.key)
        if outcome != Access():
            found.servers[key] = outcome
    found.vault.update(sorted(reader.vault.items()))
    return found


class _Reader:
    """Follows references, and keeps what they lead to."""

    def __init__(self, resources: ResourceSet) -> None:
        self._resources = resources
        self.vault: dict[str, Sealed] = {}

    def access(self, asked: Upstream | ModelServerSpec, namespace: str) -> Access | Unresolved:
        tls, ref = asked.tls, asked.api_key_secret_ref
        ca = key = b""
        if tls is not None and tls.ca_certificate_ref is not None:
            read = self._authorities(tls.ca_certificate_ref, namespace)
            if isinstance(read, Unresolved):
                return read
            ca = read
        if ref is not None:
            read = self._key(ref, namespace)
            if isinstance(read, Unresolved):
                return read
            key = read
        hostname = (tls.hostname or "") if tls is not None else ""
        return Access(tls is not None, hostname, self._kept(ca), self._kept(key))

    def _kept(self, text: bytes) -> str:
        if not text:
            return ""
        digest = digest_of(text)
        self.vault[digest] = Sealed(text)
        return digest

    def _authorities(self, ref: CertificateReference, namespace: str) -> bytes | Unresolved:
        if ref.group or ref.kind not in ("ConfigMap", "Secret"):
            kind = f"{ref.group}/{ref.kind}" if ref.group else ref.kind
            return Unresolved("InvalidKind", f"tls.caCertificateRef: {kind} is neither ConfigMap nor Secret")
        name = f"{ref.kind} {ref.name}"
        text: bytes | None = None
        if ref.kind == "Secret":
            secret = self._resources.secrets.get(f"{namespace}/{ref.name}")
            there, text = secret is not None, secret.value(CA_KEY) if secret is not None else None
        else:
            settings = self._resources.config_maps.get(f"{namespace}/{ref.name}")
            there = settings is not None
            if settings is not None and CA_KEY in settings.data:
                text = settings.data[CA_KEY].encode(errors="replace")
        if text is None:
            why = f"has no key {CA_KEY}" if there else "not found"
            return Unresolved("InvalidCACertificateRef", f"tls.caCertificateRef: {name} {why}")
        fault = authorities_fault(text)
        if fault:
            return Unresolved("InvalidCACertificateRef", f"tls.caCertificateRef: {name}, key {CA_KEY}: {fault}")
        return text

    def _key(self, ref: SecretKeyReference, namespace: str) -> bytes | Unresolved:
        secret = self._resources.secrets.get(f"{namespace}/{ref.name}")
        if secret is None:
            return Unresolved("InvalidSecretRef", f"apiKeySecretRef: Secret {ref.name} not found")
        key = (secret.value(ref.key) or b"").strip()
        if not key:
            return Unresolved("InvalidSecretRef", f"apiKeySecretRef: Secret {ref.name} has nothing under key {ref.key}")
        if any(byte <= 0x20 or byte >= 0x7F for byte in key):
            message = f"apiKeySecretRef: Secret {ref.name}, key {ref.key}: a key is of visible ASCII characters"
            return Unresolved("InvalidSecretRef", message)
        return key
