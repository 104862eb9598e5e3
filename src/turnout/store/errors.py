"""What a store answers when it does not do what it was asked."""

from typing import Any


class ApiError(Exception):
    """The API refused: a Kubernetes `Status`. `code` is the HTTP status, `reason` the machine's word for it.

    `details` is the Status's own: `causes` there name the fields at fault.
    """

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details if details is not None else {}

    @property
    def not_found(self) -> bool:
        """The object, or its kind, does not exist."""
        return self.code == 404

    @property
    def conflict(self) -> bool:
        """The object has changed since the resourceVersion that was given (and it is not that it exists already)."""
        return self.code == 409 and self.reason != "AlreadyExists"

    @property
    def exists(self) -> bool:
        """An object of that name is there already."""
        return self.code == 409 and self.reason == "AlreadyExists"

    @property
    def expired(self) -> bool:
        """The resourceVersion is too old to watch from: list again."""
        return self.code == 410


class UnreachableError(Exception):
    """The store did not answer, or stopped in the middle: nothing is known of what it did."""
