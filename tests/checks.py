"""Runs with repetitions, and checks of them, judged against the facts that come with paredown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from profiler.checking.check import check
from profiler.checking.outcome import Called, Change, Check, Measure
from profiler.facts import platform_of
from profiler.fit import DEFAULT_HEADROOM
from profiler.model import Measurement, Repetition, Run, Variant
from profiler.settings import Rules
from profiler.verdict import judge
from tests.factories import a_run
from tests.reports import FACTS

REPEATS = 5
EARLIER = {"id": "20261120-090000-0001", "created": "2026-11-20T09:00:00Z", "path": "/runs/earlier.jsonl"}
"""What makes a run the one before `a_run`."""


def repeated(run: Run, changes: Sequence[Callable[[Measurement], Measurement]] | int = REPEATS) -> Run:
    """A run whose variants were measured several times, each time as `changes` have it.

    Memory varies by a thousandth and CPU time by a hundredth from one repetition to the next, as on a quiet machine.
    """
    each = [_as_it_is] * changes if isinstance(changes, int) else changes
    repetitions = tuple(
        _repetition(run, variant, repeat, change)
        for repeat, change in enumerate(each)
        for variant in run.settings.variants
        if run.of(variant)
    )
    run = replace(run, settings=replace(run.settings, repeats=len(each)), repetitions=repetitions)
    for variant in run.settings.variants:
        typical = next((item for item in run.repeated(variant) if not item.complete), None) or next(
            (item for item in run.repeated(variant)), None
        )
        run = run if typical is None else run.with_repetition(typical)
    return run


def _repetition(run: Run, variant: Variant, repeat: int, change: Callable[[Measurement], Measurement]) -> Repetition:
    noise = (0, 2, -1, 1, -2)[repeat % 5]
    measurements = tuple(
        change(
            replace(
                item,
                repeat=repeat,
                peak=replace(
                    item.peak,
                    low=item.peak.low + item.peak.low * noise // 2000,
                    high=None if item.peak.high is None else item.peak.high + item.peak.high * noise // 2000,
                ),
                cpu_ns=item.cpu_ns + item.cpu_ns * noise // 200,
            )
        )
        for item in run.of(variant)
    )
    failed = [item for item in measurements if not item.outcome.ok]
    end = next(end for end in run.variants if end.variant is variant)
    end = replace(end, repeat=repeat, complete=end.complete and not failed)
    return Repetition(variant=variant, repeat=repeat, measurements=measurements, end=end)


def _as_it_is(item: Measurement) -> Measurement:
    return item


def larger(step: str, factor: float, *, variant: Variant = Variant.DECOMPOSED, cpu: float = 1) -> Any:
    """A change of measurements: a step holds so many times the memory, and takes so many times the CPU."""

    def change(item: Measurement) -> Measurement:
        if (item.variant, item.step) != (variant, step):
            return item
        high = None if item.peak.high is None else int(item.peak.high * factor)
        return replace(
            item, peak=replace(item.peak, low=int(item.peak.low * factor), high=high), cpu_ns=int(item.cpu_ns * cpu)
        )

    return change


def changed(run: Run, change: Callable[[Measurement], Measurement]) -> Run:
    """A run with every measurement changed, those of its repetitions too."""
    return replace(
        run,
        measurements=tuple(map(change, run.measurements)),
        repetitions=tuple(
            replace(item, measurements=tuple(map(change, item.measurements))) for item in run.repetitions
        ),
    )


def checked(run: Run, baselines: Iterable[Run] = (), *, variant: Variant | None = None, **rules: Any) -> Check:
    """Check a run as the command does."""
    judging = partial(judge, platform=platform_of(FACTS), headroom=DEFAULT_HEADROOM, variant=variant)
    return check(run, judging, Rules(variant=variant, **rules), baselines=baselines)


def a_baseline(**changes: Any) -> Run:
    """The run before `a_run`, measured as often."""
    return repeated(a_run(**(EARLIER | changes)))


def the_change(found: Check, step: str | None, measure: Measure, variant: Variant = Variant.DECOMPOSED) -> Change:
    """One figure of a check."""
    [change] = [item for item in found.changes if (item.variant, item.step, item.measure) == (variant, step, measure)]
    return change


def called(found: Check, word: Called) -> list[tuple[str, str | None, str]]:
    """The figures that are called so."""
    return [(item.variant.value, item.step, item.measure.value) for item in found.changes if item.called is word]
