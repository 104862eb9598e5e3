"""Objects as the YAML that `kubectl` writes: keys sorted, double quotes around text that would read as a number."""

import re

import yaml

from turnout.cli.jsontext import unpointed
from turnout.resources.document import JSON

LIKE_A_NUMBER = re.compile(
    r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|[-+]?0[xX][0-9a-fA-F_]+|[-+]?0[oO]?[0-7_]+|[-+]?0b[01_]+"
    r"|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"
)
LIKE_A_TIME = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
ODD_BREAK = re.compile("[\r\x85\u2028\u2029]")
WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ".nan", ".inf", "+.inf", "-.inf"))


class _Dumper(yaml.SafeDumper):
    """Text as kubectl writes it, and no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        """Equal values are written out each time."""
        return True


def as_yaml(value: JSON) -> str:
    """The value as YAML, ending with a line break."""
    return yaml.dump(unpointed(value), Dumper=_Dumper, sort_keys=True, allow_unicode=True, default_flow_style=False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = None
    if "\n" in value and not ODD_BREAK.search(value):
        style = "|"
    elif reads_otherwise(value) or ODD_BREAK.search(value):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def reads_otherwise(text: str) -> bool:
    """True for text that plain YAML, of either version in use, would read as a number, a time, a truth or nothing."""
    if not text or text.lower() in WORDS or text in ("<<", "="):
        return True
    return bool(LIKE_A_NUMBER.fullmatch(text) or LIKE_A_TIME.fullmatch(text))


_Dumper.add_representer(str, _text)
