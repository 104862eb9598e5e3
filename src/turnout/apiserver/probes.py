"""`/livez`, `/readyz` and `/healthz`: whether the API does its work, check by check if asked (`?verbose`)."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from turnout.apiserver.errors import no_such_path
from turnout.apiserver.object_store import ObjectStore

PROBES = ("healthz", "livez", "readyz")


class Probes:
    """The endpoints of one store."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def probe(self, request: Request) -> Response:
        """`/NAME`, or one check of it: `/NAME/CHECK`."""
        name, _, check = request.url.path.strip("/").partition("/")
        found = {"ping": True, "storage": not self._store.ended.done()}
        if check:
            if check not in found:
                raise no_such_path()
            found = {check: found[check]}
        excluded = request.query_params.getlist("exclude")
        found = {each: holds for each, holds in found.items() if each not in excluded}
        code = 200 if all(found.values()) else 500
        verbose = "verbose" in request.query_params or code != 200
        return PlainTextResponse(report(name, found) if verbose else "ok", code)


def report(name: str, found: Mapping[str, bool]) -> str:
    """Each check in a line, then all of them, in Kubernetes' form."""
    lines = [f"[+]{check} ok" if holds else f"[-]{check} failed: reason withheld" for check, holds in found.items()]
    return "\n".join([*lines, f"{name} check {'passed' if all(found.values()) else 'failed'}"]) + "\n"
