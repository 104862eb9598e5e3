"""Refusals, as Kubernetes words them: `metav1.Status` with a code, a reason and a message that kubectl prints."""

from collections.abc import Sequence

from turnout.resources.document import Document
from turnout.resources.faults import Fault
from turnout.resources.kinds import Kind


class StatusError(Exception):
    """A request that is refused. `details` is Kubernetes' `StatusDetails`, `metadata` its `ListMeta`."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Document | None = None,
        *,
        metadata: Document | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.metadata = metadata or {}

    def document(self) -> Document:
        """The `Status` object that says so."""
        status: Document = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if self.details:
            status["details"] = self.details
        return {**status, "code": self.code}


def qualified(kind: Kind) -> str:
    """`httproutes.gateway.networking.k8s.io`; the plural alone for a core kind."""
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural


def success(kind: Kind, name: str, uid: str) -> Document:
    """The `Status` of a deletion that is done."""
    details = {"name": name, "group": kind.group, "kind": kind.plural, "uid": uid}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {key: value for key, value in details.items() if value},
    }


def _details(kind: Kind, name: str, **more: object) -> Document:
    named = {"name": name, "group": kind.group, "kind": kind.plural}
    return {**{key: value for key, value in named.items() if value}, **more}


def not_found(kind: Kind, name: str) -> StatusError:
    """There is no such object."""
    return StatusError(404, "NotFound", f'{qualified(kind)} "{name}" not found', _details(kind, name))


def no_such_path(hint: str = "") -> StatusError:
    """Nothing is served at that path; `hint` says what is."""
    message = "the server could not find the requested resource"
    return StatusError(404, "NotFound", f"{message}: {hint}" if hint else message)


def already_exists(kind: Kind, name: str) -> StatusError:
    """A create of what is there."""
    return StatusError(409, "AlreadyExists", f'{qualified(kind)} "{name}" already exists', _details(kind, name))


def conflict(kind: Kind, name: str, why: str) -> StatusError:
    """A write whose precondition does not hold."""
    message = f'Operation cannot be fulfilled on {qualified(kind)} "{name}": {why}'
    return StatusError(409, "Conflict", message, _details(kind, name))


def modified(kind: Kind, name: str) -> StatusError:
    """A write with a resourceVersion that is no longer the object's."""
    return conflict(
        kind,
        name,
        "the object has been modified; please apply your changes to the latest version and try again",
    )


def wrong_uid(kind: Kind, name: str, wanted: str, stored: str) -> StatusError:
    """A write that meant another object of that name."""
    why = f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {stored}"
    return conflict(kind, name, why)


def invalid(kind: Kind, name: str, faults: Sequence[Fault]) -> StatusError:
    """A document that says something a field does not allow. `faults` is not empty."""
    texts = [str(fault) for fault in faults]
    said = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    title = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    details = {**_details(kind, name), "kind": kind.kind, "causes": [fault.cause() for fault in faults]}
    return StatusError(422, "Invalid", f'{title} "{name}" is invalid: {said}', details)


def invalid_options(options: str, faults: Sequence[Fault]) -> StatusError:
    """Options, such as PatchOptions, that say something they may not. `faults` is not empty."""
    texts = [str(fault) for fault in faults]
    said = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    details = {"group": "meta.k8s.io", "kind": options, "causes": [fault.cause() for fault in faults]}
    return StatusError(422, "Invalid", f'{options}.meta.k8s.io "" is invalid: {said}', details)


def unprocessable(message: str) -> StatusError:
    """A patch that can be read but not carried out."""
    return StatusError(422, "Invalid", f"the server rejected our request due to an error in our request: {message}")


def bad_request(message: str) -> StatusError:
    """A request that cannot be understood."""
    return StatusError(400, "BadRequest", message)


def unauthorized() -> StatusError:
    """A request without the token, or with another."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def forbidden(message: str) -> StatusError:
    """A request that is understood and not allowed."""
    return StatusError(403, "Forbidden", message)


def forbidden_object(kind: Kind, name: str, why: str) -> StatusError:
    """A write that is not allowed on this object."""
    return StatusError(403, "Forbidden", f'{qualified(kind)} "{name}" is forbidden: {why}', _details(kind, name))


def method_not_allowed() -> StatusError:
    """A method that the path does not have."""
    message = "the server does not allow this method on the requested resource"
    return StatusError(405, "MethodNotAllowed", message)


def not_acceptable(accepted: Sequence[str]) -> StatusError:
    """No form of the answer is one that the client takes."""
    message = f"only the following media types are accepted: {', '.join(accepted)}"
    return StatusError(406, "NotAcceptable", message)


def unsupported_media_type(accepted: Sequence[str]) -> StatusError:
    """A body in a form that is not read here."""
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    return StatusError(415, "UnsupportedMediaType", message)


def too_large(limit: int) -> StatusError:
    """A body, or an object, of more than `limit` bytes."""
    return StatusError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit}")


def expired(version: int, oldest: int) -> StatusError:
    """A watch from before what is remembered: the client lists again."""
    return StatusError(410, "Expired", f"too old resource version: {version} ({oldest})")


def unknown_version(version: int, newest: int) -> StatusError:
    """A watch from a version that this store has not reached: it is from another store, so the client lists again."""
    return StatusError(410, "Expired", f"resource version {version} is not of this store, whose newest is {newest}")


def future_version(version: int, newest: int) -> StatusError:
    """A list of a version that this store has not reached; clients list again without one."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    message = f"Timeout: Too large resource version: {version}, current: {newest}"
    return StatusError(504, "Timeout", message, {"causes": [cause], "retryAfterSeconds": 1})


def internal(message: str) -> StatusError:
    """The server could not do its part."""
    return StatusError(500, "InternalError", f"Internal error occurred: {message}")


def insufficient_storage(message: str) -> StatusError:
    """There is no room for what was to be stored (RFC 4918, 11.5); Kubernetes has no reason of its own for it."""
    return StatusError(507, "InsufficientStorage", f"No space left: {message}; nothing has changed")
