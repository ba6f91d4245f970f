"""A solved budget in one sentence that stands alone, and the words that its text shares with it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from profiler.pricing.cost import as_decimal
from profiler.pricing.solution import Row, Solution, Unknown
from profiler.units import MIB_PER_GB, dollars, significant

T = TypeVar("T")


def sentence(solution: Solution) -> str:
    """Return the answer: what was not known, from what is."""
    solved = solution.solved
    if solved is None:
        if len(solution.shares) == 1:
            return f"{whole_money(solution)} is all for {solution.shares[0].service}."
        parts = [
            f"{money(solution, share.usd_per_day, share.usd_per_month)} for {share.service}"
            for share in solution.shares
        ]
        return f"{whole_money(solution)} is {together(parts)}."
    match solved.unknown:
        case Unknown.GB_SECONDS:
            return _gb_seconds(solution)
        case Unknown.REQUESTS:
            return _requests(solution)
        case Unknown.DOLLARS:
            each = f"of {gb_seconds(solution.rows[0].gb_s_per_request)} each"
            usd_day, usd_month = dollars(known(solved.usd_per_day)), dollars(known(solved.usd_per_month))
            cost = "costs" if solution.target.requests_per_day == 1 else "cost"
            return f"{asked(solution)} {each} {cost} {usd_day} a day, {usd_month} a month."
        case Unknown.NOTHING:
            return _allknown(solution)
        case Unknown.TABLE:
            return _table(solution)


def asked(solution: Solution, *, beside_money: bool = False) -> str:
    """The requests that were given; without "a day" where the sentence has said that already."""
    target = solution.target
    by_month = target.requests_by_month
    text = requests_of(known(target.requests_per_month if by_month else target.requests_per_day))
    if beside_money and by_month == target.by_month:
        return text
    return f"{text} a {'month' if by_month else 'day'}"


def requests_of(value: Fraction | int) -> str:
    """A number of requests.

    >>> requests_of(1), requests_of(Fraction(3, 2))
    ('1 request', '1.5 requests')
    """
    text = number(value)
    return f"{text} request{'' if text == '1' else 's'}"


def money(solution: Solution, usd_per_day: Decimal | None, usd_per_month: Decimal | None) -> str:
    """An amount a day, or a month where the question said it of a month."""
    target = solution.target
    if target.by_month or (target.usd_per_month is None and target.requests_by_month):
        return f"{dollars(known(usd_per_month))} a month"
    return f"{dollars(known(usd_per_day))} a day"


def whole_money(solution: Solution) -> str:
    """The dollars of the target."""
    target = solution.target
    return money(solution, as_decimal(known(target.usd_per_day)), as_decimal(known(target.usd_per_month)))


def number(value: Decimal | Fraction | int) -> str:
    """A number as it is where it is whole or short, else its first digits.

    >>> number(3000), number(Fraction(1, 3)), number(Decimal("0.125"))
    ('3,000', '0.333', '0.125')
    """
    exact = Fraction(value)
    if exact.denominator == 1:
        return f"{exact.numerator:,}"
    text = f"{as_decimal(exact):,f}"
    return text if len(text) <= 8 else significant(exact)


def exactly(value: Decimal) -> str:
    """A number that somebody gave, with all its digits.

    >>> exactly(Decimal("0.125")), exactly(Decimal(1024)), exactly(Decimal("1E+3"))
    ('0.125', '1,024', '1,000')
    """
    return f"{value:,f}"


def gb_seconds(value: Decimal, *, exact: bool = True) -> str:
    """GB-seconds with their unit: as somebody gave them, or as they were found.

    >>> gb_seconds(Decimal(1)), gb_seconds(Decimal("139.988"), exact=False)
    ('1 GB-second', '140 GB-seconds')
    """
    text = exactly(value) if exact else significant(value)
    return f"{text} GB-second{'' if text == '1' else 's'}"


def seconds_of(gb_s: Decimal, solution: Solution) -> Fraction:
    """How long one invocation may take at the size of one vCPU."""
    assert solution.rates is not None
    return Fraction(gb_s) / solution.target.invocations_per_request * MIB_PER_GB / solution.rates.mib_per_vcpu


def together(parts: Sequence[str]) -> str:
    """Join parts as one says them.

    >>> together(["a", "b", "c"]), together(["a", "b"]), together(["a"])
    ('a, b and c', 'a and b', 'a')
    """
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def _budget(solution: Solution) -> str:
    """The dollars that Lambda may cost, and of which whole they are a share."""
    share = next((share for share in solution.shares if share.service == "lambda"), None)
    if share is None:
        return whole_money(solution)
    of = whole_money(solution).rsplit(" a ", 1)[0]
    return f"{money(solution, share.usd_per_day, share.usd_per_month)} on Lambda ({exactly(share.percent)} % of {of})"


def _gb_seconds(solution: Solution) -> str:
    solved, requests = solution.solved, asked(solution, beside_money=True)
    assert solved is not None
    if solved.gb_s_per_request is None:
        cost = money(solution, solved.invocations_usd_per_day, solved.invocations_usd_per_month)
        return f"{_budget(solution)} does not pay for {requests}: their invocations alone cost {cost}."
    if solved.gb_s_per_request == 0:
        return f"{_budget(solution)} for {requests} just pays for their invocations, and leaves no GB-seconds."
    left = gb_seconds(solved.gb_s_per_request, exact=False)
    return f"{_budget(solution)} for {requests} leaves {left} for each."


def _requests(solution: Solution) -> str:
    row = solution.rows[0]
    gb_s, bought = gb_seconds(row.gb_s_per_request), _bought(solution, row)
    if bought == 0:
        return f"{_budget(solution)} does not buy one request of {gb_s}."
    return f"{_budget(solution)} buys {requests_of(bought)} of {gb_s}{'' if bought == 1 else ' each'}."


def _allknown(solution: Solution) -> str:
    solved = solution.solved
    assert solved is not None
    each = f"{asked(solution, beside_money=True)} of {gb_seconds(solution.rows[0].gb_s_per_request)} each"
    cost, share = money(solution, solved.usd_per_day, solved.usd_per_month), _percent(known(solved.share))
    pays = "pays" if solved.fits else "does not pay"
    return f"{_budget(solution)} {pays} for {each}: they cost {cost}, {share} of it."


def _table(solution: Solution) -> str:
    rows = solution.rows
    if solution.target.usd_per_month is None:
        low, high = (f"{money(solution, row.usd_per_day, row.usd_per_month)} at" for row in (rows[0], rows[-1]))
        least, most = gb_seconds(rows[0].gb_s_per_request), exactly(rows[-1].gb_s_per_request)
        cost = "costs" if solution.target.requests_per_day == 1 else "cost"
        return f"{asked(solution)} {cost} {low} {least} each, and {high} {most}."
    if solution.target.requests_per_month is not None:
        return _held(solution)
    first = next((row for row in rows if row.gb_s_per_request == 128), rows[0])
    last = rows[-1]
    bought, gb_s = _bought(solution, first), gb_seconds(first.gb_s_per_request)
    if bought == 0:
        return _small(solution, gb_s)
    text = f"{_budget(solution)} buys {requests_of(bought)} of {gb_s}{'' if bought == 1 else ' each'}"
    if last is not first:
        other = _bought(solution, last)
        text += f", or {number(other) if other else 'none'} of {exactly(last.gb_s_per_request)}"
    return f"{text}."


def _small(solution: Solution, gb_s: str) -> str:
    """Dollars that do not buy one request of the usual size: what they do buy."""
    bought = [row for row in solution.rows if _bought(solution, row)]
    if not bought:
        return f"{_budget(solution)} does not buy one request of even {_least(solution)}."
    largest = max(bought, key=lambda row: row.gb_s_per_request)
    number_of, size = _bought(solution, largest), gb_seconds(largest.gb_s_per_request)
    each = "" if number_of == 1 else " each"
    return f"{_budget(solution)} buys {requests_of(number_of)} of {size}{each}, but none of {gb_s.split()[0]}."


def _least(solution: Solution) -> str:
    return gb_seconds(min(row.gb_s_per_request for row in solution.rows))


def _held(solution: Solution) -> str:
    """The largest of several GB-seconds that the dollars pay for."""
    limit = known(solution.lambda_usd_per_month)
    paid = [row.gb_s_per_request for row in solution.rows if known(row.usd_per_month) <= limit]
    requests = asked(solution, beside_money=True)
    if not paid:
        return f"{_budget(solution)} does not pay for {requests} of even {_least(solution)} each."
    text = f"{_budget(solution)} pays for {requests} of {gb_seconds(max(paid))} each"
    more = [row.gb_s_per_request for row in solution.rows if row.gb_s_per_request > max(paid)]
    return f"{text}, but not of {exactly(min(more))}." if more else f"{text}."


def _bought(solution: Solution, row: Row) -> int:
    bought = row.requests_per_month if solution.target.by_month else row.requests_per_day
    return known(bought)


def _percent(share: Decimal) -> str:
    """A share in percent, never rounded to the other side of 100."""
    hundredths = share * 100
    if 99 < hundredths < 100:
        return "just under 100 %"
    if 100 < hundredths < 101:
        return "just over 100 %"
    if 0 < hundredths < 1:
        return "less than 1 %"
    return f"{hundredths.quantize(Decimal(1)):,f} %"


def known(value: T | None) -> T:
    """A value that a solution of this kind has."""
    assert value is not None
    return value
