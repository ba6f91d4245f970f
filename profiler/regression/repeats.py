"""The repeats of one figure in one run, and the one value that stands for them."""

from __future__ import annotations

import math
from collections.abc import Sequence


def checked(repeats: Sequence[float]) -> Sequence[float]:
    """Return the repeats of a figure as they are.

    Raises:
        ValueError: If there is none, or one is negative or no number.
    """
    if not repeats or not all(math.isfinite(value) and value >= 0 for value in repeats):
        raise ValueError(f"repeats: expected at least one, each finite and at least 0, got {list(repeats)}")
    return repeats


def typical(repeats: Sequence[float]) -> float:
    """Return the mean of the lower half of the repeats, the middle one included.

    What disturbs a repeat, other work on the machine above all, adds CPU time and takes none away. So the lower half
    says more of the code than the median does, and two disturbed repeats of five leave it alone.

    >>> typical([2.0, 9.0, 1.0, 3.0, 8.0])
    2.0
    """
    return math.fsum(sorted(repeats)[: half(len(repeats))]) / half(len(repeats))


def half(count: int) -> int:
    """How many the lower half of so many are: 3 of 5, and at least one."""
    return (count + 1) // 2
