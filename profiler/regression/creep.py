"""Whether a figure has crept up over several runs, though no single one of them did it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

LEAST_RUNS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """A figure that rose over a window of runs."""

    values: tuple[float, ...]
    """Median of each run, the oldest first."""
    rise: float
    """Over the whole window, as a share: 0.12 is 12 %."""
    p_value: float
    """One-sided, of Kendall's rank correlation with the order of the runs."""


def creep(values: Sequence[Sequence[float]], *, threshold: float, least: float = 0.0) -> Rise | None:
    """Return how much a figure rose over runs, where it did by more than the threshold and their noise.

    Args:
        values: One sequence of repeats per run, the oldest run first, the one in question last.
        threshold: Largest rise that is let pass: 0.05 is 5 %.
        least: Smallest rise that counts, in the unit of the figure.
    """
    from scipy import stats

    medians = tuple(float(median(repeats)) for repeats in values)
    if len(medians) < LEAST_RUNS or len(set(medians)) < 2:
        return None
    slope = stats.theilslopes(medians).slope
    start = float(median(medians)) - slope * (len(medians) - 1) / 2
    rise = slope * (len(medians) - 1)
    p_value = float(stats.kendalltau(range(len(medians)), medians, alternative="greater").pvalue)
    if start <= 0 or rise <= threshold * start or rise < least or p_value > 0.01:
        return None
    return Rise(values=medians, rise=rise / start, p_value=p_value)
