"""The bill of a month for a terminal: what it comes to, its lines, then what it rests on.

A price is shown in all its digits. Money is shown to the cent, and where cents are too coarse, to three digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from profiler.pricing.billing import Bill, Line
from profiler.pricing.tariffs import MACHINE_HOURS
from profiler.report.clean import one_line
from profiler.report.plain import table, wrapped
from profiler.units import DAYS_PER_MONTH, align, dollars, significant

_NARROWEST = 60
_LONGEST_AMOUNT = 21
"""The largest amount with its separators; what is longer has decimals that nobody reads."""
_LARGEST_BUDGET = 10**12
"""Dollars of a day; nobody asks for more."""
_ADDRESS = re.compile(r",? ?https?://\S+")


def bill_text(bill: Bill, *, width: int, options: str = "", own_prices: str = "") -> str:
    """Return a bill as text that ends in a newline.

    Args:
        bill: What to show.
        width: Cells of the terminal.
        options: What else stood on the reader's command line and belongs into the next one.
        own_prices: The one of these that names a file of prices.
    """
    width = max(_NARROWEST, width)
    blocks = [
        [f"A month costs {_money(bill.total_usd)} in {one_line(bill.region)}."],
        _table(bill, width),
        [wrapped(one_line(text), width, first="  ! ", margin="    ") for text in _warnings(bill)],
        [
            "  What it rests on",
            *(wrapped(one_line(text), width, first="  · ", margin="    ") for text in _basis(bill)),
        ],
        ["  Next", *_next(bill, options, own_prices)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _table(bill: Bill, width: int) -> list[str]:
    """The lines under columns; where that is too wide, each quantity's name stands over its lines, or all in words."""
    names = _names(bill)
    heading, *rows, total = _rows(bill)
    beside = [("quantity", *heading), *((name, *row) for name, row in zip(names, rows, strict=True))]
    lines = table([*beside, ("total", *total)], width=width, right={2, 4, 5})
    if max(map(len, lines)) > width:
        titles, *shown, sum_ = table([heading, *rows, ("total", *total[1:])], width=width, right={1, 3, 4}, indent=4)
        lines = [titles]
        for name, row in zip(names, shown, strict=True):
            lines += [f"  {name}", row] if name else [row]
        lines.append(sum_)
    if max(map(len, lines)) > width:
        return _in_words(bill, names, width)
    rule = "  " + "─" * (max(map(len, lines)) - 2)
    return [*lines[:-1], rule, lines[-1]]


def _in_words(bill: Bill, names: Sequence[str], width: int) -> list[str]:
    """Each line as its own sum, for figures that no columns have room for."""
    lines = []
    for line, name in zip(bill.lines, names, strict=True):
        tier = "" if line.tier == "1" else f"{line.tier}: "
        text = f"{tier}{_amount(line.amount)} {one_line(line.unit)} × ${line.unit_price_usd:f} = {_money(line.usd)}"
        lines += [f"  {name}"] if name else []
        lines.append(wrapped(text, width, first="    ", margin="      "))
    return [*lines, f"  total {_money(bill.total_usd)}"]


def _names(bill: Bill) -> list[str]:
    """What stands before each line: the quantity, once."""
    names = [one_line(_label(line.quantity, bill)) for line in bill.lines]
    return [name if place == 0 or name != names[place - 1] else "" for place, name in enumerate(names)]


def _label(quantity: str, bill: Bill) -> str:
    return f"{quantity}, {bill.instance_type}" if quantity == MACHINE_HOURS else quantity


def _rows(bill: Bill) -> list[tuple[str, ...]]:
    """Tier, amount, unit, price and money of each line, between the heading and the total."""
    amounts = align([_amount(line.amount) for line in bill.lines])
    prices = align([f"${line.unit_price_usd:f}" for line in bill.lines])
    money = align([_money(usd) for usd in (*(line.usd for line in bill.lines), bill.total_usd)])
    tiers = ["" if line.tier == "1" else line.tier for line in bill.lines]
    return [
        ("tier" if any(tiers) else "", "amount", "unit", "price of one", "charge"),
        *(
            (tier, amount, one_line(line.unit), price, usd)
            for line, tier, amount, price, usd in zip(bill.lines, tiers, amounts, prices, money[:-1], strict=True)
        ),
        ("", "", "", "", money[-1]),
    ]


def _amount(amount: Decimal) -> str:
    text = f"{amount:,f}"
    return text if len(text) <= _LONGEST_AMOUNT else significant(amount, 12)


def _money(usd: Decimal) -> str:
    """Dollars with their cents, also where they are whole, and with no zeros behind those."""
    whole, _, cents = dollars(usd).partition(".")
    return f"{whole}.{cents.rstrip('0'):0<2}"


def _warnings(bill: Bill) -> Iterator[str]:
    """What makes a figure less certain than the others."""
    for line in _first_lines(bill):
        if line.confidence == "low" and not line.yours:
            yield f"The price of {_label(line.quantity, bill)} is of low confidence: {line.source}."
    for text in bill.remarks:
        yield f"{text}."


def _basis(bill: Bill) -> Iterator[str]:
    free = (
        "What is always free every month is taken off, as if nothing else in the organisation used it."
        if bill.free_tier
        else "Nothing that is free every month is taken off; --free-tier does that."
    )
    yield f"{bill.region}, {bill.arch}, the quantities of one month. {free}"
    yield "Nothing is rounded; an invoice rounds each line to the cent. --format json shows every digit."
    yours = [_label(line.quantity, bill) for line in _first_lines(bill) if line.yours]
    if yours:
        yield f"Your own prices: {', '.join(yours)}."
    for (source, date), names in _sources(bill).items():
        yield f"{', '.join(names)}: {source}{date}."


def _sources(bill: Bill) -> dict[tuple[str, str], list[str]]:
    """What is billed by where its price is from; a service whose prices are of one source stands for them."""
    by_source: dict[tuple[str, str], list[Line]] = {}
    for line in _first_lines(bill):
        by_source.setdefault(_source(line), []).append(line)
    found: dict[tuple[str, str], list[str]] = {}
    for source, lines in by_source.items():
        elsewhere = {line.service for line in _first_lines(bill) if _source(line) != source}
        names = (_label(line.quantity, bill) if line.service in elsewhere else line.service for line in lines)
        found[source] = list(dict.fromkeys(names))
    return found


def _source(line: Line) -> tuple[str, str]:
    """The first source of a price, without its address, and the date where the source does not tell it."""
    source = _ADDRESS.sub("", line.source.split(";")[0]).strip()
    date = f", {line.dated}" if line.dated else f", read {line.retrieved}"
    return source, "" if line.dated and line.dated in source else date


def _first_lines(bill: Bill) -> Sequence[Line]:
    """One line of each quantity."""
    return list({line.quantity: line for line in reversed(bill.lines)}.values())[::-1]


def _next(bill: Bill, options: str, own_prices: str) -> list[str]:
    services = {line.service for line in bill.lines}
    service = services.pop() if len(services) == 1 else ""
    facts = " ".join(word for word in ("paredown facts", service, own_prices) if word)
    commands = [(facts, "where prices are from")]
    usd_per_day = round(bill.total_usd * DAYS_PER_MONTH.denominator / DAYS_PER_MONTH.numerator, 2)
    if 0 < usd_per_day <= _LARGEST_BUDGET:
        line = f"paredown budget --dollars-per-day {usd_per_day:f} {options}".rstrip()
        commands.insert(0, (line, "what that buys each day"))
    longest = max(len(line) for line, _ in commands)
    return [f"  {line:<{longest}}   {purpose}" for line, purpose in commands]
