"""Limits that somebody set, held against one variant: highest memory, GB-seconds and dollars per request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from profiler.fit import StepFit
from profiler.model import Peak
from profiler.pricing.cost import as_decimal
from profiler.reasons import Effect, Reason, ReasonKind, Unit
from profiler.settings import Rules
from profiler.units import count, dollars, memory, memory_range, significant
from profiler.variants import VariantVerdict

Value = TypeVar("Value", int, Decimal)


def passed_limits(variant: VariantVerdict, rules: Rules, *, job: str) -> Iterator[Reason]:
    """Find the limits that a variant passes, and those of which that cannot be said.

    What is not complete is a lower bound: it passes a limit or says nothing.
    """
    known = variant.complete and not variant.hypothetical
    for step in variant.steps:
        limits = rules.of(step.name)
        if limits.max_peak_bytes is not None and step.peak is not None:
            yield from peak_reasons(step.name, step.peak, limits.max_peak_bytes)
        if limits.max_gb_s is not None:
            yield from _gb_s(step.name, _part(step, variant), limits.max_gb_s, known=known)
    whole = rules.whole
    if whole.max_gb_s is not None:
        yield from _gb_s(job, variant.gb_s_per_request, whole.max_gb_s, known=known)
    if whole.max_usd_per_request is not None:
        yield from _usd(job, variant.usd_per_request, whole.max_usd_per_request, known=known)


def _part(step: StepFit, variant: VariantVerdict) -> Decimal | None:
    """A step's GB-seconds of one request."""
    if step.gb_s is None or not variant.requests:
        return None
    return as_decimal(Fraction(step.gb_s) / variant.requests)


def peak_reasons(subject: str, peak: Peak, limit: int, *, name: str = "max-peak") -> Iterator[Reason]:
    """Hold a peak against a limit in bytes that is called `name`: a no beyond it, a doubt where it may be."""
    if peak.high is not None and peak.high <= limit:
        return
    over = peak.low > limit
    figure = peak.low if over or peak.high is None else peak.high
    shown, most = apart(memory_range(peak.low, peak.high), memory(limit), figure, limit, lambda size, _: _bytes(size))
    yield Reason(
        kind=ReasonKind.MAX_PEAK,
        effect=Effect.NO if over else Effect.UNDECIDED,
        subject=subject,
        text=f"holds {shown} at its peak; {name} is {most}",
        remedy="" if over else "run it without further processes (n_jobs=1), and its peak is exact",
        figure=figure,
        limit=limit,
        unit=Unit.BYTES,
    )


def _gb_s(subject: str, figure: Decimal | None, limit: Decimal, *, known: bool) -> Iterator[Reason]:
    if figure is None:
        yield from _not_known(ReasonKind.MAX_GB_S, subject, "GB-seconds", "max-gb-s", expected=known)
    elif figure > limit:
        yield gb_s_passed(subject, figure, limit, of="per request")


def gb_s_passed(subject: str, figure: Decimal, limit: Decimal, *, of: str, name: str = "max-gb-s") -> Reason:
    """Return the reason that more GB-seconds than a limit called `name` are taken; `of` says by what."""
    shown, most = apart(significant(figure), _plain(limit), figure, limit, significant)
    return Reason(
        kind=ReasonKind.MAX_GB_S,
        effect=Effect.NO,
        subject=subject,
        text=f"takes {shown} GB-seconds {of}; {name} is {most}",
        figure=figure,
        limit=limit,
        unit=Unit.GB_SECONDS,
    )


def _usd(subject: str, figure: Decimal | None, limit: Decimal, *, known: bool) -> Iterator[Reason]:
    if figure is None:
        yield from _not_known(ReasonKind.MAX_USD, subject, "dollars", "max-usd-per-request", expected=known)
    elif figure > limit:
        shown, most = apart(
            dollars(figure), f"${_plain(limit)}", figure, limit, lambda usd, digits: f"${significant(usd, digits)}"
        )
        yield Reason(
            kind=ReasonKind.MAX_USD,
            effect=Effect.NO,
            subject=subject,
            text=f"costs {shown} per request; max-usd-per-request is {most}",
            figure=figure,
            limit=limit,
            unit=Unit.USD,
        )


def _not_known(kind: ReasonKind, subject: str, what: str, name: str, *, expected: bool) -> Iterator[Reason]:
    """Of what did not come to its end or fits nowhere, something else says that it is not known."""
    if expected:
        yield Reason(
            kind=kind,
            effect=Effect.UNDECIDED,
            subject=subject,
            text=f"has {name} to keep, but how many {what} a request takes is not known",
            remedy="run it to its end, so that its requests are counted",
        )


def apart(
    figure_text: str, limit_text: str, figure: Value, limit: Value, precise: Callable[[Value, int], str]
) -> tuple[str, str]:
    """Return a figure and its limit as texts that differ, with more digits where three are not enough.

    >>> apart("2.50", "2.50", Decimal("2.504"), Decimal("2.5"), significant)
    ('2.504', '2.500')
    """
    texts = figure_text, limit_text
    for digits in range(4, 30):
        if texts[0] != texts[1]:
            break
        texts = precise(figure, digits), precise(limit, digits)
    return texts


def _plain(limit: Decimal) -> str:
    """A limit as it was written."""
    return f"{limit.normalize():f}"


def _bytes(size: int) -> str:
    return f"{count(size)} bytes"
