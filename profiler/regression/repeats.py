"""The repeats of one figure in one run, and what they have to be."""

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
