"""A report as a list of cases, for formats that have one entry per step: each step of each variant, and each whole.

What the formats show of a figure is the median over a run's repetitions. A variant that did not end well has none: it
would be a lower bound, and look like something that got better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from profiler.fit import StepFit
from profiler.model import Run, Variant
from profiler.reasons import Reason
from profiler.report.clean import one_line
from profiler.report.shape import Report
from profiler.series import Series, series_of
from profiler.units import NS_PER_S
from profiler.variants import VariantVerdict
from profiler.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the repetitions of a step or of a variant gave: one value for each, in the order in which they ran."""

    peak_bytes: tuple[int, ...]
    bounded: bool
    """Some of these peaks are known between two ends only."""
    cpu_s: tuple[float, ...]
    """With an init for each task, as on Lambda after a cold start."""
    wall_s: tuple[float, ...]
    """Of a step: the sum over its tasks; of a variant: elapsed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One step of a variant, or the whole of it."""

    variant: Variant
    name: str
    """Of the step, clean; no two of a variant are alike. Empty: the whole variant."""
    step: str | None
    """As the job has it; None: the whole variant."""
    fits: bool | None
    """Of a step: Lambda alone. Of the whole that decides: the verdict, with the budget and the answer."""
    reasons: tuple[Reason, ...]
    """Of this case: the whole does not repeat what its steps say."""
    tasks: int
    failed_tasks: int
    wall_ns: int
    """As `Figures.wall_s`, of the typical repetition."""
    memory_mib: int | None
    """On Lambda; None where no size holds it, or the variant did not end well."""
    gb_s: Decimal | None
    """Of one run; None where the variant did not end well."""
    hypothetical: bool
    """No Lambda holds it: `gb_s` is peak × time."""
    usd_per_request: Decimal | None
    """Of a whole variant; None where it is not known how many requests a run serves."""
    figures: Figures | None
    """None: the variant did not end well."""


def cases_of(report: Report) -> tuple[Case, ...]:
    """Return the cases of a report: for each variant the whole first, then its steps in order."""
    verdict = report.verdict
    series = {(item.variant, item.step): item for item in series_of(report.run)}
    variants = (verdict.monolith, verdict.decomposed)
    return tuple(
        case
        for variant in variants
        if variant is not None
        for case in (_whole(variant, verdict, series), *_steps(variant, report.run, series))
    )


def spread(values: Sequence[float]) -> float | None:
    """Return how far the values lie from their median at most; None for a single one.

    >>> spread((10, 11, 14)), spread((10,))
    (3, None)
    """
    middle = median(values)
    return max(abs(value - middle) for value in values) if len(values) > 1 else None


def _whole(variant: VariantVerdict, verdict: Verdict, series: dict[tuple[Variant, str | None], Series]) -> Case:
    decides = variant.variant is verdict.decided_by
    of_steps = {(reason.subject, reason.text) for step in variant.steps for reason in step.reasons}
    reasons = verdict.reasons if decides else variant.reasons
    return Case(
        variant=variant.variant,
        name="",
        step=None,
        fits=verdict.fits if decides else variant.fits,
        reasons=tuple(reason for reason in reasons if (reason.subject, reason.text) not in of_steps),
        tasks=variant.tasks,
        failed_tasks=sum(_failed(step) for step in variant.steps),
        wall_ns=variant.wall_ns,
        memory_mib=variant.memory_mib if variant.complete else None,
        gb_s=variant.gb_s if variant.complete else None,
        hypothetical=variant.hypothetical,
        usd_per_request=variant.usd_per_request if variant.complete else None,
        figures=_figures(series.get((variant.variant, None))),
    )


def _steps(variant: VariantVerdict, run: Run, series: dict[tuple[Variant, str | None], Series]) -> Iterator[Case]:
    taken: dict[str, int] = {}
    for step in variant.steps:
        name = one_line(step.name)
        if step.kind == "script" and any(other.kind == "mark" for other in variant.steps):
            name = f"{name}, the rest"
        taken[name] = taken.get(name, 0) + 1
        yield Case(
            variant=variant.variant,
            name=name if taken[name] == 1 else f"{name} ({taken[name]})",
            step=step.name,
            fits=step.fits,
            reasons=step.reasons,
            tasks=step.tasks,
            failed_tasks=_failed(step),
            wall_ns=step.wall_ns,
            memory_mib=step.memory_mib if variant.complete and not step.hypothetical else None,
            gb_s=step.gb_s if variant.complete else None,
            hypothetical=step.hypothetical,
            usd_per_request=None,
            figures=_figures(series.get((variant.variant, step.name))),
        )


def _failed(step: StepFit) -> int:
    return sum(tasks for ending, tasks in step.outcomes.items() if ending != "ok")


def _figures(series: Series | None) -> Figures | None:
    if series is None:
        return None
    return Figures(
        peak_bytes=series.peak_bytes,
        bounded=series.bounded,
        cpu_s=tuple(ns / NS_PER_S for ns in series.cpu_ns),
        wall_s=tuple(ns / NS_PER_S for ns in series.wall_ns),
    )
