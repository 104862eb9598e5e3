"""Forms beside the standard that are read all the same, each with a warning that names the standard form."""

from turnout.resources.contents import encoded
from turnout.resources.document import JSON, Document
from turnout.resources.kinds import INFERENCE_GROUP, Kind

NAMESPACE_LABEL = "kubernetes.io/metadata.name"
MOST_SECONDS = 99999


def normalised(kind: Kind, document: Document, warnings: list[str]) -> Document:
    """`document` in the standard form, in a copy as far as it differs. What was read is added to `warnings`."""
    document = {**document, "apiVersion": kind.api_version, "kind": kind.kind}
    if kind.kind == "HTTPRoute":
        return normalised_route(document, warnings)
    if kind.kind == "Namespace":
        return labelled_namespace(document)
    if kind.kind == "InferenceRollout":
        return normalised_rollout(document, warnings)
    if kind.kind == "Secret":
        return encoded_secret(document)
    return document


def normalised_route(document: Document, warnings: list[str]) -> Document:
    """A mapping under `rules` is one rule. `InferenceGateway` stays as written and is only remarked on."""
    spec = document.get("spec")
    if not isinstance(spec, dict):
        return document
    if isinstance(spec.get("rules"), dict):
        document = {**document, "spec": {**spec, "rules": [spec["rules"]]}}
        warnings.append(
            "spec.rules: a mapping is read as a list of one rule; "
            'the standard form is "rules: [- backendRefs: ...]", a list with a dash before each rule'
        )
    parents = spec.get("parentRefs")
    for index, parent in enumerate(parents if isinstance(parents, list) else ()):
        if names_inference_gateway(parent):
            warnings.append(
                f"spec.parentRefs[{index}]: kind InferenceGateway of group {INFERENCE_GROUP} is read as the Gateway of "
                'that name; the standard form is "group: gateway.networking.k8s.io, kind: Gateway"'
            )
    return document


def names_inference_gateway(parent: JSON) -> bool:
    """True for a parentRef that means a Gateway under the name that the Inference Extension once used."""
    return (
        isinstance(parent, dict) and parent.get("group") == INFERENCE_GROUP and parent.get("kind") == "InferenceGateway"
    )


def normalised_rollout(document: Document, warnings: list[str]) -> Document:
    """A metric's threshold that is a number is one in seconds."""
    spec = document.get("spec")
    analysis = spec.get("analysis") if isinstance(spec, dict) else None
    metrics = analysis.get("metrics") if isinstance(analysis, dict) else None
    if not isinstance(spec, dict) or not isinstance(analysis, dict) or not isinstance(metrics, list):
        return document
    standard = list(metrics)
    for index, metric in enumerate(metrics):
        duration = as_duration(metric.get("threshold")) if isinstance(metric, dict) else None
        if duration is not None:
            standard[index] = {**metric, "threshold": duration}
            path = f"spec.analysis.metrics[{index}].threshold"
            warnings.append(f"{path}: {metric['threshold']} is read as {duration}; the standard form has a unit")
    return {**document, "spec": {**spec, "analysis": {**analysis, "metrics": standard}}}


def as_duration(seconds: JSON) -> str | None:
    """A number of seconds as a duration, to the millisecond: 0.8 is `800ms`. None for what is none."""
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return None
    if not 0 <= seconds <= MOST_SECONDS:
        return None
    whole, rest = divmod(round(seconds * 1000), 1000)
    return (f"{whole}s" if whole else "") + (f"{rest}ms" if rest or not whole else "")


def labelled_namespace(document: Document) -> Document:
    """Every Namespace carries its name as a label, so that selectors can name it (Kubernetes does the same)."""
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        return document
    labels = metadata.get("labels")
    if labels is not None and not isinstance(labels, dict):
        return document
    return {**document, "metadata": {**metadata, "labels": {**(labels or {}), NAMESPACE_LABEL: metadata["name"]}}}


def encoded_secret(document: Document) -> Document:
    """`stringData` is plain text for `data`, and goes before what is there. What is no text stays to be refused."""
    plain, data = document.get("stringData"), document.get("data")
    if plain is None:
        return document
    if not isinstance(plain, dict) or not all(isinstance(value, str | None) for value in plain.values()):
        return document
    if data is not None and not isinstance(data, dict):
        return document
    texts = {key: encoded(value) for key, value in plain.items() if value is not None}
    rest = {key: value for key, value in document.items() if key != "stringData"}
    return {**rest, "data": {**(data or {}), **texts}} if texts or data is not None else rest
