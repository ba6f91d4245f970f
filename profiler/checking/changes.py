"""What changed from one run to the next, and what crept up over several: figure by figure, beyond threshold and noise.

Memory is compared wherever it was measured; CPU time only with runs of the same machine, at the pace that its cores had
in the checked run. It is called nothing where that pace is not known, or the machine was too busy with other work.
`regression` has the statistics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from statistics import fmean

from profiler.checking.likeness import renamed, same_between, same_machines, same_pace
from profiler.checking.outcome import Called, Change, Creep, Measure
from profiler.model import Run, Variant
from profiler.regression.busy import too_busy
from profiler.regression.creep import LEAST_RUNS, creep
from profiler.regression.difference import Difference, difference
from profiler.regression.pace import at_pace
from profiler.regression.repeats import typical
from profiler.regression.thresholds import CREEP_SIGNIFICANCE, DEFAULT_THRESHOLD, least_growth
from profiler.series import Place, Series, series_of
from profiler.settings import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of a run, and where a step's are that has another name in the checked one."""

    run: Run
    series: Mapping[Place, Series]
    """By its names in the checked run."""
    same_machine: frozenset[Variant]
    """Variants that hosts with the same processors and as many cores ran."""
    same_between: frozenset[Variant]
    """Variants of which what passed between steps lay in a store both times, or neither."""
    same_pace: bool
    """The pace of its cores was looked at with the same work, on the same Python."""

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
        same_machine=frozenset(variant for variant in Variant if same_machines(run, checked, variant)),
        same_between=frozenset(variant for variant in Variant if same_between(run, checked, variant)),
        same_pace=same_pace(run, checked),
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
            of_machine = [before for before in having if place[0] in before.same_machine]
            if measure is Measure.CPU and of_machine:
                having = of_machine
            if having:
                yield _change(place, measure, having[0], now, rules)


def creeps_of(now: Figures, baselines: Sequence[Figures], rules: Rules) -> Iterator[Creep]:
    """Find the figures that rose over the whole window: the baselines, the newest first, and the run itself."""
    for place, series in now.series.items():
        for measure in Measure:
            window = [
                before for before in reversed(baselines) if place in before.series and place[0] in before.same_between
            ]
            if measure is Measure.CPU:
                window = [before for before in window if _time_says_something(place, before, now)]
            if len(window) + 1 < LEAST_RUNS:
                continue
            threshold = _threshold(place, measure, rules)
            found = creep(
                [_values(before.series[place], measure, series) for before in (*window, now)],
                threshold=float(threshold),
                least=_least(place, measure, window[0], now),
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
    then, here = before.series[place], now.series[place]
    at_one_pace = measure is Measure.CPU and _have_pace(place, before, now)
    old, new = (_values(series, measure, here if at_one_pace else None) for series in (then, here))
    threshold, least = _threshold(place, measure, rules), _least(place, measure, before, now)
    held = partial(difference, threshold=float(threshold), least=least)
    found = held(old, new)
    compared = measure is Measure.PEAK or place[0] in before.same_machine
    busy = measure is Measure.CPU and (before.busy(place[0]) or now.busy(place[0]))
    called = _called(found, measure, partial(held, new, old))
    if measure is Measure.CPU and (busy or not at_one_pace) and called is not Called.NO_CHANGE:
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
        slower_before=fmean(then.pace_ns) / fmean(here.pace_ns) if at_one_pace else None,
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


def _least(place: Place, measure: Measure, before: Figures, now: Figures) -> float:
    whole = place[0], None
    if whole not in before.series:
        return least_growth(measure.value, whole_before=0)
    reference = now.series.get(whole) if measure is Measure.CPU and _have_pace(whole, before, now) else None
    return least_growth(measure.value, whole_before=typical(_values(before.series[whole], measure, reference)))


def _time_says_something(place: Place, before: Figures, now: Figures) -> bool:
    """Whether CPU times of two runs can be held against each other."""
    quiet = not before.busy(place[0]) and not now.busy(place[0])
    return place[0] in before.same_machine and quiet and _have_pace(place, before, now)


def _have_pace(place: Place, before: Figures, now: Figures) -> bool:
    """Whether the pace of the cores is known of both."""
    return before.same_pace and all(place in run.series and run.series[place].pace_ns for run in (before, now))


def _values(series: Series, measure: Measure, reference: Series | None = None) -> tuple[float, ...]:
    """The repeats of a figure; of CPU time at the pace that the cores had in `reference`, where one is given."""
    if measure is Measure.PEAK:
        return series.peak_bytes
    if reference is None:
        return series.cpu_ns
    return at_pace(series.cpu_ns, series.pace_ns, fmean(reference.pace_ns))
