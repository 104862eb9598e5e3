"""Templates of JSONPath."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.cli.jsonpath import TemplateError, parsed, render

DOCUMENT = {
    "items": [
        {"name": "a", "port": 1, "labels": {"x.y/z": "1"}, "on": True},
        {"name": "b", "port": 2, "tags": ["t", "u"]},
        {"name": "c", "port": 10},
    ]
}


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{.items[0].name}", "a"),
        ("{$.items[0].name}", "a"),
        ("{.items[*].name}", "a b c"),
        ("{.items[-1].name}", "c"),
        ("{.items[0:2].name}", "a b"),
        ("{.items[:1].name}", "a"),
        ("{.items[::2].name}", "a c"),
        ("{.items[1]['name','port']}", "b 2"),
        ("{.items[0]['name']}", "a"),
        ("{.items[0].labels.x\\.y/z}", "1"),
        ("{..name}", "a b c"),
        ("{.items[?(@.port>1)].name}", "b c"),
        ("{.items[?(@.port >= 2)].name}", "b c"),
        ("{.items[?(@.port<2)].name}", "a"),
        ('{.items[?(@.name=="b")].port}', "2"),
        ("{.items[?(@.name!='b')].port}", "1 10"),
        ("{.items[?(@.tags)].name}", "b"),
        ("{.items[?(@.on==true)].name}", "a"),
        ("{.items[0].labels}", '{"x.y/z":"1"}'),
        ("{.items[1].tags}", '["t","u"]'),
        ("{.items[1].tags[*]}", "t u"),
        ("{.items[0].on}", "true"),
        ("{.none}", ""),
        ("{.items[7].name}", ""),
        ("{.items[0].name.deeper}", ""),
        ("no braces", "no braces"),
        ("<{.items[0].name}>{'-'}{.items[1].name}", "<a>-b"),
        ('{range .items[*]}{.name}{"\\t"}{.port}{"\\n"}{end}', "a\t1\nb\t2\nc\t10\n"),
        ("{range .items[*]}{range .tags[*]}{@}!{end}{end}", "t!u!"),
        ('{"}"}', "}"),
    ],
)
def test_a_template_is_filled_in(template: str, shown: str) -> None:
    assert render(template, DOCUMENT) == shown


@pytest.mark.parametrize(
    "template", ["{.a", "{range .a}", "{end}", "{.a[}", "{.a[x]}", "{.a[?(@.b]}", "{.a b}", "{.a[::0]}", "{(}"]
)
def test_what_cannot_be_read_is_an_error(template: str) -> None:
    with pytest.raises(TemplateError):
        parsed(template)


def test_values_of_different_types_are_not_compared() -> None:
    assert render('{[?(@.a<"x")].a}', [{"a": 1}, {"a": "b"}]) == "b"


@given(st.text("{}[]().@$*?'\"\\:,ab<=1 range", max_size=20))
def test_any_text_is_read_or_refused(template: str) -> None:
    with suppress(TemplateError):
        assert isinstance(render(template, DOCUMENT), str)
