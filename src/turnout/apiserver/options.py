"""What a request asks for beside its object: query parameters and DeleteOptions, read and checked."""

from collections.abc import Iterator, Mapping
from enum import Enum

from msgspec import Struct

from turnout.apiserver.errors import bad_request, invalid_options
from turnout.resources.document import JSON, Document
from turnout.resources.faults import Fault, invalid, required, unsupported

LONGEST_MANAGER = 128


class Validation(Enum):
    """What becomes of a field that the kind does not have."""

    IGNORE = "Ignore"
    WARN = "Warn"
    STRICT = "Strict"


class Policy(Enum):
    """What becomes of the objects that the deleted one owns."""

    BACKGROUND = "Background"
    FOREGROUND = "Foreground"
    ORPHAN = "Orphan"


class WriteOptions(Struct, frozen=True):
    """Options of a create, a replace or a patch. `manager` owns what is written; `force` takes what others own."""

    dry_run: bool = False
    validation: Validation = Validation.WARN
    manager: str = "unknown"
    force: bool = False


class DeleteOptions(Struct, frozen=True):
    """Options of a delete; empty preconditions always hold. Without a policy the object's finalizers say it."""

    dry_run: bool = False
    uid: str = ""
    resource_version: str = ""
    policy: Policy | None = None


def write_options(query: Mapping[str, str], agent: str = "", *, applies: bool = False) -> WriteOptions:
    """From the query; `agent` is the User-Agent, after which a writer that does not name itself is called.

    Raises a 400 on a value that is not known, a 422 on a field manager that cannot be one. An apply must name its own.
    """
    validation = query.get("fieldValidation") or Validation.WARN.value
    manager, force = query.get("fieldManager", ""), flag(query, "force")
    faults = list(_manager_faults(manager))
    if applies and not manager:
        faults.append(required("fieldManager", "is required for apply patch"))
    if force and not applies:
        faults.append(Fault("force", "FieldValueForbidden", None, "may not be specified for non-apply patch"))
    if faults:
        raise invalid_options("PatchOptions", faults)
    named = manager or agent.partition("/")[0][:LONGEST_MANAGER].strip() or "unknown"
    try:
        return WriteOptions(_dry_run(query.get("dryRun", "")), Validation(validation), named, force)
    except ValueError:
        raise bad_request(f"fieldValidation: {validation!r} is none of Ignore, Warn and Strict") from None


def _manager_faults(manager: str) -> Iterator[Fault]:
    if len(manager) > LONGEST_MANAGER:
        yield Fault("fieldManager", "FieldValueTooLong", None, f"may not be more than {LONGEST_MANAGER} bytes")
    if not manager.isprintable():
        yield invalid("fieldManager", manager, "should only contain printable characters")


def delete_options(query: Mapping[str, str], body: Document | None) -> DeleteOptions:
    """From the query and the body, a DeleteOptions if it is there.

    Raises a 400 on a value that is not known, a 422 on a propagation policy that is none.
    """
    body = body or {}
    if body.get("kind", "DeleteOptions") != "DeleteOptions":
        raise bad_request(f"the body of a delete is a DeleteOptions, not a {body['kind']!r}")
    asked = body.get("dryRun") or ()
    if not isinstance(asked, list | tuple):
        raise bad_request("dryRun: must be a list")
    dry_run = [_dry_run(each) for each in (*asked, query.get("dryRun", ""))]
    preconditions = body.get("preconditions") or {}
    if not isinstance(preconditions, dict):
        raise bad_request("preconditions: must be an object")
    uid, version = _text(preconditions, "uid"), _text(preconditions, "resourceVersion")
    return DeleteOptions(any(dry_run), uid, version, _policy(query, body))


def _policy(query: Mapping[str, str], body: Document) -> Policy | None:
    named = body.get("propagationPolicy") or query.get("propagationPolicy") or None
    orphans = body.get("orphanDependents")
    if orphans is None and query.get("orphanDependents"):
        orphans = flag(query, "orphanDependents")
    if named and orphans is not None:
        why = "orphanDependents and deletionPropagation cannot be both set"
        raise invalid_options("DeleteOptions", [invalid("propagationPolicy", named, why)])
    if named is None:
        return None if orphans is None else Policy.ORPHAN if orphans else Policy.BACKGROUND
    try:
        return Policy(named)
    except ValueError:
        supported = [each.value for each in (Policy.FOREGROUND, Policy.BACKGROUND, Policy.ORPHAN)]
        fault = unsupported("propagationPolicy", named, [*supported, "nil"])
        raise invalid_options("DeleteOptions", [fault]) from None


def _dry_run(value: JSON) -> bool:
    if value not in ("", "All"):
        raise bad_request(f"dryRun: {value!r} is not All")
    return bool(value)


def _text(document: Document, field: str) -> str:
    value = document.get(field) or ""
    if not isinstance(value, str):
        raise bad_request(f"preconditions.{field}: must be a string")
    return value


def flag(query: Mapping[str, str], name: str) -> bool:
    """A parameter that is true or false; false when it is not given. Raises a 400."""
    value = query.get(name, "false").lower()
    if value not in ("1", "0", "t", "f", "true", "false", ""):
        raise bad_request(f"{name}: {value!r} is neither true nor false")
    return value in ("1", "t", "true")


def number(query: Mapping[str, str], name: str) -> int | None:
    """A parameter that is a whole number; None when it is not given. Raises a 400."""
    value = query.get(name, "")
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise bad_request(f"{name}: {value!r} is not a whole number")
    return int(value)
