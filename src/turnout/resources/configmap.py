"""ConfigMap: settings and certificates that are no secret (core v1)."""

from collections.abc import Iterator

from msgspec import field

from turnout.resources.contents import base64_faults, decoded, key_faults, size_faults
from turnout.resources.faults import Fault, invalid
from turnout.resources.metadata import Resource


class ConfigMap(Resource, frozen=True, kw_only=True):
    """`data` is text by key, `binary_data` base64 of bytes; no key is in both.

    What is `immutable` stays so, and its data with it.
    """

    data: dict[str, str] = field(default_factory=dict)
    binary_data: dict[str, str] = field(default_factory=dict)
    immutable: bool | None = None

    def faults(self) -> Iterator[Fault]:
        """Keys and values are what they must be, and all is not too much."""
        yield from key_faults("data", self.data)
        yield from key_faults("binaryData", self.binary_data)
        for key in self.data:
            if key in self.binary_data:
                yield invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
        yield from base64_faults("binaryData", self.binary_data)
        text = sum(len(value.encode(errors="replace")) for value in self.data.values())
        yield from size_faults("", text + sum(len(decoded(value) or b"") for value in self.binary_data.values()))
