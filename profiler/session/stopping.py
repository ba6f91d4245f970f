"""Stopping a run: Ctrl-C becomes a file that every task looks at, on whatever engine it runs."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Any

from profiler.runner.tasks import close_idle
from profiler.runner.workspace import Workspace


class Stop:
    """Ctrl-C as a file that every task looks at; a second Ctrl-C gives up at once."""

    def __init__(self, workspace: Workspace) -> None:
        self.file = workspace.root / f"stop-{os.getpid()}-{time.monotonic_ns()}"
        self._before: Any = None

    def requested(self) -> bool:
        """Whether somebody asked to stop."""
        return self.file.exists()

    def request(self) -> None:
        """Ask every task to stop."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.touch()

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.requested():
            raise KeyboardInterrupt
        self.request()

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._on_interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        close_idle()
        with suppress(OSError):  # Where the workspace could not be made, there is none to remove.
            self.file.unlink()
