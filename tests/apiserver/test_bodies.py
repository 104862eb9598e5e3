"""Bodies, and what a merge patch must always do (RFC 7396)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.apiserver import media
from turnout.apiserver.bodies import decode_object, decode_patch
from turnout.apiserver.errors import StatusError
from turnout.resources.kinds import find_kind

POOL = find_kind("inference.networking.k8s.io", "v1", "InferencePool")
NAMESPACE = find_kind("", "v1", "Namespace")
assert POOL is not None
assert NAMESPACE is not None

values = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(st.text("ab", max_size=2), values, max_size=4)
patches = st.dictionaries(
    st.text("ab", max_size=2),
    st.recursive(
        st.none() | values, lambda inner: st.dictionaries(st.text("ab", max_size=2), inner, max_size=3), max_leaves=8
    ),
    max_size=4,
)


def merged(document: Any, patch: Any) -> Any:
    import msgspec

    assert POOL is not None
    return decode_patch(POOL, msgspec.json.encode(patch), media.MERGE_PATCH)(document)


def nulls(value: Any) -> bool:
    """Whether there is a null in a member of an object, however deep."""
    return isinstance(value, dict) and any(inner is None or nulls(inner) for inner in value.values())


@given(documents)
def test_an_empty_merge_patch_changes_nothing(document: Any) -> None:
    assert merged(document, {}) == document


@given(documents, patches)
def test_a_merge_patch_applied_twice_is_applied_once(document: Any, patch: Any) -> None:
    once = merged(document, patch)

    assert merged(once, patch) == once


@given(documents, patches)
def test_a_merge_patch_leaves_no_null(document: Any, patch: Any) -> None:
    assert not nulls(merged(document, patch))


@given(documents, documents)
def test_a_merge_patch_without_nulls_adds_and_keeps(document: Any, patch: Any) -> None:
    result = merged(document, patch)

    assert result.keys() == document.keys() | patch.keys()
    assert all(result[key] == document[key] for key in document.keys() - patch.keys())
    assert all(result[key] == value for key, value in patch.items() if not isinstance(value, dict))


@given(documents)
def test_a_merge_patch_of_nulls_empties(document: Any) -> None:
    assert merged(document, dict.fromkeys(document)) == {}


def test_a_merge_patch_replaces_a_list_by_a_mapping() -> None:
    """What a second `kubectl apply` of the seed's HTTPRoute does."""
    assert merged({"rules": [{"a": 1}]}, {"rules": {"b": None, "c": 2}}) == {"rules": {"c": 2}}


def test_only_core_kinds_take_strategic_patches() -> None:
    assert POOL is not None
    assert NAMESPACE is not None
    assert decode_patch(NAMESPACE, b'{"a":1}', media.STRATEGIC_PATCH)({}) == {"a": 1}
    with pytest.raises(StatusError) as refused:
        decode_patch(POOL, b'{"a":1}', media.STRATEGIC_PATCH)
    assert refused.value.code == 415


@pytest.mark.parametrize("patch", [b'{"spec":{"$patch":"spam"}}', b'{"conditions":[{}]}'])
def test_a_strategic_patch_that_makes_no_sense_is_refused(patch: bytes) -> None:
    assert NAMESPACE is not None
    edit = decode_patch(NAMESPACE, patch, media.STRATEGIC_PATCH)

    with pytest.raises(StatusError) as refused:
        edit({"spec": {}, "conditions": []})
    assert refused.value.code == 400


def test_a_media_type_that_is_not_read_is_refused() -> None:
    with pytest.raises(StatusError) as refused:
        decode_object(b"{}", "text/plain")
    assert refused.value.code == 415


@pytest.mark.parametrize("levels", [200, 900, 5000])
@pytest.mark.parametrize("media_type", [media.JSON, media.YAML, media.APPLY_PATCH])
def test_a_deep_object_is_refused_before_it_is_walked(levels: int, media_type: str) -> None:
    body = b'{"a":' * levels + b"1" + b"}" * levels

    with pytest.raises(StatusError) as refused:
        decode_object(body, media_type)
    assert refused.value.code == 400


@pytest.mark.parametrize("levels", [200, 900, 5000])
@pytest.mark.parametrize("media_type", [media.MERGE_PATCH, media.STRATEGIC_PATCH, media.JSON_PATCH])
def test_a_deep_patch_is_refused_before_it_is_walked(levels: int, media_type: str) -> None:
    assert NAMESPACE is not None
    value = b'{"a":' * levels + b"1" + b"}" * levels
    body = b'[{"op":"add","path":"/a","value":' + value + b"}]" if media_type == media.JSON_PATCH else value

    with pytest.raises(StatusError) as refused:
        decode_patch(NAMESPACE, body, media_type)
    assert refused.value.code == 400


@pytest.mark.parametrize("body", [b'{"a": 1}', b"a: 1", b"{a: 1}", b" {a: 1} # with a remark"])
def test_an_apply_may_be_json_or_yaml(body: bytes) -> None:
    assert decode_object(body, media.APPLY_PATCH) == {"a": 1}


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{", b"a: 1\n---\nb: 1", b"\xff"])
def test_an_apply_of_anything_else_than_one_object_is_refused(body: bytes) -> None:
    with pytest.raises(StatusError) as refused:
        decode_object(body, media.APPLY_PATCH)
    assert refused.value.code == 400


def test_a_custom_kind_has_no_protobuf_form() -> None:
    with pytest.raises(StatusError) as refused:
        decode_object(b"k8s\x00\n\x0f\n\x02v1\x12\tHTTPRoute", media.PROTOBUF)
    assert refused.value.code == 415


def test_a_body_that_is_no_protobuf_is_refused() -> None:
    with pytest.raises(StatusError) as refused:
        decode_object(b"{}", media.PROTOBUF)
    assert refused.value.code == 400


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_cases_of_rfc_7396_that_patch_objects(target: Any, patch: Any, result: Any) -> None:
    assert merged(target, patch) == result
