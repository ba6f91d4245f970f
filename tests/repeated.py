"""Runs whose variants were measured more than once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from profiler.model import Peak, Repetition, Run

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
