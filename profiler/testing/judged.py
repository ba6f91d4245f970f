"""A measured test held against Lambda and its own limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from profiler.facts import Platform, load, platform_of
from profiler.fit import StepFit, Terms, fit_step
from profiler.model import Measurement, PlannedStep
from profiler.reasons import Effect
from profiler.testing.limits import Limits
from profiler.units import duration, memory, memory_range, significant


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a test used, and what speaks against it."""

    fits: bool | None
    reasons: tuple[str, ...]
    """Sentences: what decides first."""
    figures: str
    """What it used, in one line."""


def judge_test(measurement: Measurement, limits: Limits) -> Judged:
    """Hold a test's call against Lambda, as the step of a job, and against the limits of its marker."""
    assert limits.headroom is not None
    terms = Terms(platform=_platform(), headroom=limits.headroom, warm=True)
    step = PlannedStep(name=measurement.step, kind="step", reads=(), memory_mib=limits.memory_mib)
    fit = fit_step(step, [measurement], terms, planned=1, finished=True)
    against = [reason for reason in fit.reasons if reason.effect is not Effect.NOTE]
    no = [reason.sentence for reason in against if reason.effect is Effect.NO]
    doubt = [reason.sentence for reason in against if reason.effect is Effect.UNDECIDED]
    over, unsure = _peak_reasons(measurement, limits)
    no += [*over, *_gb_s_reasons(fit, limits.max_gb_s)]
    doubt += unsure
    return Judged(
        fits=False if no else None if doubt else True, reasons=(*no, *doubt), figures=_figures(measurement, fit)
    )


@cache
def _platform() -> Platform:
    return platform_of(load(services=("lambda", "ec2")))


def _peak_reasons(measurement: Measurement, limits: Limits) -> tuple[list[str], list[str]]:
    """What its peak says against it, and what cannot be said of it."""
    most, peak = limits.max_peak_bytes, measurement.peak
    if most is None or (peak.high is not None and peak.high <= most):
        return [], []
    said = f"{measurement.step} peaks at {memory_range(peak.low, peak.high)}; max_peak is {memory(most)}."
    return ([said], []) if peak.low > most else ([], [said])


def _gb_s_reasons(fit: StepFit, most: Decimal | None) -> Iterator[str]:
    if most is None or fit.gb_s is None or fit.gb_s <= most:
        return
    at = "peak × time, since no size will do" if fit.memory_mib is None else f"at {fit.memory_mib:,} MB"
    yield (f"{fit.name} takes {significant(fit.gb_s)} GB-seconds {at}; max_gb_s is {significant(most)}.")


def _figures(measurement: Measurement, fit: StepFit) -> str:
    parts = [
        f"peak {memory_range(measurement.peak.low, measurement.peak.high)}",
        f"CPU {duration(measurement.cpu_ns)}",
    ]
    if fit.memory_mib is not None and fit.gb_s is not None and fit.duration_ns is not None:
        parts.append(f"at {fit.memory_mib:,} MB {duration(fit.duration_ns)} and {significant(fit.gb_s)} GB-seconds")
    return ", ".join(parts)
