"""List, watch, patch: a cluster's API and the embedded one alike."""

from turnout.kube.client import Client
from turnout.kube.reflector import Reflector
from turnout.kube.target import Target

__all__ = ["Client", "Reflector", "Target"]
