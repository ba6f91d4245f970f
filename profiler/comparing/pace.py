"""Times of one run as they would be at the pace that the cores had in another, so that only the work is compared.

CPU time follows the pace directly. What Lambda would bill follows it by way of the time that a task takes, so each
repetition is brought to the other pace and billed anew: what a task waits for, and what is paid per request, stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from profiler.checking.likeness import same_pace, same_place
from profiler.model import Measurement, Repetition, Run, Variant
from profiler.regression.pace import at_pace
from profiler.series import Place, Series, complete_repetitions


def references(
    runs: Sequence[Run], measured: Sequence[Sequence[Series]], names: Sequence[Mapping[tuple[Variant, str], str]]
) -> list[dict[Place, float]]:
    """Return for each run the pace that its figures are to be given at: that of the first run, at the same place.

    Args:
        runs: The first one is what the others are held to.
        measured: The series of each run.
        names: What the first run calls those steps of each run that have another name there.

    Returns:
        Nothing of a variant whose pace is not known of both runs, or of another machine; of the first run those
        variants that another one is compared with at its pace. Steps are by their names in the run itself.
    """
    first = {series.place: fmean(series.pace_ns) for series in measured[0] if series.pace_ns}
    others: list[dict[Place, float]] = []
    for run, of_run, there in zip(runs[1:], measured[1:], names[1:], strict=True):
        like = same_place(runs[0], run) and same_pace(runs[0], run)
        known = [series for series in of_run if like and series.pace_ns and (series.variant, None) in first]
        others.append({series.place: first.get(_there(series, there), first[series.variant, None]) for series in known})
    used = {variant for reference in others for variant, _ in reference}
    return [{place: pace for place, pace in first.items() if place[0] in used}, *others]


def cpu_times(series: Series, reference: Mapping[Place, float]) -> tuple[float, ...]:
    """Return the CPU time of each repetition, in ns: at the pace of the reference where there is one."""
    pace = reference.get(series.place)
    return series.cpu_ns if pace is None else at_pace(series.cpu_ns, series.pace_ns, pace)


def repetitions_at(
    run: Run, variant: Variant, measured: Sequence[Series], reference: Mapping[Place, float]
) -> Iterator[Repetition]:
    """Yield the complete repetitions of a variant, at the pace of the reference where there is one."""
    known = (variant, None) in reference
    paces = {series.step: iter(series.pace_ns) for series in measured if series.variant is variant and known}
    for repetition in complete_repetitions(run, variant):
        steps = paces.keys() & {None, *(task.step for task in repetition.measurements if not task.nested)}
        factors = {step: reference[variant, step] / next(paces[step]) for step in steps}
        yield _at(repetition, factors) if factors else repetition


def _there(series: Series, names: Mapping[tuple[Variant, str], str]) -> Place:
    step = series.step
    return series.variant, None if step is None else names.get((series.variant, step), step)


def _at(repetition: Repetition, factors: Mapping[str | None, float]) -> Repetition:
    """A repetition whose cores take so many times as long, by step."""
    tasks = tuple(_task_at(task, factors.get(task.step, factors[None])) for task in repetition.measurements)
    end = repetition.end
    if end is not None and repetition.variant is Variant.MONOLITH:  # Its tasks follow one another.
        longer = sum(
            new.wall_ns - old.wall_ns for old, new in zip(repetition.measurements, tasks, strict=True) if not old.nested
        )
        end = replace(end, wall_ns=max(0, end.wall_ns + longer))
    return replace(repetition, measurements=tasks, end=end)


def _task_at(task: Measurement, factor: float) -> Measurement:
    """A task whose core takes so many times as long; what it waited for takes as long as ever."""
    working = min(task.cpu_ns, max(0, task.wall_ns - task.wait_ns))
    return replace(
        task,
        cpu_ns=round(task.cpu_ns * factor),
        wall_ns=task.wall_ns + round(working * (factor - 1)),
        init_cpu_ns=round(task.init_cpu_ns * factor),
        init_ns=task.init_ns + round(min(task.init_cpu_ns, task.init_ns) * (factor - 1)),
    )
