import msgspec
from hypothesis import given
from hypothesis import strategies as st

from turnout.channels import TablePart
from turnout.runners.controller.parts import Parts, changes
from turnout.table import Listener, ObjectRef, Pool, RoutingTable

GATE = ObjectRef("gateway.networking.k8s.io", "Gateway", "default", "gate")
LLM = ObjectRef("inference.networking.k8s.io", "InferencePool", "default", "llm")
named = st.dictionaries(st.sampled_from("abcd"), st.binary(max_size=2))


def test_every_part_of_the_table_has_a_key_and_can_be_read_again() -> None:
    listener = Listener(GATE, "http", 80, 8080, "", ())
    found = Parts().of(RoutingTable((listener,), {}, {"default/llm": Pool(LLM)}))
    assert set(found) == {"listeners", "pool/default/llm"}
    assert msgspec.msgpack.decode(found["listeners"], type=tuple[Listener, ...]) == (listener,)
    assert msgspec.msgpack.decode(found["pool/default/llm"], type=Pool) == Pool(LLM)


def test_an_empty_table_has_its_listeners() -> None:
    assert set(Parts().of(RoutingTable())) == {"listeners"}


@given(named, named)
def test_the_changes_turn_what_was_sent_into_what_is_wanted(sent: dict[str, bytes], wanted: dict[str, bytes]) -> None:
    held = dict(sent)
    for part in changes(sent, wanted):
        assert held.get(part.key) != part.value
        if part.value is None:
            del held[part.key]
        else:
            held[part.key] = part.value
    assert held == wanted


def test_what_has_not_changed_is_not_sent() -> None:
    assert list(changes({"a": b"1", "b": b"2"}, {"a": b"1", "b": b"3"})) == [TablePart("b", b"3")]


def test_a_part_that_is_the_same_object_is_not_encoded_again() -> None:
    parts, llm = Parts(), Pool(LLM)
    before = parts.of(RoutingTable((), {}, {"default/llm": llm}))
    after = parts.of(RoutingTable((), {}, {"default/llm": llm, "default/more": Pool(LLM)}))
    assert after["pool/default/llm"] is before["pool/default/llm"]
    assert set(after) - set(before) == {"pool/default/more"}


def test_equal_tables_have_the_very_same_parts() -> None:
    parts = Parts()
    before = parts.of(RoutingTable((), {}, {"default/llm": Pool(LLM)}))
    assert parts.of(RoutingTable((), {}, {"default/llm": Pool(LLM)})) is before
    assert parts.of(RoutingTable()) == {"listeners": before["listeners"]}
