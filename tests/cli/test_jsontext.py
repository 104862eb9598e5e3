"""JSON as kubectl writes it."""

import json

from turnout.cli.jsontext import as_json, compact, unpointed


def test_keys_are_sorted_and_four_spaces_indent() -> None:
    assert as_json({"b": [1], "a": {}}) == '{\n    "a": {},\n    "b": [\n        1\n    ]\n}\n'


def test_what_would_be_markup_is_escaped_and_still_the_same() -> None:
    value = {"a": "<b> & \u2028"}
    assert compact(value) == '{"a":"\\u003cb\\u003e \\u0026 \\u2028"}'
    assert json.loads(compact(value)) == json.loads(as_json(value)) == value


def test_whole_numbers_have_no_point() -> None:
    assert compact(unpointed({"a": [0.0, 1.5, -2.0, True]})) == '{"a":[0,1.5,-2,true]}'
