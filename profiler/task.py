"""A task: one order for one sandbox, with how to start the sandbox; what an engine is given to run.

Pickles, so that any executor can carry it to any process that sees the same folder.
"""

from __future__ import annotations

from dataclasses import dataclass

from profiler.model import Variant
from profiler.work import CallFunction, Prepare, RunQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step on one shard."""

    variant: Variant
    step: str
    index: int
    order: CallFunction | RunQuery
    prepare: Prepare
    env: tuple[tuple[str, str], ...]
    """The sandbox's whole environment."""
    folder: str
    """Where logs and temporary folders may be put; every worker sees it."""
    stop_file: str
    """The task ends early once this file is there."""
    run_started_ns: int
    """Wall clock of the run's start, for `Measurement.started_ns`."""
    timeout_ns: int | None
    cold: bool
    cores: float
    attempt: int = 1
    points: int = 0
    """How many points its curve of memory may have; 0: none is drawn."""
    pace: bool = False
    """Whether the pace of its core is looked at while it works."""
    host: str = ""
    """The harness's host, as `runner.host` knows it: on another one, the measurement says which."""
    away: str = ""
    """URL of the run's part of the workspace, where a worker need not see `folder`; empty: every worker sees it."""
