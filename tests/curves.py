"""Samples for runs of tests: a run's tasks laid out over time, each with a curve as the keeper would have taken it."""

from __future__ import annotations

from dataclasses import replace

from profiler.model import Measurement, Run, Variant
from profiler.units import KIB, NS_PER_MS, NS_PER_S


def with_samples(run: Run, *, at_once: int = 2, missed: str = "") -> Run:
    """Return the run with samples, its decomposed tasks so many at a time.

    Args:
        run: Of which only times are changed.
        at_once: How many decomposed tasks share the machine.
        missed: A step whose peak falls between two samples.
    """
    ends = [0] * at_once
    begun: dict[str, int] = {}
    laid = []
    for task in run.measurements:
        if task.variant is Variant.MONOLITH:
            start = sum(item.wall_ns for item in laid)
        else:
            if task.step not in begun:
                begun[task.step] = max(ends)
            place = min(range(at_once), key=ends.__getitem__)
            start = max(ends[place], begun[task.step])
            ends[place] = start + task.init_ns + task.wall_ns
            start += 200 * NS_PER_S
        laid.append(replace(task, started_ns=start, curve=a_curve(task, missed=task.step == missed)))
    return replace(run, measurements=tuple(laid))


def a_curve(task: Measurement, *, missed: bool = False, samples: int = 40) -> tuple[int, ...]:
    """From what it held at its start up to its peak, in steps, and a little down at the end."""
    low, high = task.start_bytes // KIB, task.peak.low // KIB
    wall_ms = task.wall_ns // NS_PER_MS
    init_ms = task.init_ns // NS_PER_MS if task.variant is Variant.DECOMPOSED else 0
    every = max(50, wall_ms // samples)
    flat: list[int] = []
    for ms in range(0, wall_ms + 1, every):
        part = min(1.0, 1.35 * ms / max(wall_ms, 1))
        size = low + (high - low) * (part - 0.04 * (ms // every % 3))
        if ms > 0.9 * wall_ms:
            size = low + (high - low) * 0.8
        flat += [init_ms + ms, round((0.8 if missed else 1) * min(high, max(low, size)))]
    if not missed and len(flat) > 6:
        flat[2 * (len(flat) // 2 * 3 // 4) + 1] = high
    return tuple(flat)
