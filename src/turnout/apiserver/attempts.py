"""One try at a transaction: it happened, or something moved and the caller reads anew."""

from collections.abc import Mapping

import msgspec

from turnout.apiserver.errors import insufficient_storage, internal, too_large
from turnout.apiserver.object_store import ObjectStore
from turnout.apiserver.stored import LARGEST, Change, Key, NoSpaceError, StaleError, StorageError, Stored, Transaction
from turnout.resources.document import Document


async def attempt(store: ObjectStore, transaction: Transaction) -> tuple[Change, ...]:
    """The changes made; none if an expectation no longer holds. Raises a 507 on a full disk, a 500 on a failing one."""
    try:
        return await store.commit(transaction)
    except StaleError:
        return ()
    except NoSpaceError as error:
        raise insufficient_storage(f"the object was not stored: {error}") from error
    except StorageError as error:
        raise internal(f"the object could not be stored: {error}") from error


async def attempt_one(
    store: ObjectStore, key: Key, document: Document | None, expected: Mapping[Key, int]
) -> Stored | None:
    """The object as the write leaves it; None if an expectation no longer holds. `document` None removes it.

    Raises a 413 for a document that is larger than a body may be: small patches must not grow an object for ever.
    """
    if document is not None and len(msgspec.json.encode(document)) > LARGEST:
        raise too_large(LARGEST)
    changes = await attempt(store, Transaction(expected, {key: document}))
    return changes[0].last if changes else None
