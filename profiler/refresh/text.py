"""What differs between current prices and the facts, as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby

from profiler.refresh.comparing import Change, Comparison
from profiler.refresh.fetching import Fetched, LeftOut
from profiler.units import align, count, significant

_NARROWEST, _WIDEST = 40, 120
_GAP = "  "
_TITLES = ("", "bundled", "now", "change", "per")
_REQUIRED = 4
"""Columns without which there is nothing to see; the others are shown where they fit."""

Row = tuple[str, ...]


def label(service: str, name: str, arch: str | None) -> str:
    """Return the name of a quantity, as one gives it to `paredown bill`, with the architecture where it has one."""
    return f"{service}.{name}" + (f" on {arch}" if arch else "")


def reasons(left_out: Sequence[LeftOut]) -> list[str]:
    """Return why quantities were left out, each reason once, with all that it holds for."""
    names: dict[str, list[str]] = {}
    for left in left_out:
        names.setdefault(left.reason, []).append(label(left.service, left.name, left.arch))
    return [f"{reason}: {', '.join(quantities)}" for reason, quantities in names.items()]


def shown(fetched: Fetched, comparison: Comparison, *, width: int) -> str:
    """Return what differs, what does not and what was not found, as text that ends in a newline."""
    width = min(max(width, _NARROWEST), _WIDEST)
    parts = [textwrap.fill(_heading(fetched), width, break_on_hyphens=False)]
    if comparison.changes:
        parts.append("\n".join(_table(comparison.changes, width)))
    if comparison.same:
        same = f"{count(comparison.same)} price{'' if comparison.same == 1 else 's'}"
        nothing = "" if comparison.changes else "Nothing differs. "
        parts.append(textwrap.fill(f"{nothing}The same as the bundled facts: {same}.", width))
    if fetched.left_out:
        parts.append("\n".join(_left_out(fetched, width)))
    return "\n\n".join(parts) + "\n"


def _heading(fetched: Fetched) -> str:
    dates = sorted(price.origin.date for price in fetched.prices)
    published = f"{dates[0]}" if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    return f"Prices in {fetched.region} from the AWS Price List API, published {published}"


def _table(changes: Sequence[Change], width: int) -> list[str]:
    """One row per tier that differs; names stand above where there are several, or no room beside."""
    for stacked, columns in ((False, len(_TITLES)), (False, _REQUIRED), (True, _REQUIRED)):
        lines = _lines([_TITLES, *_rows(changes, stacked)], columns)
        if max(map(len, lines)) <= width:
            break
    return lines


def _lines(rows: Sequence[Row], columns: int) -> list[str]:
    """Pad the cells of each column; a row of a name alone is as long as it is."""
    cells = [row[:columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*(row for row in cells if len(row) > 1), strict=True)]
    return [(_GAP + _GAP.join(map(str.ljust, row, widths))).rstrip() for row in cells]


def _rows(changes: Sequence[Change], stacked: bool) -> Iterator[Row]:
    before = align(["" if change.before is None else _usd(change.before) for change in changes])
    now = align([_usd(change.now) for change in changes])
    numbered = zip(changes, before, now, strict=True)
    for price, group in groupby(numbered, key=lambda item: item[0].price):
        name = label(price.service, price.name, price.arch)
        tiers = list(group)
        beside = len(tiers) == 1 and _span(tiers[0][0]) == "" and not stacked
        if not beside:
            yield (name,)
        for change, old, new in tiers:
            first = name if beside else f"{_GAP}{_span(change) or 'all'}"
            yield (first, old if change.before is not None else "none", new, _change(change), price.unit)


def _span(change: Change) -> str:
    """The amounts of a month that a price holds for; nothing where it holds for all."""
    start = f"{change.from_quantity:,f}"
    if change.to_quantity is not None:
        return f"{start} to {change.to_quantity:,f}"
    return f"from {start}" if change.from_quantity else ""


def _usd(usd: Decimal) -> str:
    """Every digit of a price, since two that differ must not look the same; and at least the cents.

    >>> [_usd(Decimal(usd)) for usd in ("0.0000002000", "5", "0.5", "0.3328")]
    ['$0.0000002', '$5.00', '$0.50', '$0.3328']
    """
    text = f"{usd.normalize():f}"
    return f"${text}" if len(text.partition(".")[2]) > 2 else f"${usd:.2f}"


def _change(change: Change) -> str:
    """How much more or less, to two digits."""
    if change.before is None:
        return "new"
    if change.before == 0:
        return "was free"
    share = (change.now / change.before - 1) * 100
    return f"{'+' if share > 0 else '-'}{significant(abs(share), 2)} %"


def _left_out(fetched: Fetched, width: int) -> Iterator[str]:
    yield "Left out, since nothing is guessed:"
    for reason in reasons(fetched.left_out):
        yield textwrap.fill(
            reason, width, initial_indent=_GAP, subsequent_indent=_GAP * 2, break_on_hyphens=False
        )  # fmt: skip
