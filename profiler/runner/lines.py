"""One step again under memory-profiler's line view: for reading, never for the verdict.

The steps before it are replayed unmeasured. Of a step that fans out, the task with the largest input is shown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from profiler.errors import PareDownError, UsageError
from profiler.model import Plan, PlannedStep, Variant
from profiler.runner import decomposed
from profiler.runner.decomposed import Kept, Setting
from profiler.runner.keeping import Gone, Keeper, Replied, Reply, Start
from profiler.runner.monolith import order_of
from profiler.runner.progress import Progress
from profiler.runner.tasks import gone_outcome
from profiler.task import Task
from profiler.work import CallFunction, Order, Prepare


class LineViewError(PareDownError):
    """A step that did not end well on the way to the line view."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """memory-profiler's table of one step."""

    variant: Variant
    step: str
    index: int
    tasks: int
    table: str


def find_step(plan: Plan, name: str, variants: Sequence[Variant]) -> tuple[Variant, PlannedStep]:
    """The step that is meant: of the first variant that has one of this name.

    Raises:
        UsageError: If none has, or it is no Python function.
    """
    found = [(variant, step) for variant in variants for step in plan.steps(variant) if step.name == name]
    if not found:
        known = "; ".join(f"{variant}: {', '.join(step.name for step in plan.steps(variant))}" for variant in variants)
        raise UsageError(f"--lines {name}: there is no such step", hint=known)
    for variant, step in found:
        if step.function is not None:
            return variant, step
    raise UsageError(f"--lines {name}: is a {found[0][1].kind}; only the lines of a Python function can be shown")


def of_monolith(setting: Setting, step: PlannedStep, progress: Progress, stopping: Callable[[], bool]) -> LineView:
    """Replay the monolith up to the step, then run it line by line."""
    steps = setting.plan.monolith
    earlier = steps[: steps.index(step)]
    functions = tuple(item.function for item in (*earlier, step) if item.function is not None)
    keeper = _keeper(setting)
    try:
        _ask(keeper, Prepare(folder=os.path.dirname(setting.plan.file), functions=functions), "imports", stopping)
        for item in earlier:
            progress.step("replaying", item.name, 1)
            _ask(keeper, order_of(item, setting), item.name, stopping)
        progress.step("line by line", step.name, 1)
        answer = _ask(keeper, order_of(step, setting, lines=True), step.name, stopping)
    finally:
        keeper.close()
    return LineView(variant=Variant.MONOLITH, step=step.name, index=0, tasks=1, table=answer.result)


def of_decomposed(setting: Setting, step: PlannedStep, progress: Progress, stopping: Callable[[], bool]) -> LineView:
    """Replay the decomposed variant up to the step, then run its largest task line by line."""
    steps = setting.plan.decomposed
    kept: dict[str, Kept] = {}
    with ThreadPoolExecutor(setting.settings.jobs) as executor:
        for item in steps[: steps.index(step)]:
            tasks = decomposed.tasks_of(item, kept, setting)
            measurements = decomposed.run_step(tasks, executor, lambda measurement: None, progress)
            kept[item.name] = Kept.of(item)
            for measurement in sorted(measurements, key=lambda entry: entry.index):
                if not measurement.outcome.ok:
                    raise LineViewError(f"step {item.name!r}, before it: {measurement.outcome.message}")
                kept[item.name].add(item, measurement)
    tasks = decomposed.tasks_of(step, kept, setting)
    task = max(tasks, key=_weight)
    assert isinstance(task.order, CallFunction)
    progress.step("line by line", step.name, 1)
    keeper = _keeper(setting, env=task.env)
    try:
        _ask(keeper, task.prepare, "imports", stopping)
        answer = _ask(keeper, replace(task.order, lines=True), step.name, stopping)
    finally:
        keeper.close()
    return LineView(variant=Variant.DECOMPOSED, step=step.name, index=task.index, tasks=len(tasks), table=answer.result)


def _weight(task: Task) -> int:
    return sum(os.path.getsize(file) for source in task.order.sources for file in source.files)


def _keeper(setting: Setting, env: tuple[tuple[str, str], ...] | None = None) -> Keeper:
    log = str(setting.folder / "lines.log")
    return Keeper(Start(env=env or tuple(setting.environment.items()), cwd=os.getcwd(), log=log))


def _ask(keeper: Keeper, order: Order, what: str, stopping: Callable[[], bool]) -> Any:
    reply: Reply = keeper.ask(order, stopping=stopping)
    if isinstance(reply, Gone):
        if reply.stopped:
            raise KeyboardInterrupt
        raise LineViewError(f"step {what!r}: {gone_outcome(reply, None).message}")
    assert isinstance(reply, Replied)
    outcome = getattr(reply.answer, "outcome", None)
    if outcome is not None and not outcome.ok:
        raise LineViewError(f"step {what!r}: {outcome.traceback.rstrip() or outcome.message}")
    return reply.answer
