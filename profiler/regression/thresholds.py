"""The thresholds and least amounts below which nothing is called, where nobody sets others.

A threshold is the first guard against noise: it has to be above what the same code shows from one run to the next.
"""

from __future__ import annotations

from decimal import Decimal

from profiler.units import MIB

DEFAULT_THRESHOLD = {"peak": Decimal("0.05"), "cpu": Decimal("0.10")}
"""By measure; growth as a share. Memory is steady from run to run; CPU time drifts with the machine's other work."""

CREEP_SIGNIFICANCE = {"peak": 0.01, "cpu": 0.002}
"""Largest p of a rise over several runs. Memory's noise is far below its threshold, so that five runs (p = 1/120) are
enough. CPU time has about ten figures in a check whose noise may pass the threshold; together they shall err in less
than 1 % of all histories, which takes six runs."""

LEAST_PEAK_BYTES = 4 * MIB
LEAST_CPU_SHARE = 0.02
"""Of the CPU time of the whole variant, before."""


def least_growth(measure: str, *, whole_before: float) -> float:
    """Return the growth below which a step of any ratio is not worth a word, in the unit of the measure.

    Args:
        measure: "peak" (bytes) or "cpu" (ns).
        whole_before: What is typical of the whole variant's figure in the baseline.
    """
    return float(LEAST_PEAK_BYTES) if measure == "peak" else LEAST_CPU_SHARE * whole_before
