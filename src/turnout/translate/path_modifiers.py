"""Path modifiers of rewrites and redirects."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from turnout.resources.httpfilter import HTTPPathModifier
from turnout.resources.httproute import PATH
from turnout.table import PathModifier
from turnout.translate.unserved import Unserved

_path = re.compile(PATH)


def path_modifier(written: HTTPPathModifier | None) -> PathModifier | None:
    """The modifier; None for none."""
    if written is None:
        return None
    if written.type == "ReplaceFullPath":
        return PathModifier("full", written.replace_full_path or "")
    return PathModifier("prefix", written.replace_prefix_match or "")


def path_faults(written: HTTPPathModifier | None, field: str, *, prefixes: bool) -> Iterator[Unserved]:
    """What is wrong with the modifier at `field`. `prefixes`: all matches of its rule are of type PathPrefix.

    A path goes into a request line or a Location as it is, so it must be one, without dot segments and queries.
    """
    if written is None:
        return
    if written.type == "ReplaceFullPath":
        place, path = f"{field}.replaceFullPath", written.replace_full_path or ""
    else:
        place, path = f"{field}.replacePrefixMatch", written.replace_prefix_match or "/"
        if not prefixes:
            yield Unserved(f"{place} needs matches of type PathPrefix", incompatible=True)
    if not path.startswith("/") or not _path.fullmatch(path):
        yield Unserved(f"{place} is no absolute path")
    elif any(segment in (".", "..") for segment in unquote(path).split("/")):
        yield Unserved(f"{place} has dot segments")
