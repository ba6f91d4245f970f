"""What changed from one run to the next, and what crept up over several: figure by figure, beyond threshold and noise.

Memory is compared wherever it was measured; CPU time only with runs of the same machine, and it is called nothing where
the machine was too busy with other work. `regression` has the statistics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from profiler.checking.likeness import renamed, same_machine
from profiler.checking.outcome import Called, Change, Creep, Measure
from profiler.model import Run, Variant
from profiler.regression.busy import too_busy
from profiler.regression.creep import LEAST_RUNS, creep
from profiler.regression.difference import Difference, difference
from profiler.regression.repeats import typical
from profiler.regression.thresholds import CREEP_SIGNIFICANCE, DEFAULT_THRESHOLD, least_growth
from profiler.series import Series, series_of
from profiler.settings import Rules

Place = tuple[Variant, str | None]
"""A step of a variant; None: the whole variant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of a run, and where a step's are that has another name in the checked one."""

    run: Run
    series: Mapping[Place, Series]
    """By its names in the checked run."""
    same_machine: bool

    def busy(self, variant: Variant) -> bool:
        """Whether the machine had too much other work while a variant ran."""
        whole = self.series.get((variant, None))
        return whole is not None and too_busy(whole.waited)


def figures_of(run: Run, checked: Run) -> Figures:
    """The figures of a run, by the names that the steps have in the checked one."""
    names = {variant: {old: new for new, old in renamed(run, checked, variant).items()} for variant in Variant}
    return Figures(
        run=run,
        series={
            (item.variant, None if item.step is None else names[item.variant].get(item.step, item.step)): item
            for item in series_of(run)
        },
        same_machine=same_machine(run.machine, checked.machine),
    )


def changes_of(now: Figures, baselines: Sequence[Figures], rules: Rules) -> Iterator[Change]:
    """Hold every figure of a run against the newest baseline that has it.

    Args:
        now: The checked run.
        baselines: The newest first.
        rules: Thresholds.
    """
    for place in now.series:
        for measure in Measure:
            having = [before for before in baselines if place in before.series]
            of_machine = [before for before in having if before.same_machine]
            if measure is Measure.CPU and of_machine:
                having = of_machine
            if having:
                yield _change(place, measure, having[0], now, rules)


def creeps_of(now: Figures, baselines: Sequence[Figures], rules: Rules) -> Iterator[Creep]:
    """Find the figures that rose over the whole window: the baselines, the newest first, and the run itself."""
    for place, series in now.series.items():
        for measure in Measure:
            window = [before for before in reversed(baselines) if place in before.series]
            if measure is Measure.CPU:
                window = [before for before in window if before.same_machine and not before.busy(place[0])]
            if len(window) + 1 < LEAST_RUNS or (measure is Measure.CPU and now.busy(place[0])):
                continue
            threshold = _threshold(place, measure, rules)
            values = [_values(before.series[place], measure) for before in window]
            found = creep(
                [*values, _values(series, measure)],
                threshold=float(threshold),
                least=_least(place, measure, window[0]),
                significance=CREEP_SIGNIFICANCE[measure.value],
            )
            if found is not None:
                yield Creep(
                    variant=place[0],
                    step=place[1],
                    measure=measure,
                    runs=(*(before.run.id for before in window), now.run.id),
                    values=found.values,
                    rise=found.rise,
                    threshold=threshold,
                    p_value=found.p_value,
                )


def _change(place: Place, measure: Measure, before: Figures, now: Figures, rules: Rules) -> Change:
    old, new = _values(before.series[place], measure), _values(now.series[place], measure)
    threshold, least = _threshold(place, measure, rules), _least(place, measure, before)
    held = partial(difference, threshold=float(threshold), least=least)
    found = held(old, new)
    compared = measure is Measure.PEAK or before.same_machine
    busy = measure is Measure.CPU and (before.busy(place[0]) or now.busy(place[0]))
    called = _called(found, measure, partial(held, new, old))
    if busy and called is not Called.NO_CHANGE:
        called = Called.UNKNOWN
    return Change(
        variant=place[0],
        step=place[1],
        measure=measure,
        before=found.before,
        after=found.after,
        ratio=found.ratio,
        threshold=threshold,
        called=called if compared else Called.NOT_COMPARED,
        busy=busy,
        interval=found.interval if compared else None,
        p_value=found.p_value if compared else None,
        before_repeats=len(old),
        after_repeats=len(new),
        baseline=before.run.id,
    )


def _called(found: Difference, measure: Measure, better: Callable[[], Difference]) -> Called:
    """What a difference is taken for; without known noise, memory beyond the threshold alone is called."""
    word, this = Called.WORSE, found
    if found.after < found.before:  # Better is what would be worse the other way round.
        word, this = Called.BETTER, better()
    if this.worse is None:
        return word if measure is Measure.PEAK else Called.UNKNOWN
    return word if this.worse else Called.NO_CHANGE


def _threshold(place: Place, measure: Measure, rules: Rules) -> Decimal:
    own = rules.of(place[1]).max_regression
    return DEFAULT_THRESHOLD[measure.value] if own is None else own


def _least(place: Place, measure: Measure, before: Figures) -> float:
    whole = before.series.get((place[0], None))
    return least_growth(measure.value, whole_before=0 if whole is None else typical(_values(whole, measure)))


def _values(series: Series, measure: Measure) -> tuple[int, ...]:
    return series.peak_bytes if measure is Measure.PEAK else series.cpu_ns
