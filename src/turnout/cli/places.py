"""Where the objects are that a verb is about."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from turnout.cli.naming import Named, resolve
from turnout.cli.target import Asked

if TYPE_CHECKING:
    from turnout.kube.discovery import Discovery


class Place:
    """Objects of one kind in one namespace, or in all where it is empty; no `names` are all of them."""

    def __init__(self, named: Named, namespace: str) -> None:
        self.resource = named.resource
        self.names = named.names
        self.namespace = namespace if named.resource.namespaced else ""
        if self.names and named.resource.namespaced and not namespace:
            raise Asked("error: a resource cannot be retrieved by name across all namespaces")

    def paths(self) -> list[str]:
        """What to ask for: the collection, or each name."""
        from turnout.kube.target import path_of

        return [path_of(self.resource, self.namespace, name) for name in self.names or ("",)]


async def places_of(discovery: "Discovery", objects: Sequence[str], paths: Sequence[str], where: str) -> list[Place]:
    """The objects that arguments or manifests name, by kind. Raises `Asked` and `UnknownKindError`."""
    from turnout.cli.manifestfiles import load_paths
    from turnout.kube.apply import expand

    if objects:
        return [Place(each, where) for each in await resolve(discovery, objects)]
    loaded = load_paths(paths)
    if loaded.faults:
        raise Asked("\n".join(f"error: {fault}" for fault in loaded.faults))
    places: list[Place] = []
    for document in expand(each.document for each in loaded.documents):
        resource = await discovery.of_document(str(document.get("apiVersion")), str(document.get("kind")))
        metadata = document.get("metadata") or {}
        own = str(metadata.get("namespace") or where)
        if places and (places[-1].resource, places[-1].namespace) == (resource, own if resource.namespaced else ""):
            places[-1].names += (str(metadata.get("name")),)
        else:
            places.append(Place(Named(resource, (str(metadata.get("name")),)), own))
    return places


def nothing_found(places: Sequence[Place]) -> str:
    """What kubectl says of an empty answer."""
    namespaces = {each.namespace for each in places if each.resource.namespaced}
    if not namespaces or "" in namespaces:
        return "No resources found"
    return f"No resources found in {namespaces.pop()} namespace."
