"""What of a body can keep a conversation on one side of a split: a field of its own, or how the conversation begins."""

from hashlib import blake2b

from msgspec import Raw, Struct
from msgspec.json import Decoder


class _Conversation(Struct, gc=False):
    messages: list[Raw] = []


_fields = Decoder(dict[str, Raw])
_conversation = Decoder(_Conversation)
_text = Decoder(str)


def field_of(body: bytes, name: str) -> str:
    """The field `name` of a JSON object: a string's text, any other scalar as written; empty if there is none."""
    try:
        raw = bytes(_fields.decode(body).get(name) or b"")
        if raw[:1] == b'"':
            return _text.decode(raw)
    except (ValueError, RecursionError):
        return ""
    return "" if raw[:1] in (b"{", b"[", b"n") else raw.decode()


def prefix_of(body: bytes, messages: int) -> str:
    """A hash of the first `messages` of a chat, as they are written; empty for what is no chat."""
    try:
        found = _conversation.decode(body).messages[:messages]
    except (ValueError, RecursionError):
        return ""
    if not found:
        return ""
    # A comma cannot end one JSON value and begin another, so that no two conversations read alike.
    return blake2b(b",".join(map(bytes, found)), digest_size=16).hexdigest()
