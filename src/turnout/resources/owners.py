"""Owners and finalizers of objects (Kubernetes `apimachinery/pkg/api/validation`)."""

from collections.abc import Callable, Iterator, Mapping

from turnout.resources.document import JSON
from turnout.resources.faults import Fault, invalid

OWNERS = "metadata.ownerReferences"
NEEDED = {"apiVersion": "version must not be empty"}


def owner_faults(metadata: Mapping[str, JSON]) -> Iterator[Fault]:
    """Each owner is named in full, and at most one of them is the controller."""
    owners = metadata.get("ownerReferences", ())
    for owner in owners:
        for field in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(field):
                yield invalid(f"{OWNERS}.{field}", owner.get(field, ""), NEEDED.get(field, "must not be empty"))
    controllers = [str(owner.get("name", "")) for owner in owners if owner.get("controller")]
    if len(controllers) > 1:
        rule = "Only one reference can have Controller set to true"
        said = f'Found "true" in references for {controllers[0]} and {controllers[1]}'
        yield invalid(OWNERS, "array", f"{rule}. {said}")


def finalizer_faults(metadata: Mapping[str, JSON], faults: Callable[[str], Iterator[str]]) -> Iterator[Fault]:
    """Each finalizer is a name as `faults` wants it."""
    for name in metadata.get("finalizers", ()):
        yield from (invalid("metadata.finalizers", name, text) for text in faults(name))
