"""The resources of one moment."""

from turnout.resources.event import Event, InvolvedObject
from turnout.resources.gatewayclass import GatewayClass, GatewayClassSpec
from turnout.resources.kinds import KINDS
from turnout.resources.metadata import ObjectMeta
from turnout.resources.modelserver import ModelServer, ModelServerSpec
from turnout.resources.set import HOMES, ResourceSet, gather

SERVER = ModelServer(metadata=ObjectMeta(name="a", namespace="ns"), spec=ModelServerSpec(address="::1"))
CLASS = GatewayClass(metadata=ObjectMeta(name="c"), spec=GatewayClassSpec(controller_name="a.b/c"))


def test_resources_are_kept_by_kind_under_namespace_and_name() -> None:
    assert gather([SERVER, CLASS]) == ResourceSet(model_servers={"ns/a": SERVER}, gateway_classes={"/c": CLASS})


def test_every_kind_but_events_has_its_place() -> None:
    homeless = {kind.kind for kind in KINDS if kind.type not in HOMES}
    assert homeless == {"Event"}


def test_events_are_in_no_set() -> None:
    assert gather([Event(metadata=ObjectMeta(name="e"), involved_object=InvolvedObject())]) == ResourceSet()
