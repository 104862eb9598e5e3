"""Hostnames of listeners and routes: when do they have a host in common."""

from collections.abc import Collection


def intersect(listener: str, route: Collection[str]) -> bool:
    """Whether a host exists that both match. Empty matches every host; `*.` stands for one label or more."""
    return not listener or not route or any(_pair(listener, hostname) for hostname in route)


def _pair(one: str, other: str) -> bool:
    if one.startswith("*."):
        return other[1:].endswith(one[1:]) or (other.startswith("*.") and one[1:].endswith(other[1:]))
    if other.startswith("*."):
        return one[1:].endswith(other[1:])
    return one == other
