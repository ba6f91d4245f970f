"""A solved budget for a terminal: the answer in one sentence, what it means, what it rests on, what to do next.

Plain text, so that it is there at once. The words of the answer are in `budget_sentence`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil

from profiler.pricing.cost import as_decimal
from profiler.pricing.shares import Allowance
from profiler.pricing.solution import Pair, Row, Solution
from profiler.report.budget_sentence import asked, exactly, known, money, number, requests_of, seconds_of, sentence
from profiler.report.plain import continued, table, wrapped
from profiler.units import DAYS_PER_MONTH, align, dollars, significant

_NARROWEST = 60
_LONGEST_BAR = 48
_BESIDE_A_BAR = 34
"""Cells of the memory, the vCPUs, the note and the gaps between all columns; the seconds come on top."""
_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_SHORTEST_S = Fraction(1, 1000)
"""What is billed at least."""
_BEYOND_USE_S = 1_000_000
"""A million seconds are eleven days."""


def budget_text(solution: Solution, *, width: int, options: str = "") -> str:
    """Return a solved budget as text that ends in a newline.

    Args:
        solution: What was found.
        width: Cells of the terminal.
        options: Where the prices are from, as it stood on the reader's command line; the next one says it too.
    """
    width = max(_NARROWEST, width)
    blocks = [
        [wrapped(sentence(solution), width)],
        [wrapped(text, width, first="  ", margin="  ") for text in _known_of_it(solution)],
        _margin(solution, width),
        _shares(solution, width),
        _pairs(solution, width),
        _rows(solution, width),
        [wrapped(f"· {text}", width, first="  ", margin="    ") for text in _basis(solution)],
        ["  Next", *(part for line in [*_next(solution, options)][:3] for part in continued(line, width, margin="  "))],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _known_of_it(solution: Solution) -> Iterator[str]:
    """Where the requests are from, and everything per day and per month."""
    target, who = solution.target, solution.target.customers
    if who is not None:
        parts = [
            f"{number(amount)} {word if amount == 1 else word + 's'}"
            for amount, word in ((who.trainings, "training"), (who.predictions, "prediction"))
            if amount
        ]
        each = parts[0] if len(parts) == 1 else f"({' + '.join(parts)})"
        customers = "customer" if who.number == 1 else "customers"
        yield f"{number(who.number)} {customers} × {each} = {asked(solution)}"
    parts = []
    if target.usd_per_month is not None:
        day = dollars(as_decimal(target.usd_per_month / DAYS_PER_MONTH))
        parts.append(f"{day} a day = {dollars(as_decimal(target.usd_per_month))} a month")
    if target.requests_per_month is not None:
        per_day, per_month = requests_of(known(target.requests_per_day)), number(target.requests_per_month)
        parts.append(f"{per_day} a day = {per_month} a month")
    yield "; ".join(parts)


def _margin(solution: Solution, width: int) -> list[str]:
    margin, who = solution.margin, solution.target.customers
    if margin is None or who is None or who.usd_per_month is None:
        return []
    paid = f"{number(who.number)} × {dollars(as_decimal(who.usd_per_month))} a month"
    left = f"{exactly((margin.share * 100).quantize(Decimal('0.1')))} % of the revenue"
    a_day = (margin.revenue_usd_per_day, margin.cost_usd_per_day, margin.margin_usd_per_day)
    a_month = (margin.revenue_usd, margin.cost_usd, margin.margin_usd)
    days = align([text if "." in text else f"{text}.00" for text in map(dollars, a_day)])
    months = align([dollars(usd) for usd in a_month])
    last = "margin" if margin.margin_usd >= 0 else "loss"
    solved = solution.solved
    needed = solved is not None and solved.usd_per_month is not None and not solution.shares
    cost = "what the requests cost" if needed else "the whole budget"
    rows = zip(("revenue", "cost", last), days, months, (paid, cost, left), strict=True)
    return table([("", "a day", "a month", ""), *rows], width=width, right={1, 2})


def _shares(solution: Solution, width: int) -> list[str]:
    """What each service's share pays for, as one table with a line above the rows of each service."""
    if not solution.shares:
        return []
    requests = solution.target.requests_per_month is not None
    paid = [[allowance for allowance in share.allowances if not allowance.problem] for share in solution.shares]
    rows = [_allowance(allowance, requests=requests) for found in paid for allowance in found]
    head = ("", "a day", "a month", *(("a request",) if requests else ()))
    heading, *figures = table([head, *rows], width=width, right={1, 2, 3}, indent=4)
    if max(map(len, (heading, *figures))) > width:  # A day's are a month's ÷ 365/12; what is held has no others.
        heading, *figures = table([(row[0], *row[2:]) for row in (head, *rows)], width=width, right={1, 2}, indent=4)
    lines = [heading]
    for share, found in zip(solution.shares, paid, strict=True):
        these = "these together" if share.together else "any one of these" if len(found) > 1 else "this"
        title = (
            f"{share.service}, {exactly(share.percent)} %, {money(solution, share.usd_per_day, share.usd_per_month)}"
        )
        lines.append(wrapped(f"{title}: {these}" if found else title, width, first="  ", margin="  "))
        lines += figures[: len(found)]
        figures = figures[len(found) :]
        for allowance in share.allowances:
            if allowance.problem:
                text = f"{_name(allowance)}: {allowance.problem}"
                lines.append(wrapped(text, width, first="    ", margin="      "))
    return lines


def _allowance(allowance: Allowance, *, requests: bool) -> tuple[str, ...]:
    figures = (allowance.per_day, allowance.per_month, allowance.per_request)
    cells = (_name(allowance), *("" if value is None else number(value) for value in figures))
    return cells if requests else cells[:-1]


def _name(allowance: Allowance) -> str:
    name = allowance.quantity.partition(".")[2]
    if allowance.unit == "GB-month" and not allowance.problem:
        return f"{name} (GB all month)"
    if allowance.quantity == "lambda.requests":
        return f"{name} (invocations)"  # A request is the reader's own word here.
    return name


def _pairs(solution: Solution, width: int) -> list[str]:
    """Memory sizes and how long one invocation may take at each, with a bar."""
    if not solution.pairs or solution.rates is None or solution.pairs[0].seconds == 0:
        return []
    of = "one request" if solution.target.invocations_per_request == 1 else "one invocation"
    limit = solution.rates.max_duration_s
    sizes = align([f"{pair.memory_mib:,} MB" for pair in solution.pairs])
    cores = [f"{pair.vcpus:.2f}" for pair in solution.pairs]
    seconds = align([_seconds(pair.seconds) for pair in solution.pairs])
    bars = _bars(solution.pairs, limit, min(_LONGEST_BAR, width - _BESIDE_A_BAR - max(12, len(seconds[0]))))
    notes = [_note(pair.seconds, limit) for pair in solution.pairs]
    head = ("memory", "vCPUs", "seconds", f"{of} may take so long", "")
    lines = table([head, *zip(sizes, cores, seconds, bars, notes, strict=True)], width=width, right={0, 1, 2})
    vcpu_seconds = Fraction(solution.pairs[0].seconds) * Fraction(solution.pairs[0].vcpus)
    text = f"Each is {significant(vcpu_seconds)} vCPU-seconds; one thread uses one vCPU at most."
    return [*lines, wrapped(text, width, first="  ", margin="  ")]


def _seconds(seconds: Decimal | Fraction) -> str:
    """Seconds with three digits; what is beyond all use has an exponent, so that it does not widen its column."""
    return significant(seconds) if seconds < _BEYOND_USE_S else f"{as_decimal(Fraction(seconds)):.2e}"


def _note(seconds: Decimal | Fraction, limit: int) -> str:
    if seconds > limit:
        return f"over {limit} s"
    return "under 1 ms" if seconds < _SHORTEST_S else ""


def _bars(pairs: Sequence[Pair], limit: int, cells: int) -> list[str]:
    """A bar for each pair; one that is longer than an invocation may be ends in an arrow."""
    longest = min(Fraction(limit), max(Fraction(pair.seconds) for pair in pairs))
    bars = []
    for pair in pairs:
        eighths = max(1, round(min(Fraction(1), Fraction(pair.seconds) / longest) * cells * 8))
        bar = "█" * (eighths // 8) + _EIGHTHS[eighths % 8]
        bars.append("█" * (cells - 1) + "→" if pair.too_long else bar)
    return bars


def _rows(solution: Solution, width: int) -> list[str]:
    """The table of GB-seconds, where it says more than the answer and what follows from it."""
    rows = solution.rows
    if len(rows) < 2 or solution.rates is None or (solution.shares and solution.pairs):
        return []
    columns: list[tuple[str, Sequence[str]]] = [
        ("GB-seconds each", align([exactly(row.gb_s_per_request) for row in rows]))
    ]
    if rows[0].requests_per_day is not None:
        columns.append(("requests a day", [f"{known(row.requests_per_day):,}" for row in rows]))
    if rows[0].requests_per_month is not None and rows[0].usd_per_day is None:
        columns.append(("a month", [f"{known(row.requests_per_month):,}" for row in rows]))
    if rows[0].usd_per_day is not None:
        columns.append((f"{number(known(solution.target.requests_per_day))} a day cost", _costs(rows)))
    times = [seconds_of(row.gb_s_per_request, solution) for row in rows]
    columns.append((f"s at {solution.rates.mib_per_vcpu:,} MB", align([_seconds(time) for time in times])))
    columns.append(("", [_note(time, solution.rates.max_duration_s) for time in times]))
    lines = _columns(columns, width)
    while max(map(len, lines)) > width and len(columns) > 2:
        columns.pop()  # How long a request may take follows from its GB-seconds; what it costs does not.
        lines = _columns(columns, width)
    return lines


def _columns(columns: Sequence[tuple[str, Sequence[str]]], width: int) -> list[str]:
    """Named columns as the lines of a table; notes, which have no name, stand at the left."""
    head = tuple(name for name, _ in columns)
    right = [place for place, name in enumerate(head) if name]
    return table([head, *zip(*(cells for _, cells in columns), strict=True)], width=width, right=right)


def _costs(rows: Sequence[Row]) -> Sequence[str]:
    return align([dollars(known(row.usd_per_day)) for row in rows])


def _basis(solution: Solution) -> Iterator[str]:
    if solution.prices_date is not None:
        yield f"AWS's prices of {solution.region}, {solution.arch}, of {solution.prices_date} or later."
    if solution.yours:
        only = "; no other price was used" if solution.prices_date is None else ""
        yield f"Your own, not AWS's: {', '.join(solution.yours)}{only}."
    if solution.free_tier:
        yield "What is always free is taken off, as if nothing else in the account used it."
    else:
        yield "Nothing that is always free is taken off; --free-tier does that."
    if solution.rates is not None:
        each = number(solution.target.invocations_per_request)
        word = "invocation" if each == "1" else "invocations"
        yield f"Lambda's GB-seconds and {each} {word} a request; nothing else of Lambda's."
    yield "A month is 365/12 days; what has no parts is whole."


def _next(solution: Solution, options: str) -> Iterator[str]:
    target, rest = solution.target, f" {options}" if options else ""
    usd, requests, gb_s = "--dollars-per-day 7", "--requests-per-day 3000", ""
    if target.usd_per_month is not None:
        value = target.usd_per_month if target.by_month else known(target.usd_per_day)
        usd = f"--dollars-per-{'month' if target.by_month else 'day'} {as_decimal(value):f}"
    if target.requests_per_month is not None:
        value = target.requests_per_month if target.requests_by_month else known(target.requests_per_day)
        requests = f"--requests-per-{'month' if target.requests_by_month else 'day'} {ceil(value)}"
    if target.gb_s_per_request:
        gb_s = f" --gb-s-per-request {','.join(f'{as_decimal(value):f}' for value in target.gb_s_per_request)}"
    if target.usd_per_month is not None and target.requests_per_month is not None:
        yield f"paredown budget --run last {usd} {requests}{rest}"
    if target.invocations_per_request != 1:
        rest = f" --invocations-per-request {as_decimal(target.invocations_per_request):f}{rest}"
    if target.usd_per_month is None or target.requests_per_month is None:
        yield f"paredown budget {usd} {requests}{gb_s}{rest}"
    if not solution.shares:
        yield f"paredown budget {usd} --share lambda=80,dynamodb=20{rest}"
    if (
        solution.arch != "arm64"
        and "arm64" in solution.architectures
        and target.usd_per_month is not None
        and not solution.shares
    ):
        asks = f" {requests}" if target.requests_per_month is not None else ""
        yield f"paredown budget {usd}{asks}{gb_s} --arch arm64{rest}"
