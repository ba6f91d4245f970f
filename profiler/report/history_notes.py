"""What the figures of a history rest on, and which runs say nothing of them: the sentences under its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from profiler.checking.likeness import between
from profiler.checking.outcome import Measure
from profiler.history.values import History, Past, Trend
from profiler.model import Variant
from profiler.report.clean import one_line
from profiler.report.pace import at_one_pace, slower
from profiler.report.plain import listed, many


def notes(history: History, *, steps: bool) -> Iterator[str]:
    """Yield the sentences.

    Args:
        history: What is shown.
        steps: The way of each step is shown too.
    """
    runs = history.runs
    if any(run.series for run in runs):
        yield (
            "A figure is the mean of the lower half of a run's repeats: the highest peak of any task, and the CPU time "
            "of all with an init for each."
        )
    other = [run for run in runs if run.other_data]
    if other:
        yield (
            f"{many(len(other), 'run')} measured other work than the newest one, and no trend has them; the last time, "
            f"the {one_line(other[-1].other_data)}."
        )
    elsewhere = [run for run in runs if not run.same_between and _has(run, Variant.DECOMPOSED)]
    if elsewhere:
        newest = one_line(between(runs[-1].header.run))
        last = one_line(between(elsewhere[-1].header.run))
        yield (
            f"{many(len(elsewhere), 'run')} left what passes between steps elsewhere than the newest one, which left "
            f"it in {newest}; the last time, in {last}. No trend of the decomposed variant has them."
        )
    machines = [run for run in runs if not run.same_machine]
    if machines:
        yield (
            f"{many(len(machines), 'run')} from another machine than the newest one's: a trend has the memory, and not "
            "the CPU time."
        )
    yield from _of_time(history)
    hidden = [trend for trend in history.trends if trend.step is not None]
    if hidden and not steps:
        yield "--steps shows the way of each step's figures too."


def _of_time(history: History) -> Iterator[str]:
    """At which pace CPU times are given, and which runs of this machine say nothing of them."""
    wholes = [trend for trend in history.trends if trend.step is None and trend.measure is Measure.CPU]
    for run_id in dict.fromkeys(trend.at_pace_of for trend in wholes if trend.at_pace_of):
        yield from _at_one_pace(run_id, [trend for trend in wholes if trend.at_pace_of == run_id])
    busy, unknown = set(), set()
    for trend in wholes:
        for run, value in zip(history.runs, trend.values, strict=True):
            if _could_be_compared(run, trend):
                if trend.variant in run.busy:
                    busy.add(run.header.id)
                elif value is None or not trend.at_pace_of:
                    unknown.add(run.header.id)
    if busy:
        yield f"Of {many(len(busy), 'run')} nothing of CPU time follows, since the machine was busy with other work."
    if unknown:
        yield (
            f"Of {many(len(unknown), 'run')} nothing of CPU time follows, since it is not known how fast the cores "
            "were: measured once, on another version of Python, by an older paredown, or for milliseconds only. "
            "paredown run JOB --repeat 5 looks at it."
        )
    measured = [trend.variant for trend in wholes if not trend.at_pace_of]
    if measured:
        of = "" if len(measured) == len(wholes) else f" of the {listed(measured)} variant"
        yield f"CPU times{of} are shown as measured, and no rise of them is told."


def _at_one_pace(run_id: str, trends: Sequence[Trend]) -> Iterator[str]:
    """That CPU times are not as measured, where that can be seen."""
    ratios = [ratio for trend in trends for ratio in trend.slower if ratio is not None]
    said = [f"up to {how}" for ratio in (max([1, *ratios]), min([1, *ratios])) if (how := slower(ratio))]
    if said:
        cores = f"In other runs the cores were {listed(said)} than in {one_line(run_id)}"
        yield at_one_pace(cores, "CPU times", "that run")


def _could_be_compared(run: Past, trend: Trend) -> bool:
    """Whether nothing but the state of the machine keeps the run's CPU time from being compared."""
    like = run.same_between or trend.variant is Variant.MONOLITH
    return _has(run, trend.variant) and run.same_machine and like and not run.other_data


def _has(run: Past, variant: Variant) -> bool:
    """Whether it measured a variant to its end."""
    return (variant, None) in run.series
