"""What is served: the documents that kubectl and client libraries find their way by."""

from collections.abc import Iterable

from turnout.apiserver.reviews import REVIEWS, Review
from turnout.resources.document import Document
from turnout.resources.kinds import KINDS, Kind, api_version

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
DEFINED_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
"""The same as Kubernetes lists them for kinds of its own, and for those that definitions add."""
REVIEW_VERBS = ("create",)
STATUS_VERBS = ("get", "patch", "update")


def version() -> Document:
    """`/version`: the Kubernetes release whose ways are followed."""
    return {
        "major": "1",
        "minor": "32",
        "gitVersion": "v1.32.0+turnout",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "",
    }


def definitions() -> Document:
    """The CustomResourceDefinitions: none, and no place for any. kubectl looks among them for a kind it cannot find."""
    named = {"kind": "CustomResourceDefinitionList", "apiVersion": "apiextensions.k8s.io/v1"}
    return {**named, "metadata": {"resourceVersion": "0"}, "items": []}


def paths() -> Document:
    """`/`: every path that leads to more."""
    places = [f"/apis/{api_version(group, each)}" for group, versions in groups().items() for each in versions]
    named = ["/api", "/api/v1", "/apis", *(f"/apis/{group}" for group in groups()), *places]
    others = ["/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]
    return {"paths": sorted([*named, *others])}


def groups() -> dict[str, tuple[str, ...]]:
    """The named groups and their versions, the preferred one first."""
    found: dict[str, tuple[str, ...]] = {}
    for kind in KINDS:
        if kind.group:
            known = found.get(kind.group, ())
            found[kind.group] = known + tuple(each for each in kind.versions if each not in known)
    for review in REVIEWS:
        found.setdefault(review.group, (review.version,))
    return found


def hint(group: str) -> str:
    """Which versions of a group there are."""
    versions = groups().get(group, ())
    return f"{group} is served as {', '.join(versions)}" if versions else ""


def kinds_of(group: str, version: str) -> list[Kind]:
    """The kinds of one group and version, in order."""
    return [kind for kind in KINDS if kind.group == group and version in kind.versions]


def reviews_of(group: str, version: str) -> list[Review]:
    """The reviews of one group and version."""
    return [review for review in REVIEWS if (review.group, review.version) == (group, version)]


def core_versions(address: str) -> Document:
    """`/api`. `address` is where the API is served."""
    served = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": served}


def group_list() -> Document:
    """`/apis`."""
    listed = [_group(name, versions) for name, versions in groups().items()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}


def group_document(group: str) -> Document | None:
    """`/apis/GROUP`; None when it is not served."""
    versions = groups().get(group)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, versions)} if versions else None


def _group(name: str, versions: Iterable[str]) -> Document:
    listed = [{"groupVersion": api_version(name, each), "version": each} for each in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def resource_list(group: str, version: str) -> Document | None:
    """`/apis/GROUP/VERSION`, or `/api/v1`; None when it is not served."""
    kinds, reviews = kinds_of(group, version), reviews_of(group, version)
    if not kinds and not reviews:
        return None
    listed = [each for kind in kinds for each in _resources(kind)]
    for review in reviews:
        names = {"name": review.plural, "singularName": review.kind.lower(), "namespaced": False}
        listed.append({**names, "kind": review.kind, "verbs": REVIEW_VERBS})
    named = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version(group, version)}
    return {**named, "resources": listed}


def _resources(kind: Kind) -> Iterable[Document]:
    common = {"namespaced": kind.namespaced, "kind": kind.kind}
    names = {"name": kind.plural, "singularName": kind.singular, **common, "verbs": _verbs(kind)}
    if kind.short_names:
        names["shortNames"] = kind.short_names
    if kind.categories:
        names["categories"] = kind.categories
    yield names
    if kind.has_status:
        yield {"name": f"{kind.plural}/status", "singularName": "", **common, "verbs": STATUS_VERBS}


def _verbs(kind: Kind) -> tuple[str, ...]:
    return DEFINED_VERBS if kind.group else VERBS


def aggregated(core: bool) -> Document:  # noqa: FBT001 - /api or /apis
    """`/api` or `/apis` with everything below it in one document (apidiscovery.k8s.io/v2)."""
    served = {"": ("v1",)} if core else groups()
    items = [
        {"metadata": {"name": name} if name else {}, "versions": [_version(name, each) for each in versions]}
        for name, versions in served.items()
    ]
    named = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2"}
    return {**named, "metadata": {}, "items": items}


def _version(group: str, version: str) -> Document:
    resources = [_discovered(kind, version) for kind in kinds_of(group, version)]
    resources += [_discovered_review(review) for review in reviews_of(group, version)]
    return {"version": version, "freshness": "Current", "resources": resources}


def _discovered(kind: Kind, version: str) -> Document:
    response = {"group": kind.group, "version": version, "kind": kind.kind}
    found: Document = {
        "resource": kind.plural,
        "responseKind": response,
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": _verbs(kind),
    }
    if kind.short_names:
        found["shortNames"] = kind.short_names
    if kind.categories:
        found["categories"] = kind.categories
    if kind.has_status:
        status = {"subresource": "status", "responseKind": response, "verbs": STATUS_VERBS}
        found["subresources"] = [status]
    return found


def _discovered_review(review: Review) -> Document:
    return {
        "resource": review.plural,
        "responseKind": {"group": review.group, "version": review.version, "kind": review.kind},
        "scope": "Cluster",
        "singularResource": review.kind.lower(),
        "verbs": REVIEW_VERBS,
    }
