"""What keeps a client on one side of a split: the keys that every split knows, or those that a rollout names."""

from collections.abc import Sequence

from turnout.inference.affinity import field_of, prefix_of
from turnout.proxy.request import Request
from turnout.table import SplitKey


def usual_key(request: Request) -> str:
    """Header x-session-id, else body field prompt_cache_key; empty when the client does not say."""
    if request.session:
        return _text(request.session)
    return request.fields().prompt_cache_key


def chosen_key(keys: Sequence[SplitKey], request: Request) -> str:
    """The first of `keys` that the request has; empty when it has none of them."""
    for key in keys:
        found = _read(key, request)
        if found:
            return found
    return ""


def _read(key: SplitKey, request: Request) -> str:
    match key.source:
        case "header":
            return _text(request.header(key.name.lower().encode()))
        case "bodyField":
            if key.name == "model" and not request.buffered:
                return request.fields().model
            return field_of(request.whole_body(), key.name)
        case "prefixHash":
            return prefix_of(request.whole_body(), key.messages)
        case "clientIP":
            return request.client


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")
