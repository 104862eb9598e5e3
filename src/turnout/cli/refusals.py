"""What a server refused, in kubectl's words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from turnout.resources.document import Document

if TYPE_CHECKING:
    from turnout.store import ApiError


class Refusal(Struct, frozen=True):
    """One object that a verb failed on. `doing` is what was done to it, as in `creating "a.yaml"`; empty by name.

    `error` is the server's; where there is none the fault was found on this side, and `text` says it.
    """

    text: str
    doing: str = ""
    error: "ApiError | None" = None

    @property
    def among_others(self) -> str:
        """The line that is printed when there are several."""
        if self.error is None:
            return self.text
        doing = f"error when {self.doing}: " if self.doing else ""
        return f"Error from server ({self.error.reason}): {doing}{self.error.message}"

    @property
    def alone(self) -> str:
        """What is printed when it is the only one: the faults of an invalid object one by one."""
        if self.error is None:
            return f"error: {self.text}"
        causes = self.error.details.get("causes")
        if self.error.reason != "Invalid" or not isinstance(causes, list) or not causes:
            return self.among_others
        lines = [f"{each.get('field')}: {each.get('message')}" for each in causes]
        said = f" {lines[0]}" if len(lines) == 1 else " \n* " + "\n* ".join(lines)
        return f'The {self.error.details.get("kind")} "{self.error.details.get("name")}" is invalid:{said}'


def told(refusals: Sequence[Refusal]) -> list[str]:
    """What to print on stderr of all refusals of a command."""
    if len(refusals) == 1:
        return [refusals[0].alone]
    return [each.among_others for each in refusals]


def unmapped(document: Document, file: str, why: object) -> str:
    """What is said of an object of a kind that the server does not have."""
    metadata = document.get("metadata") or {}
    named = f'name: "{metadata.get("name") or ""}" namespace: "{metadata.get("namespace") or ""}"'
    return f'resource mapping not found for {named} from "{file}": {why}\nensure CRDs are installed first'
