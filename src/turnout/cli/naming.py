"""What the arguments of a verb name: `KIND`, `KIND NAME...`, `KIND/NAME...`, `KIND,KIND`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from turnout.cli.target import Asked
from turnout.store import ApiResource

if TYPE_CHECKING:
    from turnout.kube.discovery import Discovery


class Named(Struct, frozen=True):
    """Objects of one kind, in the order given; no `names` are all that there are."""

    resource: ApiResource
    names: tuple[str, ...] = ()


async def resolve(discovery: "Discovery", arguments: Sequence[str]) -> list[Named]:
    """The kinds and names of `arguments`, which are at least one.

    Raises `Asked` where the forms are mixed and `UnknownKindError` for a word that is no kind.
    """
    found: list[Named] = []
    for word, names in split(arguments):
        named = Named(await discovery.of_word(word), names)
        if found and found[-1].resource == named.resource:
            named = Named(named.resource, found.pop().names + names)
        found.append(named)
    return found


def split(arguments: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """(word for a kind, names), in order. Raises `Asked` with kubectl's words for what cannot be told apart."""
    if not any("/" in each for each in arguments):
        words, *names = arguments
        return [(word, tuple(names)) for word in words.split(",") if word]
    pairs: list[tuple[str, tuple[str, ...]]] = []
    for each in arguments:
        kind, slash, name = each.partition("/")
        if not slash:
            raise Asked(
                "error: there is no need to specify a resource type as a separate argument when passing arguments in "
                "resource/name form (e.g. 'turnout get resource/<resource_name>' instead of 'turnout get resource "
                "resource/<resource_name>'"
            )
        if not kind or not name or "/" in name:
            raise Asked("error: arguments in resource/name form must have a single resource and name")
        pairs.append((kind, (name,)))
    return pairs
