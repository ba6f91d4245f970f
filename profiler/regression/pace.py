"""CPU time as it would be where the cores are as fast as elsewhere.

CPU time of the same code drifts by a tenth and more from one run to the next, all steps of a run together: what the
neighbours of a virtual machine do slows its cores down, and repeats within a run cannot show that. What a fixed piece
of work took on the same core at the same time does. Measured (`benchmarks/regression_rates.py`): runs of the same code
differ by 5 % (standard deviation) as they are, and by 2 % at one pace; short steps by 5 to 6 % either way.
"""

from __future__ import annotations

from collections.abc import Sequence

DRIFT = 0.05
"""By how much CPU times of a whole variant may differ at one pace: twice the standard deviation of a difference."""


def at_pace(values: Sequence[float], pace_ns: Sequence[float], reference_ns: float) -> tuple[float, ...]:
    """Return CPU times as they would be at another pace.

    Args:
        values: In ns, one for each repeat.
        pace_ns: What the fixed work took meanwhile, for each repeat.
        reference_ns: What it takes at the pace that is wanted.

    >>> at_pace([100, 120], [2.0, 2.4], 4.0)
    (200.0, 200.0)
    """
    return tuple(value * reference_ns / pace for value, pace in zip(values, pace_ns, strict=True))
