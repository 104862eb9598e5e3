"""Makes two runs of one script equal: what changes from run to run is replaced by a word."""

import json
import re

MASKS = (
    # kubectl's own log of a watch that its time limit ends early.
    (re.compile(r"^[IWE]\d{4} .*\n", re.MULTILINE), ""),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "UID"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4}( UTC)?"), "TIME"),
    (re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"), "TIME"),
    (re.compile(r"(resourceVersion[\"']?: ?)[\"']?\d+[\"']?"), r"\1VERSION"),
    (re.compile(r"(Resource Version: +)\d+"), r"\1VERSION"),
    (re.compile(r"https?://127\.0\.0\.1:\d+"), "SERVER"),
    (re.compile(r"(?:(?<=[ (\t])|^)(?:\d+[smhdy]){1,2}(?=[ )\n])", re.MULTILINE), "AGE"),
    (re.compile(r"\b(made-)[a-z0-9]{5}\b"), r"\1SUFFIX"),
    (re.compile(r"/\S*/(LIVE|MERGED)-\d+/"), r"/\1/"),
    (re.compile(r"/\S*/kubectl-edit-\d+\.yaml"), "/EDITED"),
    (re.compile(r"(?<=\S)  +"), "  "),
    (re.compile(r" +(?=\n|$)"), ""),
)


def masked(text: str) -> str:
    """`text` without its uids, times, ages, resourceVersions, addresses, temporary names and widths of columns.

    A line of JSON is one with its fields in order: neither server promises an order.
    """
    if text.startswith("{") and text.count("\n") <= 1:
        text = _ordered(text)
    for pattern, replacement in MASKS:
        text = pattern.sub(replacement, text)
    return text


def _ordered(text: str) -> str:
    try:
        return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    except ValueError:
        return text
