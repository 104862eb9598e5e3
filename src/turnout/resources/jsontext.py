"""JSON text as YAML text: YAML reads all of JSON but for a few characters and escapes."""

import json
import re

# In valid JSON a backslash only ever begins an escape, so that escapes can be told apart from left to right.
ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|.)")
# Breaks of lines in YAML, and what YAML refuses to read as it is. In valid JSON they only occur within text.
UNPLAIN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def as_yaml(text: str) -> str:
    """`text` in characters that YAML reads alike, line by line, if it is valid JSON; else `text` itself."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    text = ESCAPE.sub(lambda escape: unpaired(escape[0]), text.replace("\t", " "))
    return UNPLAIN.sub(lambda one: f"\\u{ord(one[0]):04x}", text)


def unpaired(escape: str) -> str:
    """A pair of surrogates as the character that it stands for; any other escape as it is."""
    if len(escape) == 2:
        return escape
    character: str = json.loads(f'"{escape}"')
    return character
