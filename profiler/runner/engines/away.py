"""A worker that shares no folder with the harness, only the store: a folder of its own, and what it looks for there.

The folder is this process's, below the system's for temporary files. It goes when the harness leaves the worker, or
when the process ends; what one that was killed has left goes when the next one makes its own.
"""

from __future__ import annotations

import fcntl
import multiprocessing.util
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from profiler.runner.engines.job_code import Code
from profiler.runner.engines.places import TROUBLE, place_at
from profiler.runner.tasks import close_idle
from profiler.task import Task

LOOK_S = 2.0
"""How often the store is asked whether to stop: by one thread of a process, while tasks run there."""
_QUIET_LOOKS = 5
"""After so many without a task the thread ends."""
_NAME = "paredown-worker"


@dataclass(slots=True)
class Home:
    """What this process has of one session of a run, or of a repetition in it."""

    folder: str
    away: str
    sign: str
    """What the sign is called that tells tasks to stop."""
    running: int = 0
    used: bool = True
    """Whether a task was here since the store was last asked."""
    fetched: dict[Code, str] = field(default_factory=dict)
    fetching: threading.Lock = field(default_factory=threading.Lock)

    @property
    def stop_file(self) -> str:
        """Stands for the store's sign here."""
        return os.path.join(self.folder, self.sign)

    def housed(self, task: Task) -> Task:
        """A task that works in here."""
        return replace(task, folder=self.folder, stop_file=self.stop_file)

    def code(self, code: Code) -> str:
        """The folder of a job's code that was sent to the store, fetched the first time; see `Code.fetch`."""
        with self.fetching:
            if code not in self.fetched:
                folder = tempfile.mkdtemp(prefix="code-", dir=self.folder)
                try:
                    code.fetch(folder)
                except BaseException:
                    shutil.rmtree(folder, ignore_errors=True)
                    raise
                self.fetched[code] = folder
            return self.fetched[code]

    def look(self) -> None:
        """Ask the store whether to stop, until it says so."""
        with suppress(*TROUBLE):  # It is asked again.
            if not os.path.exists(self.stop_file) and place_at(self.away).read(self.sign) is not None:
                Path(self.stop_file).touch()


@dataclass(slots=True)
class _Process:
    """What this process has of its own, and is never passed on by a fork."""

    folder: str = ""
    held: int = -1
    """The folder's file descriptor; it is locked for as long as this process lives."""
    homes: dict[tuple[str, str], Home] = field(default_factory=dict)
    watching: threading.Thread | None = None
    at_exit: multiprocessing.util.Finalize | None = None
    """Unlike `atexit` it is called in a pool's processes too."""
    left: bool = False
    """Whether the harness has gone while tasks ran."""


_lock = threading.RLock()
_process = _Process()


def sign_of(task: Task) -> str:
    """What the sign is called that tells a task to stop, below its URL in the store."""
    return os.path.basename(task.stop_file)


@contextmanager
def at_home(task: Task) -> Iterator[Home]:
    """A folder of this process's own for as long as a task runs, and somebody who looks whether it is to stop.

    Raises:
        OSError: If there is no room for one.
    """
    with _lock:
        home = _home_of(task)
        home.running += 1
        home.used = True
        _process.left = False
        if _process.watching is None:
            _process.watching = threading.Thread(target=_look, name="paredown-away", daemon=True)
            _process.watching.start()
    try:
        yield home
    finally:
        with _lock:
            home.running -= 1
            if _process.left:
                _remove_if_unused()


def leave() -> None:
    """End the warm sandboxes of this process, and remove its folder, at the latest after the last task in it."""
    close_idle()
    with _lock:
        _process.left = True
        _remove_if_unused()


def _home_of(task: Task) -> Home:
    key = task.away, sign_of(task)
    if key not in _process.homes:
        if not _process.folder:
            _make_folder()
        folder = tempfile.mkdtemp(prefix="run-", dir=_process.folder)
        _process.homes[key] = Home(folder, *key)
    return _process.homes[key]


def _look() -> None:
    quiet = 0
    while True:
        time.sleep(LOOK_S)
        with _lock:
            asking = [home for home in _process.homes.values() if home.used]
            quiet = 0 if asking else quiet + 1
            if quiet > _QUIET_LOOKS:
                _process.watching = None
                return
            for home in asking:
                home.used = home.running > 0
        for home in asking:
            home.look()


def _make_folder() -> None:
    _sweep()
    _process.folder = tempfile.mkdtemp(prefix=f"{_NAME}-{os.getuid()}-{os.getpid()}-")
    _process.held = os.open(_process.folder, os.O_RDONLY)
    with suppress(OSError):  # Some file systems lock nothing.
        fcntl.flock(_process.held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    _process.at_exit = multiprocessing.util.Finalize(None, _remove, exitpriority=10)


def _sweep() -> None:
    """Remove what killed processes of the same user have left; one of another container may only seem to be dead."""
    for left in Path(tempfile.gettempdir()).glob(f"{_NAME}-{os.getuid()}-*-*"):
        with suppress(OSError):
            if os.path.exists(f"/proc/{left.name.split('-')[3]}") or left.lstat().st_uid != os.getuid():
                continue
            held = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(held)


def _remove_if_unused() -> None:
    if not any(home.running for home in _process.homes.values()):
        _remove()


def _remove() -> None:
    if not _process.folder:
        return
    if _process.at_exit is not None:
        _process.at_exit.cancel()
    close_idle()
    shutil.rmtree(_process.folder, ignore_errors=True)
    os.close(_process.held)
    _process.folder, _process.held = "", -1
    _process.homes.clear()


def _forget() -> None:
    """After a fork: folder and threads are the other process's."""
    global _lock, _process
    if _process.held >= 0:
        os.close(_process.held)
    _lock, _process = threading.RLock(), _Process()


os.register_at_fork(after_in_child=_forget)
