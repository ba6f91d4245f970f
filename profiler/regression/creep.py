"""Whether a figure has crept up over several runs, though no single one of them need have done it.

Three things have to hold, and each keeps out what the others let through:

* Runs tend upwards in their order: Kendall's S of their figures, its one-sided p exact over all orders up to seven
  runs and by 9,999 seeded ones beyond; ties count neither way. Under noise alone every order is as likely, whatever its
  distribution and however much runs differ from one another, so this holds on a drifting machine where a test over
  repeats does not. Five runs are the fewest that can say anything: all rising is 1 order of 120, p = 0.8 %.
* The line through them (Theil and Sen: the median of all slopes, so one odd run does not tilt it) rises by more than
  the threshold.
* The last run is above the line's start by more than the threshold itself, and by half of the rise: what went away
  again is no creep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from profiler.regression.repeats import checked, typical

LEAST_RUNS = 5
SIGNIFICANCE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """A figure that rose over a window of runs."""

    values: tuple[float, ...]
    """Of each run the mean of the lower half of its repeats, the oldest first."""
    rise: float
    """Of the line through them, from the first run to the last, as a share of its start: 0.12 is 12 %."""
    p_value: float
    """One-sided: how likely an order that rises like this is where all are."""


def creep(
    values: Sequence[Sequence[float]], *, threshold: float, least: float = 0.0, significance: float = SIGNIFICANCE
) -> Rise | None:
    """Return how a figure rose over runs, where it did by more than the threshold and than chance.

    Args:
        values: The repeats of each run, the oldest run first, the one in question last.
        threshold: Largest rise over all of them that is let pass: 0.05 is 5 %.
        least: Smallest rise that counts, in the unit of the figure.
        significance: Largest p of an order that is named; five runs have none below 1/120, six 1/720.

    Returns:
        None too where there are fewer than `LEAST_RUNS` runs.

    Raises:
        ValueError: If a run has no value, or one that is negative or no number.
    """
    figures = tuple(typical(checked(repeats)) for repeats in values)
    runs = len(figures)
    if runs < LEAST_RUNS or max(figures) <= min(figures) * (1 + threshold):
        return None
    from scipy import stats

    slope = float(stats.theilslopes(figures).slope)
    start, rise = median(figures) - slope * (runs - 1) / 2, slope * (runs - 1)
    held = figures[-1] - start
    if start <= 0 or min(rise, held) <= threshold * start or held < max(least, rise / 2):
        return None
    p_value = _p_value(figures)
    return Rise(values=figures, rise=rise / start, p_value=p_value) if p_value <= significance else None


def _p_value(figures: Sequence[float]) -> float:
    import numpy as np
    from scipy import stats

    def rising_pairs(ordered: Any, axis: int) -> Any:
        found = np.moveaxis(ordered, axis, -1)
        later = [np.sign(found[..., place + 1 :] - found[..., [place]]).sum(axis=-1) for place in range(len(figures))]
        return sum(later)

    test = stats.permutation_test(
        (np.asarray(figures),), rising_pairs, permutation_type="pairings", alternative="greater", vectorized=True, rng=0
    )
    return float(test.pvalue)
