"""What another engine's worker runs: a task at most once, whatever the engine repeats.

An engine that loses a worker runs its tasks again without a word, also those that had ended but whose results nobody
had fetched. So each attempt is begun by making a file in the run's folder, which only one start can; how it ended is
written beside it. A second start finds both, and gives the first one's measurement, or that it was lost.
"""

from __future__ import annotations

import os
import pickle
import platform
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from profiler.model import Machine, Measurement
from profiler.runner.decomposed import safe_name
from profiler.runner.host import seen_from
from profiler.runner.machine import this_machine
from profiler.runner.tasks import lost, run_task
from profiler.task import Task

ALIKE = ("paredown", "duckdb", "pandas")
"""Packages that every worker has in the harness's own version: they make the figures and the files."""

WORKER_LOST = "the worker that ran it was lost"

_told: set[tuple[str, int]] = set()
"""Runs whose harness knows from this process what its host is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a worker says of a task."""

    measurement: Measurement
    machine: Machine | None = None
    """What its host is, in a process's first answer to a run, where it is not the harness's own."""


def run_once(task: Task, expected: tuple[tuple[str, str], ...]) -> Told:
    """Run a task, unless this attempt of it has begun before.

    Args:
        task: The task.
        expected: `versions` of the harness; a worker that came later, and has others, runs nothing.
    """
    other = [f"{name} {own or 'not at all'} and not {wanted}" for (name, own), (_, wanted)
             in zip(versions(), expected, strict=True) if own != wanted]  # fmt: skip
    if other:
        return Told(measurement=lost(task, f"its worker has {', '.join(other)}", seen_from(task.host)))
    if not os.path.isdir(os.path.dirname(task.stop_file)):
        return Told(measurement=run_task(task))  # Which says that it does not see the workspace.
    attempt = Attempt(task)
    try:
        begun = attempt.begin()
    except OSError as error:
        unseen = f"its worker cannot write to the workspace: {error.filename}: {error.strerror}"
        return Told(measurement=lost(task, unseen, seen_from(task.host)))
    if not begun:
        return Told(measurement=attempt.found() or attempt.as_lost())
    measurement = run_task(task)
    attempt.end(measurement)
    return Told(measurement=measurement, machine=_machine(task, measurement.host))


def _machine(task: Task, host: str) -> Machine | None:
    """This machine under the name that the harness knows it by, the first time that a run asks."""
    run = task.folder, task.run_started_ns
    if not host or run in _told:
        return None
    _told.add(run)
    return replace(this_machine(), host=host)


@cache
def versions() -> tuple[tuple[str, str], ...]:
    """What has to be alike: Python's first two numbers and the packages' versions; empty where there is none."""
    return (("python", ".".join(platform.python_version_tuple()[:2])), *((name, _version(name)) for name in ALIKE))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


class Attempt:
    """The files of one attempt of a task, in the folder that every worker sees."""

    def __init__(self, task: Task) -> None:
        self.task = task
        # Of this session alone: the next one may come before an attempt of a killed harness was ever kept.
        name = f"{safe_name(task.step)}-{task.index:05d}-{task.attempt}-{task.run_started_ns}"
        self.begun = os.path.join(task.folder, "attempts", name)
        self.ended = f"{self.begun}.ended"

    def begin(self) -> bool:
        """Begin it; False if it was begun before.

        Raises:
            OSError: If the folder cannot be seen or written.
        """
        os.makedirs(os.path.dirname(self.begun), exist_ok=True)
        try:
            with open(self.begun, "x") as file:
                file.write(f"{seen_from(self.task.host)} {os.getpid()}")
        except FileExistsError:
            return False
        return True

    def end(self, measurement: Measurement) -> None:
        """Note how it ended, for a second start that comes after the result went with its worker."""
        with suppress(OSError):  # A full disk: then the answer alone says so.
            with open(f"{self.ended}.partial", "wb") as file:
                file.write(pickle.dumps(measurement))
            os.replace(f"{self.ended}.partial", self.ended)

    def found(self) -> Measurement | None:
        """How it ended, where that was noted."""
        try:
            with open(self.ended, "rb") as file:
                found: Measurement = pickle.load(file)
        except (OSError, EOFError, pickle.UnpicklingError):
            return None
        return found

    def is_running(self) -> bool:
        """Whether it has begun and not ended, as far as its files say."""
        return os.path.exists(self.begun) and not os.path.exists(self.ended)

    def became(self, why: str, *, unbegun: str | None = None) -> Measurement:
        """How it ended; where nobody has noted that, that it was lost.

        Args:
            why: Why nobody answers any more.
            unbegun: Why it was lost if it never began; None: the same.
        """
        found = self.found()
        if found is not None:
            return found
        return self.as_lost(why) if self.is_running() else lost(self.task, why if unbegun is None else unbegun)

    def as_lost(self, why: str = WORKER_LOST) -> Measurement:
        """That it was lost, and where it ran."""
        host, number = "", ""
        with suppress(OSError), open(self.begun) as file:
            host, _, number = file.read().rpartition(" ")
        where = f" (process {number}{f' on {host}' if host else ''})" if number else ""
        return lost(self.task, f"{why}{where}; it was not run a second time", host)
