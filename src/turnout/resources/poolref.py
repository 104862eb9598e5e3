"""The InferencePool that an object of the Inference Extension is about."""

from turnout.resources.words import Group, KindName, ObjectName, Part


class PoolObjectReference(Part, frozen=True):
    """A pool in the same namespace."""

    name: ObjectName
    group: Group = "inference.networking.k8s.io"
    kind: KindName = "InferencePool"
