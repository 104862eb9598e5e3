"""When a worker collects garbage: requests leave no cycles, so the collector need not run while they are served."""

import gc

BUSY_TICKS = 30
"""A worker that is never idle still looks through its young objects after this many ticks."""


class Garbage:
    """Automatic collection is off from the first `freeze` on. `tick` is due every second or so."""

    def __init__(self) -> None:
        self._ticks = 0
        self._clean = False

    def freeze(self) -> None:
        """What lives now, lives long: no collection looks at it again."""
        gc.disable()
        gc.freeze()

    def tick(self, *, busy: bool) -> None:
        """Collects all when nothing is being served, once; else the young now and then."""
        self._ticks += 1
        if not busy:
            if not self._clean:
                gc.collect()
                self._clean = True
                self._ticks = 0
            return
        self._clean = False
        if self._ticks >= BUSY_TICKS:
            gc.collect(0)
            self._ticks = 0
