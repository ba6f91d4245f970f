"""Quantities and their text: memory, time, money, counts and ratios.

Memory follows AWS's words: its "MB" is 2^20 bytes and its "GB" is 1024 of them. Rounding is decimal, never binary, and
a number keeps all digits before its point, so nothing that matters is rounded away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

KIB = 2**10
MIB = 2**20
GIB = 2**30
MIB_PER_GB = 1024

NS_PER_MS = 10**6
NS_PER_S = 10**9
NS_PER_MIN = 60 * NS_PER_S
NS_PER_HOUR = 60 * NS_PER_MIN
NS_PER_DAY = 24 * NS_PER_HOUR

DAYS_PER_MONTH = Fraction(365, 12)

Number = int | float | Decimal | Fraction

_SMALLEST_PLAIN = Decimal("0.0001")


def significant(value: Number, digits: int = 3) -> str:
    """Return a number with so many significant digits, at least all those before its point.

    >>> [significant(value) for value in (2.1, 85, 140.26, 2042.4, 0.0123, 9.999, 0)]
    ['2.10', '85.0', '140', '2,042', '0.0123', '10.0', '0']
    >>> significant(2.13e-12)
    '2.13e-12'
    """
    number = _decimal(value)
    if number != 0 and abs(number) < _SMALLEST_PLAIN:
        return f"{number:.{digits - 1}e}"
    return _plain(number, digits)


def count(value: int) -> str:
    """Return a whole number with thousands separators.

    >>> count(10_003_680)
    '10,003,680'
    """
    return f"{value:,}"


def ratio(value: Number) -> str:
    """Return how many times, to two significant digits.

    >>> [ratio(value) for value in (41.3, 4.52, 217.2, 0.93)]
    ['41', '4.5', '217', '0.93']
    """
    return significant(value, 2)


def percent(share: Number) -> str:
    """Return a share as whole percent; what is above nothing is never shown as nothing.

    >>> [percent(share) for share in (0.528, 0.002, 0, 1.07)]
    ['53 %', '<1 %', '0 %', '107 %']
    """
    hundredths = _decimal(share) * 100
    if 0 < hundredths < 1:
        return "<1 %"
    return f"{hundredths.quantize(Decimal(1)):,} %"


def share(part: int, whole: int) -> str:
    """Return a part of a whole as percent, to two significant digits: where small ones are to be told apart.

    >>> share(1, 7), share(1, 3000), share(7, 7)
    ('14 %', '0.033 %', '100 %')
    """
    return f"{significant(Fraction(100 * part, whole), 2)} %"


def dollars(usd: Decimal | int) -> str:
    """Return an amount of money: cents where cents are meant, and never so few digits that a price disappears.

    >>> [dollars(Decimal(usd)) for usd in ("7", "7.9872", "1234.5", "0.0213", "0.0000002", "0", "0.996")]
    ['$7', '$7.99', '$1,234.50', '$0.0213', '$0.000000200', '$0', '$1.00']
    """
    number = Decimal(usd)
    sign, number = ("-", -number) if number < 0 else ("", number)
    if number == number.to_integral_value():
        return f"{sign}${number.to_integral_value():,f}"
    return f"{sign}${number:,.2f}" if number >= Decimal("0.1") else f"{sign}${_plain(number, 3)}"


def duration(ns: int) -> str:
    """Return a time as one would say it.

    >>> [duration(ns) for ns in (184_000_000_000, 18_200_000_000, 411_000_000, 12_300_000, 400_000, 0)]
    ['3 min 4 s', '18 s', '0.41 s', '12 ms', '0.40 ms', '0 s']
    >>> [duration(int(seconds * NS_PER_S)) for seconds in (59.6, 9.96, 3599.7, 7500, 200_000)]
    ['1 min 0 s', '10 s', '1 h 0 min', '2 h 5 min', '2 d 8 h']
    """
    if ns == 0:
        return "0 s"
    for whole, name, part, part_name in (
        (NS_PER_DAY, "d", NS_PER_HOUR, "h"),
        (NS_PER_HOUR, "h", NS_PER_MIN, "min"),
        (NS_PER_MIN, "min", NS_PER_S, "s"),
    ):
        parts = _divided(ns, part)
        if parts * part >= whole:
            return f"{parts * part // whole} {name} {parts * part % whole // part} {part_name}"
    if ns >= 100 * NS_PER_MS:
        return f"{_plain(_decimal(Fraction(ns, NS_PER_S)), 2)} s"
    return f"{_plain(_decimal(Fraction(ns, NS_PER_MS)), 2)} ms"


def memory(size_bytes: int) -> str:
    """Return a size in AWS's MB or GB.

    >>> [memory(size) for size in (271 * MIB, 11_366 * MIB, 1024 * MIB, 400_000, 12)]
    ['271 MB', '11.1 GB', '1.00 GB', '391 KB', '12 B']
    """
    scale = memory_scale([size_bytes])
    return f"{scale.text(size_bytes)} {scale.name}"


def memory_range(low_bytes: int, high_bytes: int | None) -> str:
    """Return a size that is exact, or bounded on both sides, or from below only.

    >>> memory_range(271 * MIB, 271 * MIB), memory_range(400 * MIB, 649 * MIB), memory_range(400 * MIB, None)
    ('271 MB', '400–649 MB', '400 MB or more')
    """
    if high_bytes is None:
        return f"{memory(low_bytes)} or more"
    if low_bytes == high_bytes:
        return memory(low_bytes)
    scale = memory_scale([high_bytes])
    return f"{scale.text(low_bytes)}–{scale.text(high_bytes)} {scale.name}"


# --- columns: one unit for all, aligned on the decimal point --------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A unit that a whole column is shown in."""

    name: str
    size: int
    """How many of the base unit (bytes, nanoseconds) it is."""

    def text(self, value: int) -> str:
        """Return a value in this unit, without the unit's name."""
        if self.size == 1:
            return count(value)
        return _plain(_decimal(Fraction(value, self.size)), 3)


_MEMORY = (
    Scale(name="GB", size=GIB),
    Scale(name="MB", size=MIB),
    Scale(name="KB", size=KIB),
)
_TIME = (
    Scale(name="h", size=NS_PER_HOUR),
    Scale(name="min", size=NS_PER_MIN),
    Scale(name="s", size=NS_PER_S),
    Scale(name="ms", size=NS_PER_MS),
)


def memory_scale(sizes_bytes: Iterable[int | None]) -> Scale:
    """Return the unit that the largest of these sizes is best shown in."""
    largest = max((size for size in sizes_bytes if size is not None), default=0)
    return next((scale for scale in _MEMORY if largest >= scale.size), Scale(name="B", size=1))


def time_scale(times_ns: Iterable[int | None]) -> Scale:
    """Return the unit that the largest of these times is best shown in; seconds from 0.1 s to 20 minutes.

    >>> [time_scale([seconds * NS_PER_S, None]).name for seconds in (0, 1, 300, 1800, 36_000)]
    ['ms', 's', 's', 'min', 'h']
    """
    largest = max((time for time in times_ns if time is not None), default=0)
    borders = (10 * NS_PER_HOUR, 20 * NS_PER_MIN, NS_PER_S // 10, 0)
    return next(scale for scale, border in zip(_TIME, borders, strict=True) if largest >= border)


def align(texts: Sequence[str]) -> tuple[str, ...]:
    """Pad numbers so that their decimal points stand below each other; an empty text stays empty but wide.

    >>> align(["9.00", "56", "0.021", ""])
    (' 9.00 ', '56    ', ' 0.021', '      ')
    """
    halves = [text.partition(".") for text in texts]
    before = max((len(whole) for whole, _, _ in halves), default=0)
    after = max((len(point + part) for _, point, part in halves), default=0)
    return tuple(whole.rjust(before) + (point + part).ljust(after) for whole, point, part in halves)


def column(values: Sequence[int | None], scale: Scale) -> tuple[str, ...]:
    """Return a column of values in one unit, aligned; what is None is not shown.

    >>> column([271 * MIB, None, 31 * MIB // 2], memory_scale([271 * MIB]))
    ('271  ', '     ', ' 15.5')
    """
    return align(["" if value is None else scale.text(value) for value in values])


def _decimal(value: Number) -> Decimal:
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    return Decimal(value)


def _plain(number: Decimal, digits: int) -> str:
    """Return a number without exponent, with so many significant digits, at least all those before its point."""
    if number == 0:
        return "0"
    decimals = max(0, digits - 1 - number.adjusted())
    rounded = round(number, decimals)
    if rounded.adjusted() > number.adjusted():
        decimals = max(0, decimals - 1)
    return f"{rounded:,.{decimals}f}"


def _divided(value: int, by: int) -> int:
    """Return the quotient, rounded to the nearest whole number."""
    return (2 * value + by) // (2 * by)
