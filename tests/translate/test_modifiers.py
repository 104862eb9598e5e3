"""What a route may do to headers, and what is the gateway's own."""

from typing import Any

import msgspec
import pytest

from turnout.proxy.filters import HeaderEdit
from turnout.proxy.heads import REQUEST_KINDS, RESPONSE_KINDS, request_kind, response_kind
from turnout.resources.httpfilter import HTTPHeaderFilter
from turnout.table import HeaderChange
from turnout.translate.modifiers import header_change, header_faults


def modifier(**fields: Any) -> HTTPHeaderFilter:
    return msgspec.convert(fields, HTTPHeaderFilter)


def faults(**fields: Any) -> list[str]:
    return [one.message for one in header_faults(modifier(**fields), "m")]


def header(name: str, value: str = "v") -> dict[str, str]:
    return {"name": name, "value": value}


def test_names_and_values_are_kept_as_they_are_written() -> None:
    written = modifier(set=[header("X-A", "1")], add=[header("x-B", "a b")], remove=["X-C"])
    assert header_change(written) == HeaderChange((("X-A", "1"),), (("x-B", "a b"),), ("X-C",))


def test_the_first_of_equal_names_in_a_list_counts() -> None:
    written = modifier(set=[header("X-A", "1"), header("x-a", "2")], add=[header("x-a", "3"), header("X-A", "4")])
    assert header_change(written) == HeaderChange((("X-A", "1"),), (("x-a", "3"),))


@pytest.mark.parametrize(
    "name",
    [
        "Connection", "keep-alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Content-Length",
        "Upgrade", "Expect", "Host", "x-turnout-pool", "X-Turnout-Anything", "x-gateway-destination-endpoint",
        "x-gateway-destination-endpoint-served",
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["set", "add", "remove"])
def test_headers_of_the_gateway_and_the_connection_are_refused(name: str, where: str) -> None:
    (fault,) = faults(**{where: [name if where == "remove" else header(name)]})
    assert fault.startswith(f"m.{where}[0]: ")


@pytest.mark.parametrize(
    "name", ["authorization", "x-session-id", "x-gateway-inference-objective", "x-request-id", "content-type"]
)
def test_headers_that_are_read_after_the_filters_can_be_modified(name: str) -> None:
    assert faults(set=[header(name)], add=[header("x")], remove=[name]) == []


def test_an_answer_s_request_id_is_the_request_s() -> None:
    written = modifier(set=[header("X-Request-Id")])
    assert [one.message for one in header_faults(written, "m", of_answers=True)] == [
        "m.set[0]: header X-Request-Id is the gateway's own and cannot be modified"
    ]


NAMES = sorted({name.decode() for name in (*REQUEST_KINDS, *RESPONSE_KINDS)} | {"x-other", "x-turnout-a", "Host"})


@pytest.mark.parametrize("name", NAMES)
def test_what_the_worker_does_not_change_is_refused_and_nothing_else(name: str) -> None:
    """Else a modifier would be accepted and have no effect."""
    for of_answers, changes in ((False, request_changes), (True, response_changes)):
        refused = any(header_faults(modifier(remove=[name]), "m", of_answers=of_answers))
        assert refused != changes(name) or (of_answers and name.lower() == "expect")


def request_changes(name: str) -> bool:
    return bool(HeaderEdit(HeaderChange(remove=(name,)), request_kind).names)


def response_changes(name: str) -> bool:
    return bool(HeaderEdit(HeaderChange(remove=(name,)), response_kind).names)


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "a\n", "ä"])
def test_what_is_no_header_name_cannot_be_removed(name: str) -> None:
    assert faults(remove=[name]) == [f"m.remove[0]: {name!r} is no header name"]


@pytest.mark.parametrize("value", ["a\n", "a\r\nx-b: c", "\x00", " a", "a ", "ä"])
def test_a_value_never_ends_its_line(value: str) -> None:
    """Admission's patterns keep most of these out; a table made from what another API stored must not need them."""
    change = HTTPHeaderFilter(add=(msgspec.structs.replace(modifier(add=[header("a")]).add[0], value=value),))
    assert [one.message for one in header_faults(change, "m")] == ["m.add[0].value is no header value"]
