"""The verbs that step in. What cannot be done is refused by the controller, which says why."""

import click

from turnout.cli.rollout.asking import acting
from turnout.resources.document import Document


@acting
@click.option("--full", is_flag=True, help="To all of the traffic at once, without the bake.")
def promote(full: bool) -> Document:  # noqa: FBT001 - a flag
    """Go on: past this pause, step or bake."""
    return {"full": True} if full else {}


@acting
def pause() -> Document:
    """Stay at this weight. It is still judged, and taken back if it is worse."""
    return {}


@acting
def resume() -> Document:
    """Go on from a pause, whatever it was for."""
    return {}


@acting
@click.option("--reason", default="", metavar="TEXT", help="For the status and the Event.")
def abort(reason: str) -> Document:
    """Everything back to stable, at once. Open streams finish on the candidate."""
    return {"reason": reason} if reason else {}


@acting
def retry() -> Document:
    """Try an aborted rollout again, from the first step."""
    return {}


@acting
@click.option("--to-revision", "revision", default="", metavar="REVISION", help="One of `rollout history`.")
def undo(revision: str) -> Document:
    """Return to what served before, or to a revision of the history."""
    return {"revision": revision} if revision else {}


@acting
@click.argument("weight", type=click.IntRange(0, 100))
def set_weight(weight: int) -> Document:
    """Give the candidate WEIGHT percent now, and pause there."""
    return {"weight": weight}
