"""How each figure of a job went from run to run, and whether it crept up.

CPU time is followed at one pace of the cores, that of the newest run whose pace is known: `regression.pace` says why.
A run says nothing of it where the pace is not known, or the machine was too busy with other work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import fmean

from profiler.checking.likeness import same_pace
from profiler.checking.outcome import Measure
from profiler.history.values import Past, Trend
from profiler.model import Variant
from profiler.regression.creep import creep
from profiler.regression.pace import at_pace
from profiler.regression.repeats import typical
from profiler.regression.thresholds import CREEP_SIGNIFICANCE, DEFAULT_THRESHOLD, least_growth
from profiler.series import Place

_MOST_POINTS = 30
"""Of more runs, neighbours are taken together: the test for a rise takes time by the square of them."""


def trends_of(runs: Sequence[Past]) -> Iterator[Trend]:
    """Yield the way of every figure, by variant, the whole first.

    Args:
        runs: The oldest first.
    """
    keys = dict.fromkeys(place for run in reversed(runs) for place in run.series)
    order = list(Variant)
    references = {variant: _reference(runs, variant) for variant in Variant}
    for place in sorted(keys, key=lambda key: (order.index(key[0]), key[1] is not None)):
        for measure in Measure:
            reference = references[place[0]] if measure is Measure.CPU else None
            repeats = [_repeats(run, place, measure, reference) for run in runs]
            wholes = (_repeats(run, (place[0], None), measure, reference) for run in runs)
            if not any(repeats):
                continue
            told = [values for values in repeats if values] if reference or measure is Measure.PEAK else []
            yield Trend(
                variant=place[0],
                step=place[1],
                measure=measure,
                values=tuple(typical(values) if values else None for values in repeats),
                rise=creep(
                    _fewer(told),
                    threshold=float(DEFAULT_THRESHOLD[measure]),
                    least=least_growth(measure, whole_before=next((typical(whole) for whole in wholes if whole), 0)),
                    significance=CREEP_SIGNIFICANCE[measure],
                ),
                told=len(told),
                at_pace_of=reference.header.id if reference else "",
                slower=tuple(_slower(run, place, reference) for run in runs) if reference else (),
            )


def _fewer(runs: Sequence[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """The repeats of each run; of many runs, the figures of neighbours as if they were repeats of one."""
    if len(runs) <= _MOST_POINTS:
        return list(runs)
    borders = [place * len(runs) // _MOST_POINTS for place in range(_MOST_POINTS + 1)]
    return [tuple(typical(repeats) for repeats in runs[start:end]) for start, end in pairwise(borders)]


def _reference(runs: Sequence[Past], variant: Variant) -> Past | None:
    """The newest run whose CPU time can be held against another's; None: there is none."""
    return next((run for run in reversed(runs) if _time_says_something(run, variant, run)), None)


def _time_says_something(run: Past, variant: Variant, reference: Past) -> bool:
    whole = run.series.get((variant, None))
    comparable = run.same_machine and _same_work(run, variant) and variant not in run.busy
    like = same_pace(run.header.run, reference.header.run)
    return comparable and like and whole is not None and bool(whole.pace_ns)


def _same_work(run: Past, variant: Variant) -> bool:
    """Whether it did what the newest run did: on such data, and with what passes between steps in such a place."""
    return not run.other_data and (run.same_between or variant is Variant.MONOLITH)


def _repeats(run: Past, place: Place, measure: Measure, reference: Past | None) -> tuple[float, ...]:
    """The figures of a run that can be held to the newest one's; of another machine memory alone.

    CPU times are at the pace of a reference; without one, as measured.
    """
    series = run.series.get(place)
    if series is None or not _same_work(run, place[0]) or (measure is Measure.CPU and not run.same_machine):
        return ()
    if measure is Measure.PEAK:
        return series.peak_bytes
    if reference is None:
        return series.cpu_ns
    if not _time_says_something(run, place[0], reference):
        return ()
    return at_pace(series.cpu_ns, series.pace_ns, _pace_ns(reference, place))


def _slower(run: Past, place: Place, reference: Past) -> float | None:
    """What a fixed piece of work took on its cores ÷ on the reference's; None where that says nothing."""
    series = run.series.get(place)
    if series is None or not _time_says_something(run, place[0], reference):
        return None
    return fmean(series.pace_ns) / _pace_ns(reference, place)


def _pace_ns(reference: Past, place: Place) -> float:
    """Of a step that it does not have, that of the whole variant."""
    having = reference.series
    return fmean(having.get(place, having[place[0], None]).pace_ns)
