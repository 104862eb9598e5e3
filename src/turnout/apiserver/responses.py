"""Answers: JSON, or YAML where it is asked for, with the warnings that kubectl shows."""

from collections.abc import Iterable

import msgspec
from starlette.responses import Response

from turnout.apiserver import media
from turnout.apiserver.errors import StatusError
from turnout.resources.document import JSON


def json_response(body: JSON, code: int = 200, media_type: str = media.JSON) -> Response:
    """A JSON value."""
    return Response(msgspec.json.encode(body), code, media_type=media_type)


def status_response(error: StatusError) -> Response:
    """A refusal."""
    return json_response(error.document(), error.code)


def object_response(encoded: bytes, accept: str, code: int = 200, warnings: Iterable[str] = ()) -> Response:
    """An object or a list, given as JSON, in the first of JSON and YAML that `accept` names."""
    accepted = [part.partition(";")[0].strip() for part in accept.split(",")]
    wants_yaml = media.YAML in accepted and media.JSON not in accepted[: accepted.index(media.YAML)]
    if wants_yaml:
        import yaml  # only here: YAML answers are rare and its writer is not small

        text = yaml.safe_dump(msgspec.json.decode(encoded), sort_keys=False, allow_unicode=True)
        response = Response(text, code, media_type=media.YAML)
    else:
        response = Response(encoded, code, media_type=media.JSON)
    for warning in warnings:
        response.headers.append("Warning", warning_header(warning))
    return response


def warning_header(text: str) -> str:
    """A `Warning` header (RFC 7234, section 5.5): code 299, no agent, the text quoted and in one line of ASCII."""
    line = "".join(char if " " <= char <= "~" else "?" for char in " ".join(text.split()))
    quoted = line.replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{quoted}"'
