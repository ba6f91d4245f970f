"""A row of figures as a row of small bars, one cell each."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

_BARS = "▁▂▃▄▅▆▇█"
_GAP = "·"
_LEAST_SPAN = 0.1


def sparkline(values: Sequence[float | None], cells: int) -> str:
    """Return figures as bars; of more figures than cells, neighbours share one by their median.

    The lowest bar is the smallest figure, but figures that differ by less than a tenth of the largest look alike: noise
    shall not look like a mountain.

    >>> sparkline([1, 2, None, 4, 8], 30), sparkline([100, 101, 99], 30)
    ('▁▂·▄█', '▇█▇')
    """
    shared = _shared(values, cells)
    known = [value for value in shared if value is not None]
    if not known:
        return _GAP * len(shared)
    low, high = min(min(known), max(known) * (1 - _LEAST_SPAN)), max(known)
    return "".join(_GAP if value is None else _bar(value, low, high) for value in shared)


def _bar(value: float, low: float, high: float) -> str:
    share = (value - low) / (high - low) if high > low else 1.0
    return _BARS[round(share * (len(_BARS) - 1))]


def _shared(values: Sequence[float | None], cells: int) -> list[float | None]:
    if len(values) <= cells:
        return list(values)
    bins = [values[place * len(values) // cells : (place + 1) * len(values) // cells] for place in range(cells)]
    known = [[value for value in of_bin if value is not None] for of_bin in bins]
    return [median(of_bin) if of_bin else None for of_bin in known]
