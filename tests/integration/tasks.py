"""Single tasks on functions of `tests/jobs/endings.py`, as an engine runs them."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from profiler.declare import Kind
from profiler.model import FunctionRef, Measurement, Variant
from profiler.runner.tasks import close_idle, run_task
from profiler.task import Task
from profiler.work import CallFunction, Prepare
from tests.integration.place import JOBS

ENDINGS = JOBS / "endings.py"


def a_task(name: str, folder: Path, *, environment: dict[str, str] | None = None, **changes: Any) -> Task:
    """The task that calls one function, without arguments."""
    function = FunctionRef(file=str(ENDINGS), qualname=name)
    task = Task(
        variant=Variant.DECOMPOSED,
        step=name,
        index=0,
        order=CallFunction(
            kind=Kind.STEP.value, function=function, sources=(), by=(), target=str(folder / "kept" / "task-0")
        ),
        prepare=Prepare(folder=str(ENDINGS.parent), functions=(function,)),
        env=tuple((dict(os.environ) | (environment or {})).items()),
        folder=str(folder),
        stop_file=str(folder / "stop"),
        run_started_ns=time.time_ns(),
        timeout_ns=60_000_000_000,
        cold=False,
        cores=1.0,
    )
    return replace(task, **changes)


def measure(name: str, folder: Path, *, times: int = 1, **changes: Any) -> list[Measurement]:
    """Run a function so many times in a row, warm where that is allowed."""
    task = a_task(name, folder, **changes)
    try:
        return [run_task(replace(task, index=index)) for index in range(times)]
    finally:
        close_idle()
