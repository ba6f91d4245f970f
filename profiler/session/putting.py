"""A run's file, put into the store that its workspace lies in: when the run begins, as it grows, and at its end.

With it goes a sign that the run still goes on.
"""

from __future__ import annotations

import math
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from profiler.errors import OutputError
from profiler.maker import SIGN_S, leave_sign, take_sign
from profiler.stores import objects

EVERY_S = 5.0
"""A store takes a file whole or not at all, so the whole file goes each time; a killed run lacks this much there."""


class Putting:
    """Keeps a file in a store as it is on this disk, as a context; what is measured meanwhile waits for none of it."""

    def __init__(self, path: Path, workspace_url: str, *, every_s: float = EVERY_S) -> None:
        self.path, self.workspace_url = path, workspace_url
        self.url = objects.join(workspace_url, "runs", path.name)
        self._every_s = every_s
        self._put_bytes = -1
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="paredown-putting", daemon=True)

    def put(self) -> None:
        """Put the file, if it has grown.

        Raises:
            OutputError: If the store cannot be asked, or says no.
        """
        size = self.path.stat().st_size
        if size != self._put_bytes:
            objects.put(str(self.path), self.url)
            self._put_bytes = size

    def _go_on(self) -> None:
        signed_s = -math.inf
        while True:
            if time.monotonic() - signed_s >= SIGN_S:
                with suppress(OutputError):  # The next time it may go.
                    leave_sign(self.workspace_url, self.path.stem)
                    signed_s = time.monotonic()
            with suppress(OutputError):  # The last one, at the end, says why it does not go.
                self.put()
            if self._ended.wait(self._every_s):
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        with suppress(OutputError):  # Then it grows old.
            take_sign(self.workspace_url, self.path.stem)
        try:
            self.put()
        except OutputError as failed:
            if error is None:
                raise OutputError(
                    f"the run is not whole in the store: {failed.message}",
                    hint=f"it is whole in {self.path}; the next command that reads the workspace here puts it",
                ) from failed
