"""A run's file, put into the store that its workspace lies in: when the run begins, as it grows, and at its end.

With it goes a sign that the run still goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from profiler.errors import InputError, OutputError
from profiler.maker import GONE_S, SIGN_S, has_my_sign, leave_sign, take_sign
from profiler.stores import objects

EVERY_S = 5.0
"""A store takes a file whole or not at all, so the whole file goes each time; a killed run lacks this much there."""


class Putting:
    """Keeps a file in a store as it is on this disk, as a context; what is measured meanwhile waits for none of it."""

    def __init__(
        self,
        path: Path,
        workspace_url: str,
        *,
        on_taken: Callable[[], object] = lambda: None,
        every_s: float = EVERY_S,
    ) -> None:
        self.path, self.workspace_url = path, workspace_url
        self._on_taken = on_taken
        self._taken = False
        """Whether another machine has gone on with the run, as it may where this one was asleep or cut off."""
        self._signed_s: float | None = None
        """When the last sign was left, by the clock that goes on while a machine is asleep."""
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
        with suppress(OutputError):
            self._sign()
        while not self._ended.wait(self._every_s):
            with suppress(InputError, OutputError):  # The next time it may go; the last one, at the end, says why not.
                if self._is_taken():
                    self._on_taken()
                    return
                if self._signed_s is None or time.time() - self._signed_s >= SIGN_S:
                    self._sign()
                self.put()

    def _sign(self) -> None:
        leave_sign(self.workspace_url, self.path.stem)
        self._signed_s = time.time()

    def _is_taken(self) -> bool:
        """Whether the run is another machine's by now; it is asked where that may have taken us for gone.

        Raises:
            InputError: If the store cannot be asked.
        """
        silent_s = 0 if self._signed_s is None else time.time() - self._signed_s
        if not self._taken and silent_s > GONE_S - SIGN_S:
            self._taken = not has_my_sign(self.workspace_url, self.path.stem)
        return self._taken

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        try:
            taken = self._is_taken()
            if not taken:
                with suppress(OutputError):  # Then it grows old.
                    take_sign(self.workspace_url, self.path.stem)
                self.put()
        except (InputError, OutputError) as failed:
            if error is None:
                raise OutputError(
                    f"the run is not whole in the store: {failed.message}",
                    hint=f"it is whole in {self.path}; the next command that reads the workspace here puts it",
                ) from failed
            return
        if taken and error is None:
            raise OutputError(
                f"{self.url} was gone on with elsewhere, since no sign of it came from here for {GONE_S:g} s",
                hint="nothing of it was changed there; wait for it, or go on with --resume when it has ended",
            )
