"""What an earlier run gives to this one: the rest of an interrupted run, or the other variant to measure against."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from platform import python_version
from typing import Any

from profiler import mirror
from profiler.errors import ResumeError, RunFileError, UsageError
from profiler.maker import GONE_S
from profiler.model import Answer, Measurement, Plan, PlannedStep, Repetition, Run, Variant, VariantEnd
from profiler.session.options import Options
from profiler.store import load_run, newest_runs
from profiler.stores import objects
from profiler.urls import is_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A variant of a kept run that another run is measured against."""

    run: Run
    repetitions: tuple[Repetition, ...]
    """The complete ones, at least one."""
    answer: Answer | None


def taken(reference: str, plan: Plan, options: Options) -> Taken:
    """The variant that is not measured now, from a kept run of the same job on the same inputs."""
    if len(options.variants) != 1:
        raise UsageError("--against takes one variant from a kept run; say with --variant which one to measure now")
    other = load_run(reference, folder=options.root)
    variant = next(variant for variant in Variant if variant not in options.variants)
    _refuse_other_data(plan, other)
    end = next((item for item in other.variants if item.variant is variant), None)
    answer = next((item for item in other.answers if item.variant is variant), None)
    if end is None or not end.complete:
        raise ResumeError(f"{other.path}: holds no complete {variant.value} variant to measure against")
    if answer is not None and not still_there(os.path.dirname(answer.path))(answer.path):
        raise ResumeError(f"{other.path}: the answer of its {variant.value} variant is gone: {answer.path}")
    complete = tuple(repetition for repetition in other.repeated(variant) if repetition.complete)
    return Taken(run=other, repetitions=complete, answer=answer)


def at_our_pace(run: Run, pace: int) -> bool:
    """Whether the pace of the cores was looked at in a kept run as it is now: with this work, on this Python."""
    return (run.settings.pace, run.machine.python) == (pace, python_version())


def still_there(folder: str) -> Callable[[str], bool]:
    """What says of files below a folder, or a URL, whether they are still there."""
    if not is_url(folder):
        return os.path.isfile
    return {objects.join(folder, name) for name in objects.listed(folder)}.__contains__


def is_kept(
    done: Mapping[tuple[str, int], Measurement], step: PlannedStep, index: int, there: Callable[[str], bool]
) -> bool:
    """Whether a task was done well before, and what it left is still there."""
    measurement = done.get((step.name, index))
    return measurement is not None and measurement.outcome.ok and all(map(there, measurement.files))


def resumable(plan: Plan, options: Options) -> Run:
    """The newest run of this job, if tasks of it are missing or were lost, and nothing else changed since.

    Raises:
        ResumeError: If there is none, or its code, data, parameters or shards are other ones now.
    """
    for path in newest_runs(options.root):
        run = load_run(str(path), folder=options.root)
        if run.plan.file == plan.file:
            break
    else:
        raise ResumeError(f"there is no run of {plan.job} to resume in {mirror.shown(options.root / 'runs')}")
    if run.ended and not run.has_lost_tasks:
        raise ResumeError(
            f"the last run of {plan.job} came to its end; nothing is missing",
            hint=f"paredown report last{mirror.option(options.root)}",
        )
    if options.repeats not in (None, run.settings.repeats):
        raise ResumeError(
            f"{run.path} was begun with --repeat {run.settings.repeats}, and goes on with that, not {options.repeats}",
            hint="leave --repeat out",
        )
    if run.maker:
        raise ResumeError(
            f"{run.path} still goes on, {run.maker}",
            hint="wait for it, or stop it with Ctrl-C"
            + (
                f"; if it was killed elsewhere, resume it {GONE_S:g} s after its last sign"
                if options.workspace.url
                else ""
            ),
        )
    changed = [f"the code ({', '.join(names)})" for names in [_changed(run.plan.code, plan.code)] if names]
    changed += [f"the input {name!r}" for name in _changed(_prints(run.plan), _prints(plan))]
    changed += [f"the parameter {name!r}" for name in _changed(run.plan.params, plan.params)]
    if run.plan.shards != plan.shards:
        changed.append(f"the number of shards ({run.plan.shards}, now {plan.shards})")
    if changed:
        raise ResumeError(
            f"{run.path} cannot be resumed: {'; '.join(changed)} changed since",
            hint="resume it with the options that it was begun with, or measure again without --resume",
        )
    return run


def expected(plan: Plan, options: Options) -> dict[str, int]:
    """How long each step and one repetition of each variant took the last time, for the progress line."""
    for path in newest_runs(options.root)[:5]:
        try:
            run = load_run(str(path), folder=options.root)
        except RunFileError:
            continue
        if run.plan.file == plan.file and run.plan.params == plan.params and run.ended:
            return durations(run.measurements, run.variants)
    return {}


def durations(measurements: Iterable[Measurement], ends: Iterable[VariantEnd]) -> dict[str, int]:
    """Elapsed time in ns: of each step as `variant/step`, from its first task's start on; of a whole as `variant`."""
    spans: dict[str, tuple[int, int]] = {}
    for item in measurements:
        name, end = f"{item.variant}/{item.step}", item.started_ns + item.wall_ns
        begin, last = spans.get(name, (item.started_ns, end))
        spans[name] = min(begin, item.started_ns), max(last, end)
    steps = {name: end - begin for name, (begin, end) in spans.items()}
    return steps | {end.variant.value: end.wall_ns for end in ends if end.complete}


def _prints(plan: Plan) -> dict[str, str]:
    return {item.name: item.fingerprint for item in plan.inputs}


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def _refuse_other_data(plan: Plan, other: Run) -> None:
    if other.plan.job != plan.job:
        raise ResumeError(f"{other.path}: is a run of {other.plan.job}, not of {plan.job}")
    changed = _changed(_prints(other.plan), _prints(plan))
    if changed:
        raise ResumeError(
            f"{other.path}: was measured on other data; changed since: {', '.join(changed)}",
            hint="the answers of both variants can only be compared on the same inputs",
        )
