"""Runs of the pool held against one another as a check does it, and what a rate over such pairs is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from statistics import fmean

import numpy as np
from scipy import stats

from benchmarks.regression_pool import Pooled
from profiler.regression.busy import too_busy
from profiler.regression.difference import Difference, difference
from profiler.regression.pace import at_pace
from profiler.regression.repeats import typical
from profiler.regression.thresholds import DEFAULT_THRESHOLD, least_growth

RESAMPLES = 2000

Key = tuple[str, str | None, str]
"""Variant, step (None: the whole), measure."""
Checked = dict[Key, Difference]
Calls = np.ndarray
"""Whether the pair was called, by run before and run after; NaN where they are no pair."""
Pairs = dict[tuple[int, int], Checked]
"""By place of the run before and of the run after."""


def pairs(before: Sequence[Pooled], after: Sequence[Pooled]) -> Pairs:
    """Hold every run against every other one of its machine."""
    return {
        (first, second): check(before[first], after[second])
        for first, second in product(range(len(before)), range(len(after)))
        if before[first] is not after[second] and before[first].machine == after[second].machine
    }


def check(before: Pooled, after: Pooled) -> Checked:
    """Compare all figures of two runs, at the default thresholds."""
    return {key: compare(key, before, after) for key in after.series if key in before.series}


def compare(key: Key, before: Pooled, after: Pooled) -> Difference:
    """Compare one figure of two runs."""
    variant, _, measure = key
    whole = typical(figures((variant, None, measure), before, after))
    found = difference(
        figures(key, before, after),
        figures(key, after, after),
        threshold=float(DEFAULT_THRESHOLD[measure]),
        least=least_growth(measure, whole_before=whole),
    )
    busy = measure == "cpu" and (too_busy(before.waited) or too_busy(after.waited))
    return replace(found, beyond_noise=None) if busy else found


def figures(key: Key, of: Pooled, at: Pooled) -> tuple[float, ...]:
    """The repeats of a figure; CPU time at the pace that the cores had in a run."""
    variant, step, measure = key
    if measure != "cpu":
        return of.series[key]
    return at_pace(of.series[key], of.pace[variant, step], fmean(at.pace[variant, step]))


def calls(checked: Pairs, shape: tuple[int, int], called: Callable[[Checked], float]) -> Calls:
    """Lay out what was made of each pair."""
    found = np.full(shape, np.nan)
    for place, differences in checked.items():
        found[place] = called(differences)
    return found


def any_worse(differences: Checked) -> float:
    """1 where a check calls something worse."""
    return float(any(found.worse for found in differences.values()))


def any_worse_of_quiet(differences: Checked) -> float:
    """The same; NaN where the machine was too busy for CPU time to be called, which calls less."""
    return np.nan if any(found.beyond_noise is None for found in differences.values()) else any_worse(differences)


def share_worse(measure: str) -> Callable[[Checked], float]:
    """Share of a check's comparisons of one measure that are called worse; NaN where the machine was too busy."""

    def share(differences: Checked) -> float:
        found = [item for (_, _, which), item in differences.items() if which == measure]
        return float(np.mean([bool(item.worse) for item in found])) if found[0].beyond_noise is not None else np.nan

    return share


def worse(step: str, measure: str) -> Callable[[Checked], float]:
    """1 where this figure is called worse, of any variant; NaN where the machine was too busy."""

    def called(differences: Checked) -> float:
        found = [item for (_, name, which), item in differences.items() if (name, which) == (step, measure)]
        return float(any(item.worse for item in found)) if found[0].beyond_noise is not None else np.nan

    return called


def interval(found: Calls, *, same: bool) -> tuple[float, float]:
    """The 95 % interval of a rate over pairs."""
    found = found[~np.isnan(found).all(axis=1)][:, ~np.isnan(found).all(axis=0)]
    before, after = found.shape
    value = float(np.nanmean(found))
    if value in (0.0, 1.0):
        independent = before // 2 if same else min(before, after)
        exact = stats.binomtest(round(value * independent), independent).proportion_ci(method="exact")
        return float(exact.low), float(exact.high)
    draw = np.random.default_rng(0)
    rates = []
    for _ in range(RESAMPLES):
        rows = draw.integers(0, before, before)
        columns = rows if same else draw.integers(0, after, after)
        drawn = found[np.ix_(rows, columns)]
        if not np.isnan(drawn).all():
            rates.append(np.nanmean(drawn))
    low, high = np.quantile(rates, (0.025, 0.975))
    return float(low), float(high)
