"""Warm sandboxes on a worker whose harness asks nothing of it any more: they end by themselves.

A harness ends them when it leaves. One that is killed cannot, and somebody's workers live on.
"""

from __future__ import annotations

import threading
import time

from profiler.runner.tasks import close_idle

_IDLE_S = 60.0
"""How long no task came from an engine, before the warm sandboxes of this process end."""

_lock = threading.Lock()
_last_s = 0.0
_watching: threading.Thread | None = None


def used() -> None:
    """Say that a task was here just now."""
    global _last_s, _watching
    with _lock:
        _last_s = time.monotonic()
        if _watching is None or not _watching.is_alive():  # After a fork it is the other process's.
            _watching = threading.Thread(target=_watch, name="paredown-idle", daemon=True)
            _watching.start()


def _watch() -> None:
    global _watching
    while True:
        with _lock:
            left_s = _last_s + _IDLE_S - time.monotonic()
            if left_s <= 0:
                _watching = None
                break
        time.sleep(left_s)
    close_idle()
