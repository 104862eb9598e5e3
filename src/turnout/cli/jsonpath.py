"""`-o jsonpath=TEMPLATE`: Kubernetes' templates of JSONPath, `{range .items[*]}{.metadata.name} {end}`.

Fields, indexes and slices, unions, wildcards, `..`, filters (`==`, `!=`, `<`, `<=`, `>`, `>=`, or that it is there),
text in quotes, `range` and `end`. What is not there gives nothing.
"""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from turnout.cli.jsontext import compact
from turnout.resources.document import JSON


class TemplateError(ValueError):
    """The template cannot be read; the text says where."""


class Step(Struct, frozen=True):
    """From values to values: `kind` is field, slice, all, deep or filter."""

    kind: str
    names: tuple[str, ...] = ()
    bounds: tuple[int | None, int | None, int | None] = (None, None, None)
    condition: "Condition | None" = None


class Condition(Struct, frozen=True):
    """`left` against `right` (a path, or a literal); no `comparison` asks whether `left` is there."""

    left: tuple[Step, ...]
    comparison: str = ""
    right: "tuple[Step, ...] | JSON" = None


class Part(Struct, frozen=True):
    """A piece of a template: literal `text`, a `path`, or a `range` over one with the parts inside of it."""

    text: str = ""
    path: tuple[Step, ...] | None = None
    inner: "tuple[Part, ...] | None" = None


Ordered = Callable[[Any, Any], bool]
COMPARISONS: dict[str, Ordered] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
FIELD = re.compile(r"(?:\\.|[^\s.\[\]{}()\\=!<>,'\"?@$:*])+")
TEXT = re.compile(r'"((?:\\.|[^"\\])*)"|\'((?:\\.|[^\'\\])*)\'')
SLICE = re.compile(r"(-?\d+)?(:(-?\d+)?)?(:(-?\d+)?)?")
LITERAL = re.compile(r"true|false|null|-?\d+(\.\d+)?")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def render(template: str, document: JSON) -> str:
    """The template filled in. Raises `TemplateError`."""
    return "".join(_rendered(parsed(template), document))


def parsed(template: str) -> tuple[Part, ...]:
    """The parts of a template. Raises `TemplateError`."""
    open_ranges: list[tuple[tuple[Step, ...], list[Part]]] = []
    parts: list[Part] = []
    for literal, action in _pieces(template):
        if literal:
            parts.append(Part(text=literal))
        elif action == "end":
            if not open_ranges:
                raise TemplateError("not in range, nothing to end")
            path, outer = open_ranges.pop()
            outer.append(Part(path=path, inner=tuple(parts)))
            parts = outer
        elif action.startswith(("range ", "range\t")):
            open_ranges.append((_whole_path(action[5:].strip()), parts))
            parts = []
        elif (text := TEXT.fullmatch(action)) is not None:
            parts.append(Part(text=_unquoted(text)))
        else:
            parts.append(Part(path=_whole_path(action)))
    if open_ranges:
        raise TemplateError("unclosed action: a range without {end}")
    return tuple(parts)


def _pieces(template: str) -> Iterator[tuple[str, str]]:
    """(literal, "") and ("", what is in braces), in order."""
    at = 0
    while at < len(template):
        start = template.find("{", at)
        if start != at:
            yield template[at : start if start >= 0 else len(template)], ""
        if start < 0:
            return
        end = _closing(template, start + 1)
        action = template[start + 1 : end].strip()
        if action:
            yield "", action
        at = end + 1


def _closing(template: str, at: int) -> int:
    """Where the brace closes that opened before `at`; braces in quotes are text."""
    while at < len(template):
        if (text := TEXT.match(template, at)) is not None:
            at = text.end()
        elif template[at] == "}":
            return at
        else:
            at += 1
    raise TemplateError("unclosed action: a brace is not closed")


def _whole_path(text: str) -> tuple[Step, ...]:
    path, end = _path(text, 0)
    if end < len(text):
        raise TemplateError(f"unrecognized character in action: {text[end]!r} in {text}")
    return path


def _path(text: str, at: int) -> tuple[tuple[Step, ...], int]:
    """The steps that begin at `at`, and where they end."""
    steps: list[Step] = []
    if at < len(text) and text[at] in "$@":
        at += 1
    elif at < len(text) and (first := FIELD.match(text, at)) is not None:
        steps.append(_field(first))
        at = first.end()
    while at < len(text) and text[at] in ".[":
        if text.startswith("..", at):
            steps.append(Step("deep"))
            at += 1 if FIELD.match(text, at + 2) or text.startswith("*", at + 2) else 2
        elif text[at] == "[":
            step, at = _bracket(text, at + 1)
            steps.append(step)
        elif text.startswith(".*", at):
            steps.append(Step("all"))
            at += 2
        elif (name := FIELD.match(text, at + 1)) is not None:
            steps.append(_field(name))
            at = name.end()
        else:  # `.` alone is the value itself
            at += 1
            break
    return tuple(steps), at


def _field(name: re.Match[str]) -> Step:
    return Step("field", (re.sub(r"\\(.)", r"\1", name[0]),))


def _bracket(text: str, at: int) -> tuple[Step, int]:
    """The step in brackets that opened before `at`, and what is behind them."""
    if text.startswith("*]", at):
        return Step("all"), at + 2
    if text.startswith("?(", at):
        condition, at = _condition(text, at + 2)
        if not text.startswith(")]", at):
            raise TemplateError(f"unterminated filter in {text}")
        return Step("filter", condition=condition), at + 2
    names: list[str] = []
    while (name := TEXT.match(text, at)) is not None:
        names.append(_unquoted(name))
        at = name.end()
        if text.startswith(",", at):
            at += 1
    if names:
        step = Step("field", tuple(names))
    else:
        step, at = _slice(text, at)
    if not text.startswith("]", at):
        raise TemplateError(f"unterminated array in {text}")
    return step, at + 1


def _slice(text: str, at: int) -> tuple[Step, int]:
    """`[1]`, `[-1]`, `[1:3]`, `[:2]`, `[::2]`; an index is a slice of one, as Kubernetes has it."""
    found = SLICE.match(text, at)
    if found is None or not found[0]:
        raise TemplateError(f"invalid array index in {text}")
    start, stop, step = (int(found[group]) if found[group] else None for group in (1, 3, 5))
    if found[2] is None:
        assert start is not None
        stop = start + 1 if start != -1 else None
    if step is not None and step <= 0:
        raise TemplateError("step must be > 0")
    return Step("slice", bounds=(start, stop, step)), found.end()


def _condition(text: str, at: int) -> tuple[Condition, int]:
    left, at = _path(text, _past_space(text, at))
    at = _past_space(text, at)
    comparison = next((each for each in COMPARISONS if text.startswith(each, at)), "")
    if not comparison:
        return Condition(left), at
    at = _past_space(text, at + len(comparison))
    right: tuple[Step, ...] | JSON
    if (quoted := TEXT.match(text, at)) is not None:
        right, at = _unquoted(quoted), quoted.end()
    elif (literal := LITERAL.match(text, at)) is not None:
        words: dict[str, JSON] = {"true": True, "false": False, "null": None}
        right = words[literal[0]] if literal[0] in words else float(literal[0])
        at = literal.end()
    else:
        right, at = _path(text, at)
    return Condition(left, comparison, right), _past_space(text, at)


def _past_space(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at


def _unquoted(text: re.Match[str]) -> str:
    content = text[1] if text[1] is not None else text[2]
    return re.sub(r"\\(.)", lambda escape: ESCAPES.get(escape[1], escape[1]), content)


def _rendered(parts: Sequence[Part], document: JSON) -> Iterator[str]:
    for part in parts:
        if part.path is None:
            yield part.text
        elif part.inner is None:
            yield " ".join(_shown(value) for value in walk(part.path, document))
        else:
            for value in walk(part.path, document):
                yield from _rendered(part.inner, value)


def walk(path: Sequence[Step], document: JSON) -> list[JSON]:
    """Every value at `path`, in order."""
    found = [document]
    for step in path:
        found = [inner for each in found for inner in _inner(step, each)]
    return found


def _inner(step: Step, value: JSON) -> list[JSON]:
    if step.kind == "field":
        return [value[name] for name in step.names if isinstance(value, dict) and name in value]
    if step.kind == "deep":
        return [value, *(deeper for each in _children(value) for deeper in _inner(step, each))]
    if step.kind == "slice":
        return value[slice(*step.bounds)] if isinstance(value, list) else []
    if step.condition is not None:
        return [each for each in _children(value) if _holds(step.condition, each)]
    return _children(value)


def _children(value: JSON) -> list[JSON]:
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    return list(value) if isinstance(value, list) else []


def _holds(condition: Condition, value: JSON) -> bool:
    left = walk(condition.left, value)
    if not condition.comparison:
        return bool(left)
    right = walk(condition.right, value) if isinstance(condition.right, tuple) else [condition.right]
    if len(left) != 1 or len(right) != 1:
        return False
    try:
        return COMPARISONS[condition.comparison](left[0], right[0])
    except TypeError:  # of different types: neither is the smaller one
        return False


def _shown(value: JSON) -> str:
    if isinstance(value, str):
        return value
    return compact(value)
