"""What another engine's worker runs: a task at most once, whatever the engine repeats.

An engine that loses a worker runs its tasks again without a word, also those that had ended but whose results nobody
had fetched. So each attempt is begun by leaving a sign in the run's folder, or in its store, which only one start can;
how it ended is left beside it. A second start finds both, and gives the first one's measurement, or that it was lost.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from profiler.errors import PareDownError
from profiler.model import Machine, Measurement
from profiler.runner.engines.attempts import Attempt
from profiler.runner.engines.away import at_home
from profiler.runner.engines.idle import used
from profiler.runner.engines.job_code import Code, differing
from profiler.runner.engines.places import TROUBLE, said
from profiler.runner.host import seen_from
from profiler.runner.machine import this_machine
from profiler.runner.tasks import lost, run_task
from profiler.task import Task

ALIKE = ("paredown", "duckdb", "pandas")
"""Packages that every worker has in the harness's own version: they make the figures and the files."""

_told: set[tuple[str, int]] = set()
"""Runs whose harness knows from this process what its host is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a worker says of a task."""

    measurement: Measurement
    machine: Machine | None = None
    """What its host is, in a process's first answer to a run, where it is not the harness's own."""


def run_once(task: Task, expected: tuple[tuple[str, str], ...], code: Code | None = None) -> Told:
    """Run a task, unless this attempt of it has begun before.

    Args:
        task: The task.
        expected: `versions` of the harness; a worker that came later, and has others, runs nothing.
        code: The job's; a worker that came later, and has other files at its paths, runs nothing either.
    """
    host = seen_from(task.host)
    other = [f"{name} {own or 'not at all'} and not {wanted}" for (name, own), (_, wanted)
             in zip(versions(), expected, strict=True) if own != wanted]  # fmt: skip
    if other:
        return Told(measurement=lost(task, f"its worker has {', '.join(other)}", host))
    if code is not None and not code.sent and (unlike := differing(code, task.run_started_ns)):
        return Told(measurement=lost(task, f"its worker has not the job's code as it is here: {unlike[0]}", host))
    if task.away:
        return _run_away(task, code, host)
    if not os.path.isdir(os.path.dirname(task.stop_file)):
        return Told(measurement=run_task(task))  # Which says that it does not see the workspace.
    return _run_begun(task if code is None or not code.sent else code.moved(task, code.sent), host)


def _run_away(task: Task, code: Code | None, host: str) -> Told:
    """Run a task on a worker that shares no folder with the harness."""
    try:
        with at_home(task) as home:
            here = home.housed(task)
            if os.path.exists(here.stop_file):  # Of thousands that wait, none asks the store for its attempt.
                return Told(measurement=run_task(here))
            if code is not None and code.sent:
                here = code.moved(here, home.code(code))
            return _run_begun(here, host)
    except PareDownError as error:
        return Told(measurement=lost(task, f"its worker cannot have the job's code: {error.message}", host))
    except OSError as error:
        return Told(measurement=lost(task, f"its worker has no room of its own: {error}", host))


def _run_begun(task: Task, host: str) -> Told:
    attempt = Attempt(task)
    try:
        begun = attempt.begin()
    except TROUBLE as error:
        return Told(measurement=lost(task, f"its worker cannot write to the workspace: {said(error)}", host))
    if not begun:
        return Told(measurement=attempt.found() or attempt.as_lost())
    measurement = run_task(task)
    used()
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
