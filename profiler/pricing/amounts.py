"""Amounts of what is billed, as people state them: read to the digit, and refused where they mean nothing.

Text is read strictly: plain ASCII digits with an optional point and exponent. What looks like a number to Python alone
(`1_000`), to a spreadsheet alone (`1,000`) or to a person alone (`5GB`) is a slip until somebody says otherwise.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from typing import SupportsIndex

from profiler.errors import UsageError

Quantity = int | float | str | Decimal | Fraction

LARGEST = 10**15
SMALLEST = Fraction(1, 10**18)
_FINEST = 10**60
"""Largest denominator: some text is longer than any number that means something."""

_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MEASURED = frozenset({"GB-second", "GB-hour", "GB-month", "GB", "TB", "vCPU-hour", "hour"})
"""Units that have parts; everything else is counted."""
_WIDEST = 40


def is_counted(unit: str) -> bool:
    """Whether only whole numbers of a unit exist: requests do, hours have parts.

    >>> is_counted("invocation"), is_counted("GB-second")
    (True, False)
    """
    return unit not in _MEASURED


def exact_amount(amount: Quantity, unit: str, *, of: str, zero: bool = False) -> Fraction:
    """Return an amount as a fraction; a float is what it is written as, so that 0.1 is a tenth.

    Args:
        amount: As somebody states it.
        unit: What is counted or measured.
        of: Name of the quantity, for the message.
        zero: 0 is an amount too.

    Raises:
        UsageError: If it is no number above 0, too large or small to mean anything, or a part of what is counted.

    >>> exact_amount("6.144e10", "GB-second", of="lambda.gb_seconds"), exact_amount(0.1, "hour", of="ec2.hours")
    (Fraction(61440000000, 1), Fraction(1, 10))
    >>> exact_amount("1.5", "PUT", of="s3.put_requests")
    Traceback (most recent call last):
    profiler.errors.UsageError: s3.put_requests is '1.5'; expected a whole number above 0: there is no part of one PUT
    """
    expected = f"expected {'a whole number' if is_counted(unit) else 'a number'} {'from' if zero else 'above'} 0"
    number = _number(amount)
    if isinstance(amount, str) and not amount.strip():
        raise UsageError(f"{of} has no amount; {expected}")
    problem = f"{of} is {_shown(amount)}; {expected}"
    if number is None:
        also = ", without separators or a unit" if isinstance(amount, str) and any(map(str.isdigit, amount)) else ""
        raise UsageError(f"{problem}, in plain digits{also}")
    if zero and number == 0:
        return Fraction(0)
    if zero and number < 0:
        raise UsageError(problem)
    if number <= 0:
        raise UsageError(f"{problem}; what is not used is left out")
    if number > LARGEST:
        raise UsageError(f"{problem} and at most {LARGEST:,}")
    if number < SMALLEST:
        raise UsageError(f"{problem} and not below 1e-18")
    exact = Fraction(number)
    if exact.denominator > _FINEST:
        raise UsageError(f"{problem} with at most 60 decimals")
    if is_counted(unit) and exact.denominator != 1:
        raise UsageError(f"{problem}: there is no part of one {unit}")
    return exact


def _number(amount: object) -> Decimal | Fraction | None:
    """A finite number as it was meant; None for everything else."""
    match amount:
        case bool():
            return None
        case str():
            text = amount.strip()
            return _decimal(text) if _PLAIN.fullmatch(text) else None
        case float():
            return _decimal(repr(float(amount)))
        case Fraction():
            return amount
        case Decimal():
            return amount if amount.is_finite() else None
        case SupportsIndex():  # Whole numbers of other libraries too: a sum over a table's column.
            return _whole(amount)
        case Real():  # Of other libraries, such as numpy's float32.
            return _decimal(str(amount))
    return None


def _whole(amount: SupportsIndex) -> Fraction | None:
    try:
        return Fraction(amount.__index__())
    except TypeError:  # A column of a table has an index only where it is of one whole number.
        return None


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except ArithmeticError:  # An exponent beyond what Decimal holds.
        return None
    return number if number.is_finite() else None


def _shown(amount: object) -> str:
    """An amount in a message: as it was written, in one line, shortened."""
    try:
        text = repr(amount) if isinstance(amount, str) else str(amount)
    except ValueError:  # Python writes no whole number of more than 4,300 digits.
        return "far too large"
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"
