"""The figures that a manager asks for: both variants side by side, and by how much one needs less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from profiler.hosts import Hosts
from profiler.model import Peak, Run, Variant
from profiler.report.clean import one_line
from profiler.report.figures import seen
from profiler.report.hosts import on_hosts
from profiler.report.shape import Cell, Column, Row, Table
from profiler.units import MIB_PER_GB, NS_PER_HOUR, count, dollars, duration, memory_range, percent, ratio, significant
from profiler.variants import MachineCost, VariantVerdict
from profiler.verdict import BudgetVerdict, Verdict

Line = tuple[str, tuple[str, ...], str]
"""Label, one text per variant, and by how much the second is less."""


def totals_table(verdict: Verdict, run: Run, hosts: Hosts | None = None) -> Table:
    """Lay out what both variants come to; one that is not complete, or alone, is by nothing less than another.

    Nor is an elapsed time, where hosts that are not alike had a part in it.
    """
    variants = [variant for variant in (verdict.monolith, verdict.decomposed) if variant is not None]
    lines = [line for line in _lines(verdict, variants, hosts) if any(line[1])]
    names = ["script" if run.is_script else item.variant.value for item in variants]
    titles = (
        Column(key="what"),
        *(
            Column(key=name, title=name if item.complete or run.is_script else f"{name} (part)")
            for name, item in zip(names, variants, strict=True)
        ),
    )
    comparable = len(variants) == 2 and all(item.complete for item in variants)
    less = (Column(key="less", title="less by", right=True),) if comparable else ()
    rows = tuple(
        Row(cells=tuple(Cell(text=text) for text in (label, *figures, *((by,) if less else ()))))
        for label, figures, by in lines
    )
    return Table(columns=(*titles, *less), rows=rows)


def totals_notes(verdict: Verdict, run: Run) -> tuple[str, ...]:
    """Say what the figures above are of: the budget, the machine, and what nobody sells."""
    notes = []
    if verdict.budget is not None:
        notes.append(_budget_sentence(verdict, verdict.budget))
    monolith = verdict.monolith
    if monolith is not None and monolith.hypothetical:
        name = "script" if run.is_script else "monolith"
        notes.append(f"No Lambda holds the {name}: its GB-seconds are peak × time, and only serve to compare.")
    if monolith is not None and monolith.machine is not None:
        notes.append(_machine_sentence(monolith.machine))
    for item in (verdict.monolith, verdict.decomposed):
        if item is not None and not item.complete:
            name = {Variant.MONOLITH: "monolith", Variant.DECOMPOSED: "decomposed variant"}[item.variant]
            name = "script" if run.is_script else name
            how = "has not ended yet" if run.maker else "did not end well"
            notes.append(f"The {name} {how}, so its figures are lower bounds.")
    return tuple(notes)


def less_by(first: Sequence[int | Decimal | None], second: Sequence[int | Decimal | None]) -> str:
    """Say how many times less the second is; both are a low and a high end, None where that is not known.

    >>> less_by((41, 41), (1, 1)), less_by((10, 20), (2, 4)), less_by((2, 2), (3, 3)), less_by((2, 2), (1, None))
    ('41 ×', '2.5–10 ×', '1.5 × more', '')
    >>> less_by((100, 100), (101, 101))
    'the same'
    """
    if None in (*first, *second) or not all((*first, *second)):
        return ""
    (low, high), (other_low, other_high) = ([Fraction(end or 0) for end in ends] for ends in (first, second))
    least, most = low / other_high, high / other_low
    if ratio(max(most, 1 / least)) == ratio(1):
        return "the same"
    if most < 1:
        return f"{_between(1 / most, 1 / least)} × more"
    return f"{_between(least, most)} ×"


def _between(least: Fraction, most: Fraction) -> str:
    texts = ratio(least), ratio(most)
    return texts[0] if texts[0] == texts[1] else "–".join(texts)


def _lines(verdict: Verdict, variants: Sequence[VariantVerdict], hosts: Hosts | None) -> list[Line]:
    highest = [seen(item.peak) for item in variants]
    lines = [
        _line(
            "memory at the peak",
            ["" if peak is None else memory_range(peak.low, peak.high) for peak in highest],
            [_ends(peak) for peak in highest],
        ),
        _line(
            "time on this machine" if hosts is None else "time as measured",
            [_elapsed(item, hosts) if item.tasks else "" for item in variants],
            [_both(item.wall_ns if hosts is None or hosts.same_speed else None) for item in variants],
        ),
        _line(
            "time on AWS",
            [_time_there(item, verdict) for item in variants],
            [_both(item.answer_ns) for item in variants],
        ),
    ]
    one_request = verdict.requests in (None, 1)
    lines.append(_amount("GB-seconds a run", [item.gb_s for item in variants]))
    if not one_request:
        lines.append(_amount("GB-seconds a request", [item.gb_s_per_request for item in variants]))
    lines.append(_amount("GB-seconds a day", [item.gb_s_per_day for item in variants]))
    money = [item.usd_per_run for item in variants], [item.usd_per_day for item in variants]
    label, usd = ("dollars a run", money[0]) if verdict.budget is None else ("dollars a day", money[1])
    lines.append(_line(label, [_money(*pair) for pair in zip(usd, variants, strict=True)], [_both(v) for v in usd]))
    if verdict.budget is not None and variants:
        lines += _always_on(variants)
    return lines


def _elapsed(item: VariantVerdict, hosts: Hosts | None) -> str:
    """The time that a variant took, and on how many hosts, where that is more than one."""
    return ", ".join(part for part in (duration(item.wall_ns), on_hosts(hosts, item.variant)) if part)


def _always_on(variants: Sequence[VariantVerdict]) -> Iterator[Line]:
    """What a machine for the monolith costs a day when nobody turns it off."""
    first, others = variants[0], variants[1:]
    for machine in _machines(first):
        usd = [machine.usd_always_on, *(item.usd_per_day for item in others)]
        texts = [dollars(machine.usd_always_on), *("" for _ in others)]
        yield _line(f"  {one_line(machine.type)} always on", texts, [_both(value) for value in usd])


def _machines(item: VariantVerdict) -> list[MachineCost]:
    """The machine that a monolith needs and the one that is asked of, where no Lambda holds it."""
    if not item.hypothetical:
        return []
    named = {machine.type: machine for machine in (item.machine, item.default_machine) if machine is not None}
    return list(named.values())


def _line(label: str, texts: Sequence[str], ends: Sequence[Sequence[int | Decimal | None]]) -> Line:
    return label, tuple(texts), less_by(*ends) if len(ends) == 2 else ""


def _amount(label: str, amounts: Sequence[Decimal | None]) -> Line:
    texts = ["" if amount is None else significant(amount) for amount in amounts]
    return _line(label, texts, [_both(amount) for amount in amounts])


def _both(value: int | Decimal | None) -> tuple[int | Decimal | None, int | Decimal | None]:
    return value, value


def _ends(peak: Peak | None) -> tuple[int | None, int | None]:
    return (None, None) if peak is None else (peak.low, peak.high)


def _time_there(item: VariantVerdict, verdict: Verdict) -> str:
    """The time from start to answer: predicted on Lambda, or as here on the machine that would hold it."""
    if item.answer_ns is None:
        return ""
    time = duration(item.answer_ns)
    if item.hypothetical and item.machine is not None:
        return f"{time}, {one_line(item.machine.type)}"
    most = max((step.tasks for step in item.steps), default=1) if item.variant is Variant.DECOMPOSED else 1
    at_once = min(most, verdict.assumptions.tasks_at_once or most)
    return f"{time}, {count(at_once)} at once" if at_once > 1 else time


def _money(usd: Decimal | None, item: VariantVerdict) -> str:
    """Dollars, with the machine that they pay by its hours, where that is not Lambda."""
    if usd is None:
        return ""
    return (
        dollars(usd)
        if item.machine is None or not item.hypothetical
        else f"{dollars(usd)}, {one_line(item.machine.type)}"
    )


def _budget_sentence(verdict: Verdict, budget: BudgetVerdict) -> str:
    requests = count(budget.requests_per_day)
    day = f"A day is {requests} {'request' if budget.requests_per_day == 1 else 'requests'}"
    if verdict.requests not in (None, 0, 1):
        assert verdict.requests is not None
        runs = Fraction(budget.requests_per_day, verdict.requests)
        day += f", {_runs(runs)} of {count(verdict.requests)}"
    day += f"; {dollars(budget.usd_per_day)} for it allows {significant(budget.allowed_gb_s_per_request)} GB-seconds "
    day += "a request"
    if budget.needed_gb_s_per_request is None:
        return f"{day}."
    day += f", and {significant(budget.needed_gb_s_per_request)} are needed"
    if budget.share is not None:
        day += f": {percent(budget.share)} of the money"
    if budget.requests_bought is not None:
        day += f". The same money buys {count(budget.requests_bought)} requests a day"
    return f"{day}."


def _runs(runs: Fraction) -> str:
    if runs == 1:
        return "one run"
    return f"{count(int(runs))} runs" if runs.denominator == 1 else f"{significant(runs)} runs"


def _machine_sentence(machine: MachineCost) -> str:
    size = f"{Decimal(machine.memory_mib) / MIB_PER_GB:,f}"
    what = f"{one_line(machine.type)} ({size} GB, {count(machine.vcpus)} vCPUs)"
    if machine.machines > 1:
        what = f"{count(machine.machines)} × {what}"
    hours = ""
    if machine.hours_per_day is not None and machine.machines > 1:
        hours = f" for {significant(machine.hours_per_day)} machine hours a day"
    elif machine.hours_per_day is not None:
        hours = f" for {duration(int(machine.hours_per_day * NS_PER_HOUR))} a day"
    price = f"${machine.usd_per_hour.normalize():f} an hour"
    return f"The smallest listed EC2 machine that holds it: {what}{hours}, at {price}."
