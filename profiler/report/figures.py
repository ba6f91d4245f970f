"""Columns of figures: one unit for all, their decimal points aligned, no digit that is nothing beside the largest."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from profiler.model import Peak
from profiler.units import Number, align, memory_scale, significant, time_scale


def numbers(values: Sequence[Number | None]) -> list[str]:
    """Return numbers with three significant digits, but at most one decimal more than the largest has.

    >>> numbers([Decimal("26.1"), Decimal("4.2"), Decimal("0.4123"), None])
    ['26.1 ', ' 4.20', ' 0.41', '     ']
    """
    texts = ["" if value is None else significant(value) for value in values]
    largest: Number = max((abs(Fraction(value)) for value in values if value is not None), default=Fraction(0))
    most = _decimals(significant(largest)) + 1
    return list(
        align(
            [
                f"{_rounded(value, most):,.{most}f}" if value and _decimals(text) > most else text
                for value, text in zip(values, texts, strict=True)
            ]
        )
    )


def times(times_ns: Sequence[int | None]) -> tuple[str, list[str]]:
    """Return the unit of a column of times, and its figures."""
    scale = time_scale(times_ns)
    return scale.name, numbers([None if time is None else Fraction(time, scale.size) for time in times_ns])


def sizes(sizes_bytes: Sequence[int | None]) -> tuple[str, list[str]]:
    """Return the unit of a column of memory, and its figures."""
    scale = memory_scale(sizes_bytes)
    return scale.name, numbers([None if size is None else Fraction(size, scale.size) for size in sizes_bytes])


def peaks(values: Sequence[Peak | None]) -> tuple[str, list[str]]:
    """Return the unit of a column of peaks, and its figures; a bounded one shows both ends, or that it has no upper.

    >>> peaks([Peak(low=2**20, high=2**20), Peak(low=2**21, high=2**22), Peak(low=2**21, high=None)])
    ('MB', ['     1.00', '2.00–4.00', '   ≥ 2.00'])
    """
    unit, ends = sizes([None if peak is None else end_of(peak) for peak in values])
    scale = memory_scale(None if peak is None else end_of(peak) for peak in values)
    before = []
    for peak in values:
        if peak is None or peak.exact:
            before.append("")
        else:
            before.append("≥ " if peak.high is None else f"{scale.text(peak.low)}–")
    wide = max(map(len, before), default=0)
    # A text before the figure stands directly at it, so the padding that aligned the figure goes to its left.
    return unit, [
        f"{low}{end.lstrip()}".rjust(wide + len(end)) if end.strip() else ""
        for low, end in zip(before, ends, strict=True)
    ]


def seen(peak: Peak | None) -> Peak | None:
    """A peak that was seen: no process takes nothing, so a peak of 0 is one that nobody could read."""
    return None if peak is None or end_of(peak) == 0 else peak


def end_of(peak: Peak) -> int:
    """The end of a peak that it is shown by: the high one, where it is known."""
    return peak.low if peak.high is None else peak.high


def _decimals(text: str) -> int:
    if "e" in text:
        return 99
    return len(text.partition(".")[2])


def _rounded(value: Number | None, decimals: int) -> Decimal:
    if isinstance(value, Fraction):
        value = Decimal(value.numerator) / Decimal(value.denominator)
    return round(Decimal(value or 0), decimals)
