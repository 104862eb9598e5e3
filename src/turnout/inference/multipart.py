"""Bodies of multipart/form-data: the `model` part, found while the body comes, or all of a form that is there.

Sources: RFC 2046 section 5.1.1 (boundaries), RFC 7578 (form-data), OpenAI API reference (audio).
"""

import re
from typing import NamedTuple

LIMIT = 64 * 1024
"""Bytes of a body that are looked at: where the part does not end within them, the model is not known."""

HEAD_LIMIT = 8 * 1024
"""Bytes that a part's head may take, and the padding of a boundary's line."""

MULTIPART = b"multipart/form-data"
_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_PARAMETER = re.compile(rb'[ \t]*;[ \t]*([^\s;="]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s;"]+)', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_FOLD = re.compile(rb"\r\n[ \t]+")
_END_OF_LINE = b"\r\n"
_END_OF_HEAD = b"\r\n\r\n"


def boundary_of(content_type: bytes) -> bytes:
    """The boundary that a Content-Type names; empty for what is no form-data, or whose boundary RFC 2046 forbids."""
    media, _, _ = content_type.partition(b";")
    if media.strip().lower() != MULTIPART:
        return b""
    boundary = (_parameters(content_type[len(media) :]) or {}).get(b"boundary", b"")
    return boundary if _BOUNDARY.fullmatch(boundary) else b""


class ModelPart:
    """Looks for the part named `model`. `feed` takes the body piece by piece; how it is cut makes no difference.

    `settled`: nothing that may yet come changes `model`, which is empty when the part is missing, is a file, holds no
    UTF-8, or does not end within the first LIMIT bytes. Of several the first counts. A body that breaks the format has
    no model. It keeps at most LIMIT bytes and raises nothing.
    """

    __slots__ = ("_at", "_buffer", "_delimiter", "_left", "_value_at", "model", "settled")

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        # The first boundary needs no line end before it (RFC 2046): this one stands for it.
        self._buffer = bytearray(_END_OF_LINE)
        self._at = 0  # bytes of the buffer that are known to hold no delimiter
        self._value_at = -1  # where the model's text begins, once its head is read
        self._left = LIMIT
        self.model = ""
        self.settled = False

    def feed(self, data: bytes) -> None:
        """More of the body; ignored once it is settled."""
        if self.settled:
            return
        taken = data[: self._left]
        self._left -= len(taken)
        self._buffer += taken
        while not self.settled and self._step():
            pass
        if self.settled or not self._left:
            self.settled = True
            self._buffer.clear()

    def _step(self) -> bool:
        """Goes on to behind the next part's head; False when there is too little for that."""
        buffer = self._buffer
        found = buffer.find(self._delimiter, self._at)
        if found < 0:
            self._drop(len(buffer) - len(self._delimiter) + 1)
            return False
        if self._value_at >= 0:
            self._settle(bytes(buffer[self._value_at : found]))
            return True
        self._at = found
        line = found + len(self._delimiter)
        if buffer[line : line + 2] == b"--":
            self.settled = True  # the last part is over
            return True
        end = self._end(_END_OF_LINE, line)
        if end < 0:
            return False
        if buffer[line:end].strip(b" \t"):
            self.settled = True  # RFC 2046: no line of a part begins with the boundary
            return True
        head = self._end(_END_OF_HEAD, end)
        if head < 0:
            return False
        if part_name(bytes(buffer[end + 2 : head])) == PartName(b"model", is_file=False):
            self._value_at = head + 4
        # An empty part's delimiter begins with the end of its head.
        self._at = head + 2
        return True

    def _end(self, mark: bytes, start: int) -> int:
        """Where the first `mark` from `start` on is; negative when it is not there yet, or too far away to wait for."""
        longest = start + HEAD_LIMIT + len(mark)
        found = self._buffer.find(mark, start, longest)
        if found < 0 and len(self._buffer) >= longest:
            self.settled = True
        return found

    def _drop(self, upto: int) -> None:
        """What lies before `upto` is no delimiter, and is only kept if it is the model's text."""
        upto = max(upto, self._at)
        if self._value_at >= 0:
            self._at = upto
        else:
            del self._buffer[:upto]
            self._at = 0

    def _settle(self, value: bytes) -> None:
        self.settled = True
        try:
            self.model = value.decode()
        except UnicodeDecodeError:
            self.model = ""


class PartName(NamedTuple):
    """A part's field, and whether it is a file's."""

    name: bytes
    is_file: bool


def part_name(head: bytes) -> PartName | None:
    """What a part's head names it; None where it names it not, or not clearly."""
    lines = _FOLD.sub(b" ", head).split(_END_OF_LINE)
    named = [line.partition(b":")[2] for line in lines if line[:20].lower() == b"content-disposition:"]
    if len(named) != 1:
        return None
    kind, _, _ = named[0].partition(b";")
    parameters = _parameters(named[0][len(kind) :])
    if kind.strip().lower() != b"form-data" or parameters is None or b"name" not in parameters:
        return None
    return PartName(parameters[b"name"], is_file=not parameters.keys().isdisjoint({b"filename", b"filename*"}))


class Form(NamedTuple):
    """A form by its fields' names; of several fields of one name the first counts."""

    fields: dict[str, str]
    files: dict[str, bytes]


def read_form(body: bytes, boundary: bytes) -> Form | None:
    """A whole form; None when it breaks the format. What is no UTF-8 is replaced."""
    _, *parts = (_END_OF_LINE + body).split(b"\r\n--" + boundary)
    if not parts or not parts[-1].startswith(b"--"):
        return None
    form = Form({}, {})
    for part in parts[:-1]:
        padding, line, rest = part.partition(_END_OF_LINE)
        head, end, content = (line + rest).partition(_END_OF_HEAD)
        named = part_name(head.removeprefix(_END_OF_LINE))
        if padding.strip(b" \t") or not end or named is None:
            return None
        name = named.name.decode(errors="replace")
        if named.is_file:
            form.files.setdefault(name, content)
        else:
            form.fields.setdefault(name, content.decode(errors="replace"))
    return form


def _parameters(text: bytes) -> dict[bytes, bytes] | None:
    """The parameters of a header, names in lower case; None where one is malformed or there twice."""
    found: dict[bytes, bytes] = {}
    at, end = 0, len(text.rstrip(b" \t;"))
    while at < end:
        match = _PARAMETER.match(text, at)
        if match is None:
            return None
        name, value = match[1].lower(), match[2]
        if name in found:
            return None
        found[name] = _ESCAPED.sub(rb"\1", value[1:-1]) if value[:1] == b'"' else value
        at = match.end()
    return found
