"""Sizes and shares as people write them: a number with its unit, and refused without one.

As everywhere here, "MB" and "GB" are AWS's: 2^20 and 2^30 bytes, the same as MiB and GiB.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from profiler.errors import UsageError
from profiler.units import GIB, KIB, MIB

_UNITS = {"KB": KIB, "KIB": KIB, "MB": MIB, "MIB": MIB, "GB": GIB, "GIB": GIB}
_NUMBER = r"(?P<number>[0-9]+\.?[0-9]*|\.[0-9]+)"
_SIZE = re.compile(_NUMBER + r"\s*(?P<unit>[A-Za-z]*)")
_SHARE = re.compile(_NUMBER + r"\s*(?P<unit>%?)")
_LARGEST_BYTES = 2**50
_LARGEST_SHARE = 10
_MOST_DIGITS = 30
_WIDEST = 40


def size_bytes(value: object, *, of: str) -> int:
    """Return a size in bytes, parts of a byte left out.

    Args:
        value: What somebody wrote, such as `"512 MiB"` or `"1.5GB"`.
        of: What it is the size of, for the message.

    Raises:
        UsageError: If it is no size above 0, or has no unit.

    >>> size_bytes("512 MiB", of="max-peak"), size_bytes("1.5GB", of="max-peak")
    (536870912, 1610612736)
    >>> size_bytes("512", of="max-peak")
    Traceback (most recent call last):
    profiler.errors.UsageError: max-peak is '512', without a unit; did you mean 512 MiB?
    """
    expected = "expected a size such as 512 MiB or 1.5 GiB"
    found = _SIZE.fullmatch(_text(value))
    if found is None or len(found["number"]) > _MOST_DIGITS:
        raise UsageError(f"{of} is {_shown(value)}; {expected}")
    if not found["unit"]:
        raise UsageError(f"{of} is {_shown(value)}, without a unit; did you mean {found['number']} MiB?")
    unit = _UNITS.get(found["unit"].upper())
    if unit is None:
        raise UsageError(f"{of} is {_shown(value)}: {found['unit']} is no unit here; expected KiB, MiB or GiB")
    size = Fraction(found["number"]) * unit
    if not 1 <= size <= _LARGEST_BYTES:
        raise UsageError(f"{of} is {_shown(value)}; {expected}, from 1 byte to 1,048,576 GiB")
    return int(size)


def share(value: object, *, of: str) -> Decimal:
    """Return a share that is written in percent: 0.05 for `"5%"`.

    Args:
        value: What somebody wrote, such as `"5%"` or `"7.5 %"`.
        of: What it is a share of, for the message.

    Raises:
        UsageError: If it is no share from 0 to 1000 %, or has no unit.

    >>> share("5%", of="max-regression"), share("7.5 %", of="max-regression")
    (Decimal('0.05'), Decimal('0.075'))
    >>> share(0.05, of="max-regression")
    Traceback (most recent call last):
    profiler.errors.UsageError: max-regression is 0.05, without a unit; did you mean 5%?
    """
    expected = "expected a share such as 5%, from 0% to 1000%"
    found = _SHARE.fullmatch(_text(value))
    if found is None or len(found["number"]) > _MOST_DIGITS:
        raise UsageError(f"{of} is {_shown(value)}; {expected}")
    number = Decimal(found["number"])
    if not found["unit"]:
        meant = number * 100 if number < 1 else number
        raise UsageError(f"{of} is {_shown(value)}, without a unit; did you mean {meant.normalize():f}%?")
    if number > _LARGEST_SHARE * 100:
        raise UsageError(f"{of} is {_shown(value)}; {expected}")
    return number / 100


def _text(value: object) -> str:
    return "" if isinstance(value, bool) else str(value).strip()


def _shown(value: object) -> str:
    """A value in a message: as it was written, in one line, shortened."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"
