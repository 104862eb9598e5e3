"""What Secrets and ConfigMaps hold: keys, and base64 of bytes (Kubernetes `core/validation`)."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping

from turnout.resources.faults import Fault, broken, invalid

KEY = "[-._a-zA-Z0-9]+"
MOST_BYTES = 1024 * 1024
KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    f"'key-name', regex used for validation is '{KEY}')"
)


def key_faults(path: str, keys: Mapping[str, object]) -> Iterator[Fault]:
    """A fault for each of `keys` that could be no file's name."""
    for key in keys:
        if len(key) > 253:
            yield invalid(f"{path}[{key}]", key, "must be no more than 253 characters")
        elif not re.fullmatch(KEY, key):
            yield invalid(f"{path}[{key}]", key, KEY_TEXT)
        elif key in (".", "..") or key.startswith(".."):
            yield invalid(f"{path}[{key}]", key, "must not be '.' or start with '..'")


def base64_faults(path: str, values: Mapping[str, str]) -> Iterator[Fault]:
    """A fault for each value that is no base64. The value is not shown: it may be a secret."""
    for key, value in values.items():
        if decoded(value) is None:
            yield broken(f"{path}[{key}]", "string", "must be base64")


def size_faults(path: str, size: int) -> Iterator[Fault]:
    """A fault for more than a mebibyte."""
    if size > MOST_BYTES:
        yield Fault(path, "FieldValueTooLong", None, f"may not be more than {MOST_BYTES} bytes")


def decoded(text: str) -> bytes | None:
    """The bytes that `text` is the base64 of; None if it is none. Line breaks are passed over, as in Kubernetes."""
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return None


def encoded(text: str) -> str:
    """The base64 of `text`. Half a surrogate pair, which JSON can hold and UTF-8 cannot, becomes `?`."""
    return base64.b64encode(text.encode(errors="replace")).decode()
