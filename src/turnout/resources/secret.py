"""Secret: keys, certificates and passwords (core v1)."""

from collections.abc import Iterator

from msgspec import field

from turnout.resources.contents import base64_faults, decoded, key_faults, size_faults
from turnout.resources.faults import Fault, required
from turnout.resources.metadata import Resource

NEEDED = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
}
"""The keys without which a Secret of that type is of no use."""


class Secret(Resource, frozen=True, kw_only=True):
    """`data` are base64 texts by key. `string_data` is plain text that a write puts into `data`; it is never stored.

    What is `immutable` stays so, and its data with it.
    """

    type: str = "Opaque"
    data: dict[str, str] = field(default_factory=dict)
    string_data: dict[str, str] = field(default_factory=dict)
    immutable: bool | None = None

    def faults(self) -> Iterator[Fault]:
        """Keys and values are what they must be, none is missing, and all is not too much."""
        yield from key_faults("data", self.data)
        yield from base64_faults("data", self.data)
        for key in NEEDED.get(self.type, ()):
            if key not in self.data:
                yield required(f"data[{key}]")
        yield from size_faults("data", sum(len(self.value(key) or b"") for key in self.data))

    def value(self, key: str) -> bytes | None:
        """The bytes under `key`; None where there are none."""
        return decoded(self.data[key]) if key in self.data else None
