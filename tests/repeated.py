"""Runs whose variants were measured more than once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from profiler.model import Measurement, Peak, Repetition, Run, Variant

NOISE = ((1.0, 1.0), (1.004, 0.98), (0.997, 1.03), (1.002, 0.99), (0.999, 1.01))
"""What five repetitions of the same code may show: memory within half a percent, CPU time within five."""


def repeated(run: Run, factors: Sequence[tuple[float, float]]) -> Run:
    """Each variant measured several times, interleaved: its peaks and its times by these factors, a pair for each."""
    repetitions = []
    for repeat, (memory, time) in enumerate(factors):
        for end in run.variants:
            measurements = tuple(
                replace(
                    item,
                    repeat=repeat,
                    peak=Peak(
                        low=round(item.peak.low * memory),
                        high=None if item.peak.high is None else round(item.peak.high * memory),
                    ),
                    cpu_ns=round(item.cpu_ns * time),
                    wall_ns=round(item.wall_ns * time),
                )
                for item in run.of(end.variant)
            )
            end = replace(end, repeat=repeat, wall_ns=round(end.wall_ns * time))
            repetitions.append(Repetition(variant=end.variant, repeat=repeat, measurements=measurements, end=end))
    for repetition in repetitions[: len(run.variants)]:
        run = run.with_repetition(repetition)
    return replace(run, repetitions=tuple(repetitions), settings=replace(run.settings, repeats=len(factors)))


def each(run: Run, changes: Callable[[Measurement], dict[str, Any]]) -> Run:
    """The run with every measurement of its repetitions changed."""
    return replace(
        run,
        repetitions=tuple(
            replace(repetition, measurements=tuple(replace(item, **changes(item)) for item in repetition.measurements))
            for repetition in run.repetitions
        ),
    )


def on_slower_cores(run: Run, by: float) -> Run:
    """The run as it would be where the cores take so many times as long for everything, the fixed work included."""

    def slower(item: Measurement) -> dict[str, Any]:
        working = min(item.cpu_ns, item.wall_ns - item.wait_ns)
        return {
            "cpu_ns": round(by * item.cpu_ns),
            "wall_ns": item.wall_ns + round((by - 1) * working),
            "init_cpu_ns": round(by * item.init_cpu_ns),
            "init_ns": item.init_ns + round((by - 1) * min(item.init_cpu_ns, item.init_ns)),
            "pace_ns": round(by * item.pace_ns),
        }

    def with_its_end(item: Repetition, before: Repetition) -> Repetition:
        if item.variant is not Variant.MONOLITH or item.end is None:
            return item
        longer = sum(task.wall_ns for task in item.measurements) - sum(task.wall_ns for task in before.measurements)
        return replace(item, end=replace(item.end, wall_ns=item.end.wall_ns + longer))

    there = each(run, slower)
    return replace(there, repetitions=tuple(map(with_its_end, there.repetitions, run.repetitions)))


def seldom_looked_at(run: Run, paces: int) -> Run:
    """The run as it would be if the pace had been looked at so many times only, in each task."""
    return each(run, lambda item: {"paces": paces, "pace_ns": 2_500_000 * paces})


def waiting(run: Run, share: float) -> Run:
    """The run as it would be if all its tasks had waited for a core for this share of their time."""

    def waits(item: Measurement) -> dict[str, Any]:
        looked_ns = item.pace_ns * item.wall_ns // (item.wall_ns + item.init_ns)
        return {"wait_ns": round(share * item.wall_ns) + looked_ns}

    return each(run, waits)
