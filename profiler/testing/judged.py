"""A measured call held against Lambda and its own limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from profiler.checking.limits import gb_s_passed, peak_reasons
from profiler.facts import Platform, load, platform_of
from profiler.fit import StepFit, Terms, fit_step
from profiler.model import Ending, Measurement, Outcome, Peak, PlannedStep, Variant
from profiler.reasons import Effect, Reason, fits_all
from profiler.runner.machine import usable_cores
from profiler.sizing import has_figures
from profiler.testing.limits import Limits
from profiler.units import duration, memory_range, significant


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
    against = [
        reason for reason in (*fit.reasons, *_passed(measurement, fit, limits)) if reason.effect is not Effect.NOTE
    ]
    in_order = sorted(against, key=lambda reason: reason.effect is not Effect.NO)
    return Judged(
        fits=fits_all(against),
        reasons=tuple(reason.sentence for reason in in_order),
        used=_used(measurement),
        there=_there(fit),
    )


def a_call(name: str) -> Measurement:
    """Return the measurement of a call of which nothing is known yet, for `replace` or `measure` to fill in."""
    return Measurement(
        variant=Variant.DECOMPOSED, step=name, index=0, outcome=Outcome(ending=Ending.OK),
        started_ns=0, wall_ns=0, cpu_ns=0, wait_ns=0, init_ns=0, init_cpu_ns=0,
        peak=Peak(low=0, high=None), start_bytes=0, cores=float(usable_cores()),
    )  # fmt: skip


@cache
def _platform() -> Platform:
    return platform_of(load(services=("lambda", "ec2")))


def _passed(measurement: Measurement, fit: StepFit, limits: Limits) -> Iterator[Reason]:
    """What speaks against it by the limits of its own."""
    if limits.max_peak_bytes is not None and has_figures(measurement):
        yield from peak_reasons(measurement.step, measurement.peak, limits.max_peak_bytes, name="max_peak")
    if limits.max_gb_s is not None and fit.gb_s is not None and fit.gb_s > limits.max_gb_s:
        by = "by peak × time, since no size will do" if fit.memory_mib is None else f"at {fit.memory_mib:,} MB"
        yield gb_s_passed(measurement.step, fit.gb_s, limits.max_gb_s, of=by, name="max_gb_s")


def _used(measurement: Measurement) -> str:
    return f"peak {memory_range(measurement.peak.low, measurement.peak.high)}, CPU {duration(measurement.cpu_ns)}"


def _there(fit: StepFit) -> str:
    if fit.memory_mib is None or fit.gb_s is None or fit.duration_ns is None:
        return ""
    return f"at {fit.memory_mib:,} MB {duration(fit.duration_ns)} and {significant(fit.gb_s)} GB-seconds"
