"""Workers that nobody replaces any more are replaced, in a cluster of our own.

A nanny puts another worker in the place of one that died, but gives up where that one dies while it starts, as on a
machine whose memory runs out. Then its place would stay empty, and with the last one the run would wait for ever.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import LocalCluster

EMPTY_S = 10.0
"""How long a place may be empty, while its nanny may be about to fill it."""
_LOOK_S = 1.0


class Upkeep:
    """Looks after the places of a cluster, from any thread."""

    def __init__(self, cluster: LocalCluster, *, empty_s: float | None = None) -> None:
        self.cluster = cluster
        self.empty_s = EMPTY_S if empty_s is None else empty_s
        self._looked_s = time.monotonic()
        self._filled_s: dict[object, float] = {}

    def look(self) -> None:
        """Put another worker in every place that has been empty for too long."""
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOK_S:
            return
        self._looked_s = now_s
        with suppress(RuntimeError):  # It changes while it is read: then the next look sees it.
            for worker in list(self.cluster.scheduler.workers.values()):
                self._filled_s[worker.name] = now_s
        for place in list(self.cluster.worker_spec):
            if now_s - self._filled_s.setdefault(place, now_s) > self.empty_s:
                self._filled_s[place] = now_s
                self.cluster.loop.add_callback(self._fill, place)

    async def _fill(self, place: object) -> None:
        nanny = self.cluster.workers.pop(place, None)
        with suppress(Exception):  # One that never came up cannot be closed either.
            if nanny is not None:
                await nanny.close(timeout=1)
        self.cluster.scale(len(self.cluster.worker_spec))
