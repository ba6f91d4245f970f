"""Whether a figure is worse than before: by more than the threshold, and by more than its noise explains.

Two guards, since neither is enough:

* The threshold keeps out what is not worth a word, and the drift of a machine from one run to the next, which no number
  of repeats within a run can show; `thresholds` says how large it has to be.
* The interval of the ratio keeps out what one or two odd repeats make. It is SciPy's percentile bootstrap over the
  repeats of both runs; worse is what has the whole interval above 1. Random numbers are seeded, so the same repeats
  give the same interval everywhere.

What is compared is the mean of each side's lower half (`repeats.typical`), not its median, and not the ranks of all:
with five repeats, one disturbed repeat of the baseline above all new ones is 5 of 25 pairs, p = 0.08 by Mann and
Whitney, however large the growth is.

No correction for the number of steps: ranks of five repeats give no p below 1 in 252, so a corrected one would call
nothing at all. The threshold and the least growth do that work, and `benchmarks/regression_rates.py` counts whole
checks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from profiler.regression.repeats import checked, half, typical

LEAST_REPEATS = 5
"""On both sides; with fewer, the noise is unknown."""
CONFIDENCE = 0.95
SIGNIFICANCE = 0.025
"""One end of the interval."""
METHOD = (
    f"the {CONFIDENCE * 100:g} % interval of the change (bootstrap over the repeats, means of their lower half) "
    "does not contain 0"
)
"""When a figure is beyond noise, as a part of a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One figure against what it was."""

    before: float
    """Mean of the lower half of the repeats."""
    after: float
    ratio: float
    """after ÷ before; infinite where there was nothing before."""
    interval: tuple[float, float] | None
    """Of the ratio, by bootstrap; None: too few repeats, or a zero before, of which nothing is a multiple."""
    p_value: float | None
    """One-sided: share of the resamples that show no growth; None: too few repeats."""
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
    old, new = typical(before), typical(after)
    interval, p_value = None, None
    if min(len(before), len(after)) >= LEAST_REPEATS:
        interval, p_value = _resampled(before, after) if before[0] else (None, float(before[-1] >= after[0]))
    return Difference(
        before=old,
        after=new,
        ratio=new / old if old else math.inf if new else 1.0,
        interval=interval,
        p_value=p_value,
        beyond_threshold=new > old * (1 + threshold) and new - old >= least,
        beyond_noise=None if p_value is None else p_value <= SIGNIFICANCE,
    )


def _resampled(before: Sequence[float], after: Sequence[float]) -> tuple[tuple[float, float], float]:
    """The interval of the ratio, and the share of resamples without growth."""
    import numpy as np
    from scipy import stats

    def ratio(old: Any, new: Any, axis: int) -> Any:
        return lower_half(new, axis) / lower_half(old, axis)

    def lower_half(values: Any, axis: int) -> Any:
        ordered = np.sort(np.moveaxis(values, axis, -1), axis=-1)
        return ordered[..., : half(ordered.shape[-1])].mean(axis=-1)

    found = stats.bootstrap((before, after), ratio, method="percentile", confidence_level=CONFIDENCE, rng=0)
    low, high = found.confidence_interval
    without_growth = int(np.sum(found.bootstrap_distribution <= 1))
    return (float(low), float(high)), (without_growth + 1) / (len(found.bootstrap_distribution) + 1)
