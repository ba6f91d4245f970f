"""One variant of a job, held against the platform: what both variants share.

`decomposed` and `monolith` judge one each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from profiler.fit import StepFit, Terms
from profiler.model import Measurement, Peak, Run, Variant, VariantEnd
from profiler.pricing.budgeting import usd_per_day
from profiler.pricing.cost import as_decimal
from profiler.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineCost:
    """The EC2 machine that would hold a monolith."""

    type: str
    memory_mib: int
    vcpus: int
    usd_per_hour: Decimal
    machines: int
    """More than one where a day has not enough hours for one."""
    hours_per_day: Decimal | None
    """Machine hours that the day's runs take; None without a budget, which says how many those are."""
    usd_for_hours: Decimal | None
    """A day, paid by those hours."""
    usd_always_on: Decimal
    """A day, all machines always on."""
    usd_per_run: Decimal
    """One run, paid by its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantVerdict:
    """One variant of a job, held against the platform."""

    variant: Variant
    complete: bool
    """Every step ended well; otherwise the figures below are of what was measured, and so are lower bounds."""
    problem: str
    """Why it is not complete."""
    steps: tuple[StepFit, ...]
    tasks: int
    """Tasks that came to an end, however they did."""
    invocations: int
    """Of one run on Lambda: one per task; one for a whole monolith."""
    requests: int | None
    """That one run serves."""
    peak: Peak | None
    wall_ns: int
    """Elapsed on the machine where it was measured."""
    cpu_ns: int
    init_ns: int
    memory_mib: int | None
    """Largest memory size of a step; of the one invocation, for a monolith; None where no size holds it."""
    duration_ns: int | None
    """Longest predicted invocation, without its init; None where no size holds it."""
    answer_ns: int | None
    """Predicted time on Lambda from start to answer, `Assumptions.tasks_at_once` tasks of a step at once."""
    gb_s: Decimal | None
    """Of one run; None: nothing was measured."""
    gb_s_per_request: Decimal | None
    gb_s_per_day: Decimal | None
    """None without a budget, which says how many requests a day has."""
    usd_per_run: Decimal | None
    """Lambda's price of `gb_s` and `invocations`, where Lambda sells them; otherwise that of `machine` by its time."""
    usd_per_day: Decimal | None
    """The same for a day; None without a budget."""
    hypothetical: bool
    """No Lambda sells some of it: GB-seconds are peak × wall there, and only serve to compare."""
    utilisation: float | None
    """(peak × busy time) ÷ billed GB-seconds over all tasks."""
    floor_gb_s: Decimal | None
    """1.73 × CPU seconds and an init per task, at the size that it has: no size and no sharding goes below."""
    times_floor: float | None
    """`gb_s` ÷ `floor_gb_s`."""
    machine: MachineCost | None
    """The smallest listed EC2 machine that holds it, for a monolith; None where none does."""
    default_machine: MachineCost | None
    """The EC2 machine that the question is usually asked of, for a monolith that it holds."""
    fits: bool | None
    """Lambda alone: every step, or for a monolith the whole; the budget is judged apart."""
    reasons: tuple[Reason, ...]

    @property
    def usd_per_request(self) -> Decimal | None:
        """What one request costs at the prices of the platform; None where that is not known."""
        if self.usd_per_run is None or not self.requests:
            return None
        return as_decimal(Fraction(self.usd_per_run) / self.requests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """How often a variant runs."""

    requests: int | None
    """That one run serves; None: not known."""
    requests_per_day: int | None
    """None without a budget."""
    tasks_at_once: int | None
    """Tasks of a step that run at once on Lambda; None: all."""

    @property
    def runs_per_day(self) -> Fraction | None:
        """Runs that serve the day's requests."""
        if self.requests is None or self.requests_per_day is None:
            return None
        return Fraction(self.requests_per_day, self.requests)


def latest(measurements: Iterable[Measurement]) -> tuple[Measurement, ...]:
    """Return the last attempt of each task, in the order in which they were first tried.

    A monolith begins again from its first step, so of it only the last attempt counts.
    """
    measurements = tuple(measurements)
    last_of_all = max((measurement.attempt for measurement in measurements), default=1)
    last: dict[tuple[str, int], Measurement] = {}
    for measurement in measurements:
        if measurement.variant is Variant.MONOLITH and measurement.attempt < last_of_all:
            continue
        key = (measurement.step, measurement.index)
        if key not in last or measurement.attempt >= last[key].attempt:
            last[key] = measurement
    return tuple(last.values())


def priced(verdict: VariantVerdict, terms: Terms, demand: Demand) -> VariantVerdict:
    """Add what follows from GB-seconds and from how often the variant runs."""
    gb_s, runs = verdict.gb_s, demand.runs_per_day
    if gb_s is None:
        return verdict
    prices = terms.platform.prices
    if verdict.hypothetical:
        per_run = verdict.machine.usd_per_run if verdict.machine else None
        per_day = verdict.machine.usd_for_hours if verdict.machine else None
    else:
        per_run = usd_per_day(
            requests=1, gb_s_per_request=gb_s, prices=prices, invocations_per_request=verdict.invocations
        )
        per_day = (
            None
            if runs is None
            else usd_per_day(
                requests=runs, gb_s_per_request=gb_s, prices=prices, invocations_per_request=verdict.invocations
            )
        )
    return replace(
        verdict,
        gb_s_per_request=None if demand.requests is None else gb_s / demand.requests,
        gb_s_per_day=None if runs is None else as_decimal(Fraction(gb_s) * runs),
        usd_per_run=per_run,
        usd_per_day=per_day,
        times_floor=float(gb_s / verdict.floor_gb_s) if verdict.floor_gb_s else None,
    )


def end_of(run: Run, variant: Variant) -> VariantEnd | None:
    """Return how a variant ended; None where it did not."""
    return next((end for end in reversed(run.variants) if end.variant is variant), None)


def elapsed(tasks: Sequence[Measurement], end: VariantEnd | None) -> int:
    """From the first task's start to the last one's end."""
    if end is not None:
        return end.wall_ns
    if not tasks:
        return 0
    return max(task.started_ns + task.wall_ns for task in tasks) - min(task.started_ns for task in tasks)


def problem_of(end: VariantEnd | None) -> str:
    """Why a variant is not complete."""
    return "the run did not get so far" if end is None else end.reason or "a step did not end well"
