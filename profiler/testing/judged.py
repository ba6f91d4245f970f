"""A measured call held against Lambda and its own limits."""

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
    """What a call used, and what speaks against it."""

    fits: bool | None
    reasons: tuple[str, ...]
    """Sentences: what decides first."""
    used: str
    """What it used here."""
    there: str
    """What it would use on Lambda; empty where no size will do."""

    @property
    def figures(self) -> str:
        """Both in one line."""
        return f"{self.used}, {self.there}" if self.there else self.used


def judge_call(measurement: Measurement, limits: Limits) -> Judged:
    """Hold a call against Lambda, as the step of a job whose init is not counted, and against limits of its own."""
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
        fits=False if no else None if doubt else True,
        reasons=(*no, *doubt),
        used=_used(measurement),
        there=_there(fit),
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


def _used(measurement: Measurement) -> str:
    return f"peak {memory_range(measurement.peak.low, measurement.peak.high)}, CPU {duration(measurement.cpu_ns)}"


def _there(fit: StepFit) -> str:
    if fit.memory_mib is None or fit.gb_s is None or fit.duration_ns is None:
        return ""
    return f"at {fit.memory_mib:,} MB {duration(fit.duration_ns)} and {significant(fit.gb_s)} GB-seconds"
