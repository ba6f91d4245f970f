"""The three figures that matter most, before and after: memory, GB-seconds and dollars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from profiler.model import Run
from profiler.report.clean import one_line
from profiler.report.figures import seen
from profiler.report.shape import Figure, Value
from profiler.report.totals import less_by
from profiler.units import dollars, memory_range, significant
from profiler.variants import VariantVerdict
from profiler.verdict import Verdict

End = int | Decimal | None


def key_figures(verdict: Verdict, run: Run) -> tuple[Figure, ...]:
    """Return what is known of memory, GB-seconds and dollars; by how much less only where both variants ran to the end.

    GB-seconds are a request's where a run serves several, dollars a day's where there is a budget.
    """
    variants = [variant for variant in (verdict.monolith, verdict.decomposed) if variant is not None]
    each = verdict.requests not in (None, 1)
    figures = (
        _figure("memory at the peak", variants, run, _memory, _ends_of_peak),
        _figure(
            f"GB-seconds a {'request' if each else 'run'}",
            variants,
            run,
            lambda item: _amount(_gb_s(item, each=each)),
            lambda item: (_gb_s(item, each=each),) * 2,
        ),
        _figure(
            f"dollars a {'run' if verdict.budget is None else 'day'}",
            variants,
            run,
            lambda item: _money(_usd(item, verdict)),
            lambda item: (_usd(item, verdict),) * 2,
            detail=_paid,
        ),
    )
    return tuple(figure for figure in figures if any(value.text for value in figure.values))


def _figure(
    label: str,
    variants: Sequence[VariantVerdict],
    run: Run,
    text: Callable[[VariantVerdict], str],
    ends: Callable[[VariantVerdict], tuple[End, End]],
    *,
    detail: Callable[[VariantVerdict], str] = lambda _: "",
) -> Figure:
    comparable = len(variants) == 2 and all(item.complete for item in variants)
    values = tuple(
        Value(variant=_name(item, run), text=text(item), detail=detail(item) if text(item) else "") for item in variants
    )
    return Figure(label=label, values=values, less=_less(*map(ends, variants)) if comparable else "")


def _less(first: tuple[End, End], second: tuple[End, End]) -> str:
    by = less_by(first, second)
    return f"{by} less" if by.endswith("×") else by


def _name(item: VariantVerdict, run: Run) -> str:
    name = "script" if run.is_script else item.variant.value
    return name if item.complete or run.is_script else f"{name} (part)"


def _memory(item: VariantVerdict) -> str:
    peak = seen(item.peak)
    return "" if peak is None else memory_range(peak.low, peak.high)


def _ends_of_peak(item: VariantVerdict) -> tuple[End, End]:
    peak = seen(item.peak)
    return (None, None) if peak is None else (peak.low, peak.high)


def _gb_s(item: VariantVerdict, *, each: bool) -> Decimal | None:
    return item.gb_s_per_request if each else item.gb_s


def _usd(item: VariantVerdict, verdict: Verdict) -> Decimal | None:
    return item.usd_per_run if verdict.budget is None else item.usd_per_day


def _amount(value: Decimal | None) -> str:
    return "" if value is None else significant(value)


def _money(usd: Decimal | None) -> str:
    return "" if usd is None else dollars(usd)


def _paid(item: VariantVerdict) -> str:
    """What the dollars pay, where it is not Lambda: no Lambda holds the work."""
    return one_line(item.machine.type) if item.hypothetical and item.machine is not None else ""
