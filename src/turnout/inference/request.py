"""The fields of an OpenAI request body that the gateway reads."""

from msgspec import Struct, ValidationError
from msgspec.json import Decoder


class RequestFields(Struct, frozen=True, gc=False):
    """What a JSON body says of itself; each field is at its default where the body lacks it or gives another type."""

    model: str = ""
    prompt_cache_key: str = ""
    stream: bool = False


class _Loose(Struct, gc=False):
    # Any type, so that one odd field does not hide the others.
    model: object = None
    prompt_cache_key: object = None
    stream: object = None


_NOTHING = RequestFields()
_strict = Decoder(RequestFields)
_loose = Decoder(_Loose)


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
    )
