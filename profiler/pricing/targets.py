"""What a budget is asked from: dollars, requests and GB-seconds as somebody gives them, checked and brought to a month.

Nothing is solved here; `equation` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from profiler.errors import UsageError
from profiler.pricing.amounts import Quantity, exact_amount
from profiler.units import DAYS_PER_MONTH

Given = Quantity
"""A number as a notebook gives it; a float counts as what it prints as."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """What a product knows of its requests."""

    number: Fraction
    trainings: Fraction
    """Of one customer on one day."""
    predictions: Fraction
    """Of one customer on one day."""
    usd_per_month: Fraction | None
    """What one customer pays; None: not said."""

    @property
    def requests_per_day(self) -> Fraction:
        """All their trainings and predictions of a day."""
        return self.number * (self.trainings + self.predictions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is known of a budget, exact, of a month of 365/12 even days."""

    usd_per_month: Fraction | None
    by_month: bool
    """The dollars were given of a month, so that they are said of a month."""
    requests_per_month: Fraction | None
    requests_by_month: bool
    gb_s_per_request: tuple[Fraction, ...]
    """One, or several for a table; empty: not known."""
    invocations_per_request: Fraction
    customers: Customers | None

    @property
    def usd_per_day(self) -> Fraction | None:
        """Dollars of a day."""
        return None if self.usd_per_month is None else self.usd_per_month / DAYS_PER_MONTH

    @property
    def requests_per_day(self) -> Fraction | None:
        """Requests of a day; a part of one where they were given of a month."""
        return None if self.requests_per_month is None else self.requests_per_month / DAYS_PER_MONTH


def target_of(
    *,
    dollars_per_day: Given | None = None,
    dollars_per_month: Given | None = None,
    requests_per_day: Given | None = None,
    requests_per_month: Given | None = None,
    gb_s_per_request: Given | Iterable[Given] | None = None,
    customers: Given | None = None,
    trainings_per_customer: Given | None = None,
    predictions_per_customer: Given | None = None,
    price_per_customer: Given | None = None,
    invocations_per_request: Given = 1,
) -> Target:
    """Return what is known, checked.

    Raises:
        UsageError: If a value means nothing, two say the same thing, or too little is known.

    >>> target = target_of(dollars_per_month=365, customers=40, trainings_per_customer=1, predictions_per_customer=74)
    >>> str(target.usd_per_day), str(target.requests_per_day)
    ('12', '3000')
    """
    _once("dollars", dollars_per_day, dollars_per_month)
    _once("requests", requests_per_day, requests_per_month)
    who = _customers(customers, trainings_per_customer, predictions_per_customer, price_per_customer)
    if who is not None and (requests_per_day is not None or requests_per_month is not None):
        raise UsageError("requests are given, and follow from customers as well", hint="give one of the two")
    usd = _monthly("dollars", dollars_per_day, dollars_per_month)
    requests = _monthly("requests", requests_per_day, requests_per_month, counted="request")
    if who is not None:
        requests = who.requests_per_day * DAYS_PER_MONTH
    gb_s = tuple(dict.fromkeys(exact("gb_s_per_request", value) for value in _several(gb_s_per_request)))
    if usd is None and (requests is None or not gb_s):
        raise _too_little(requests_known=requests is not None, gb_s_known=bool(gb_s))
    return Target(
        usd_per_month=usd,
        by_month=dollars_per_month is not None,
        requests_per_month=requests,
        requests_by_month=requests_per_month is not None,
        gb_s_per_request=gb_s,
        invocations_per_request=exact("invocations_per_request", invocations_per_request),
        customers=who,
    )


def exact(name: str, value: Given, *, counted: str | None = None, zero: bool = False) -> Fraction:
    """Return a number as a fraction.

    Args:
        name: Of the argument, for the message.
        value: What was given.
        counted: What it counts, where there is no part of one.
        zero: 0 is a value too.

    Raises:
        UsageError: If it is no number, not above 0, or absurd.

    >>> print(exact("dollars_per_day", 0.1))
    1/10
    """
    unit = counted or "hour"  # An hour has parts, and so has what is not counted.
    return exact_amount(value, unit, of=name, zero=zero)


def _once(what: str, per_day: Given | None, per_month: Given | None) -> None:
    if per_day is not None and per_month is not None:
        raise UsageError(f"{what} are given per day and per month", hint="give one of the two; the other follows")


def _monthly(
    what: str, per_day: Given | None, per_month: Given | None, *, counted: str | None = None
) -> Fraction | None:
    if per_day is not None:
        return exact(f"{what}_per_day", per_day, counted=counted) * DAYS_PER_MONTH
    return None if per_month is None else exact(f"{what}_per_month", per_month, counted=counted)


def _several(given: Given | Iterable[Given] | None) -> Iterable[Given]:
    if given is None:
        return ()
    if isinstance(given, str) or not isinstance(given, Iterable):
        return (given,)
    several = tuple(given)  # A column of a table too: what makes a truth value of it would fail.
    if not several:
        raise UsageError("gb_s_per_request is empty; expected one number, or several for a table")
    return several


def _customers(
    customers: Given | None, trainings: Given | None, predictions: Given | None, price: Given | None
) -> Customers | None:
    if customers is None:
        for what, value in (("trainings", trainings), ("predictions", predictions), ("a price", price)):
            if value is not None:
                raise UsageError(f"{what} per customer needs the number of customers", hint="add customers")
        return None
    if trainings is None and predictions is None:
        raise UsageError(
            "customers alone make no requests", hint="add the trainings and the predictions of one customer on one day"
        )
    found = Customers(
        number=exact("customers", customers, counted="customer"),
        trainings=exact("trainings_per_customer", 0 if trainings is None else trainings, zero=True),
        predictions=exact("predictions_per_customer", 0 if predictions is None else predictions, zero=True),
        usd_per_month=None if price is None else exact("price_per_customer", price),
    )
    if found.requests_per_day < 1:
        who = f"{found.number} customer{'' if found.number == 1 else 's'}"
        each = f"({float(found.trainings):g} trainings + {float(found.predictions):g} predictions)"
        raise UsageError(
            f"{who} × {each} a day come to {float(found.requests_per_day):g} requests a day; expected at least 1"
        )
    return found


def _too_little(*, requests_known: bool, gb_s_known: bool) -> UsageError:
    if requests_known:
        return UsageError(
            "only the requests are known; a budget needs two of dollars, requests and GB-seconds, or the dollars alone",
            hint="add dollars per day, or GB-seconds per request",
        )
    if gb_s_known:
        return UsageError(
            "only the GB-seconds are known; a budget needs two of dollars, requests and GB-seconds, or the dollars "
            "alone",
            hint="add dollars per day, or requests per day",
        )
    return UsageError("nothing is known to make a budget of", hint="begin with the dollars: --dollars-per-day 7")
