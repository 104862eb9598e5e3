"""The fields of an OpenAI request body that the gateway reads."""

from msgspec import Raw, Struct, ValidationError
from msgspec.json import Decoder


class _AsTheyCame(Struct, frozen=True, gc=False, kw_only=True):
    response_format: Raw = Raw()
    text: Raw = Raw()
    messages: Raw = Raw()
    prompt: Raw = Raw()
    input: Raw = Raw()
    system: Raw = Raw()
    tools: Raw = Raw()


class RequestFields(_AsTheyCame, frozen=True, gc=False):
    """What a JSON body says of itself; each field is at its default where the body lacks it or gives another type.

    `response_format` and `text` are as they came: see `wants_json`. So are what the prompt is made of: see
    `prompt_blocks`.
    """

    model: str = ""
    prompt_cache_key: str = ""
    stream: bool = False

    @property
    def wants_json(self) -> bool:
        """Whether `response_format` (in responses `text.format`) asks for a JSON object or for one of a schema."""
        if not self.response_format and not self.text:
            return False
        try:
            wanted = self.response_format or _text.decode(self.text).format
            return bool(wanted) and _format.decode(wanted).type in {"json_object", "json_schema"}
        except (ValueError, RecursionError):
            return False


class _Loose(_AsTheyCame, frozen=True, gc=False):
    # Any type, so that one odd field does not hide the others.
    model: object = None
    prompt_cache_key: object = None
    stream: object = None


class _Text(Struct, gc=False):
    format: Raw = Raw()


class _Format(Struct, gc=False):
    type: object = None


_NOTHING = RequestFields()
_strict = Decoder(RequestFields)
_loose = Decoder(_Loose)
_text = Decoder(_Text)
_format = Decoder(_Format)


def read_request(body: bytes) -> RequestFields:
    """The fields of `body`; all at their defaults when it is not a JSON object. Nothing else of it is decoded."""
    try:
        return _strict.decode(body)
    except ValidationError:
        return _read_loose(body)
    except (ValueError, RecursionError):  # msgspec's errors and a bad UTF-8 sequence are ValueErrors
        return _NOTHING


def _read_loose(body: bytes) -> RequestFields:
    try:
        loose = _loose.decode(body)
    except (ValueError, RecursionError):
        return _NOTHING
    model, key = loose.model, loose.prompt_cache_key
    return RequestFields(
        model if isinstance(model, str) else "",
        key if isinstance(key, str) else "",
        loose.stream is True,
        **{name: getattr(loose, name) for name in _AsTheyCame.__struct_fields__},
    )
