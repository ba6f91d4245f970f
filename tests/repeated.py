"""Runs whose variants were measured more than once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from profiler.model import Peak, Repetition, Run, Variant


def repeated(run: Run, factors: Sequence[float] = (1.0, 1.1, 0.9, 1.05, 0.98)) -> Run:
    """Measure each variant of a run so many times, with so many times its CPU time and its peaks."""
    ends = {end.variant: end for end in run.variants}
    repetitions = tuple(
        Repetition(
            variant=variant,
            repeat=repeat,
            measurements=tuple(
                replace(
                    item,
                    repeat=repeat,
                    cpu_ns=round(item.cpu_ns * factor),
                    peak=Peak(
                        low=round(item.peak.low * factor), high=item.peak.high and round(item.peak.high * factor)
                    ),
                )
                for item in run.of(variant)
            ),
            end=replace(ends[variant], repeat=repeat),
        )
        for repeat, factor in enumerate(factors)
        for variant in Variant
    )
    return replace(run, repetitions=repetitions, settings=replace(run.settings, repeats=len(factors)))
