"""Whether a figure is worse than before: by more than the threshold, and by more than its noise explains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from profiler.regression.repeats import checked

LEAST_REPEATS = 5
"""On both sides; with fewer, the noise is unknown."""
SIGNIFICANCE = 0.01
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One figure against what it was."""

    before: float
    """Median."""
    after: float
    ratio: float
    """after ÷ before, of the medians; infinite where there was nothing before."""
    interval: tuple[float, float] | None
    """Of the ratio, by bootstrap; None: too few repeats, or a zero among those before, of which nothing is a multiple."""
    p_value: float | None
    """One-sided, of the rank test that it is worse; None: too few repeats."""
    beyond_threshold: bool
    """Worse by more than the threshold, and by the least amount that counts."""
    beyond_noise: bool | None
    """Worse by more than the repeats' noise; None: unknown, with too few repeats."""

    @property
    def worse(self) -> bool | None:
        """Beyond the threshold and the noise; None: beyond the threshold, and the noise is unknown."""
        return self.beyond_threshold and self.beyond_noise


def difference(before: Sequence[float], after: Sequence[float], *, threshold: float, least: float = 0.0) -> Difference:
    """Hold the repeats of one figure against those of a baseline.

    Args:
        before: One value per repeat of the baseline, finite, none negative; at least one.
        after: The same of the run in question.
        threshold: Largest growth that is let pass: 0.05 is 5 %.
        least: Smallest growth that counts, in the unit of the figure.

    Raises:
        ValueError: If a side is empty, or a value is negative or no number.
    """
    before, after = sorted(checked(before)), sorted(checked(after))  # So that their order decides nothing.
    old, new = float(median(before)), float(median(after))
    known = min(len(before), len(after)) >= LEAST_REPEATS
    p_value = _p_value(before, after) if known else None
    return Difference(
        before=old,
        after=new,
        ratio=new / old if old else math.inf if new else 1.0,
        interval=_interval(before, after) if known and before[0] else None,
        p_value=p_value,
        beyond_threshold=new > old * (1 + threshold) and new - old >= least,
        beyond_noise=None if p_value is None else p_value <= SIGNIFICANCE,
    )


def _p_value(before: Sequence[float], after: Sequence[float]) -> float:
    from scipy import stats

    method = stats.PermutationMethod(n_resamples=9999, rng=0)
    return float(stats.mannwhitneyu(after, before, alternative="greater", method=method).pvalue)


def _interval(before: Sequence[float], after: Sequence[float]) -> tuple[float, float]:
    import numpy as np
    from scipy import stats

    def ratio(old: Any, new: Any, axis: int) -> Any:
        return np.median(new, axis=axis) / np.median(old, axis=axis)

    found = stats.bootstrap((before, after), ratio, method="percentile", confidence_level=CONFIDENCE, rng=0)
    return float(found.confidence_interval.low), float(found.confidence_interval.high)
