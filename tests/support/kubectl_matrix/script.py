"""The whole script: every scene, in the order in which it is played."""

from tests.support.kubectl_matrix import applying, asking, changing, deleting, reading, serverside
from tests.support.kubectl_matrix.step import Scene

SCENES: tuple[Scene, ...] = (
    asking.DISCOVERY,
    applying.CREATE,
    applying.APPLY,
    serverside.SERVER_SIDE,
    serverside.DRY_RUN,
    serverside.DIFF,
    reading.GET,
    reading.WATCH,
    reading.DESCRIBE,
    reading.EVENTS,
    reading.EXPLAIN,
    changing.PATCH,
    changing.EDIT,
    changing.REPLACE,
    changing.LABEL,
    changing.ANNOTATE,
    deleting.DELETE,
    deleting.CASCADE,
    deleting.WAIT,
    asking.AUTH,
)

KEPT = tuple(scene for scene in SCENES if scene.kept)
