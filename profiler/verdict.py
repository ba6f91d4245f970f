"""A run held against a platform and a budget: `judge` makes a `Verdict`.

Pure: the same run and the same facts give the same verdict on any machine.
Nothing here reads a clock, a file or the environment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from profiler import objections
from profiler.decomposed import judge_decomposed
from profiler.facts import DEFAULT_ARCH, Platform
from profiler.fit import DEFAULT_HEADROOM, Terms, slowest_factor
from profiler.model import Machine, Run, Settings, Variant
from profiler.monolith import judge_monolith
from profiler.pricing.budgeting import Budget, BudgetVerdict, can_run_out, hold
from profiler.reasons import Effect, Reason, fits_all
from profiler.sentence import sentence_of
from profiler.variants import Demand, MachineCost, VariantVerdict, latest


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What a verdict rests on: nothing of this was measured by the run itself, except where it ran."""

    region: str
    arch: str
    prices_date: str
    """Of the oldest price that was used, ISO 8601."""
    headroom: Decimal
    warm: bool
    """No task pays an init."""
    tasks_at_once: int | None
    """None: all tasks of a step at once."""
    runtime_mib: int
    """What Lambda's own runtime takes beside the program."""
    network_bytes_per_s: int
    mib_per_vcpu: int
    """One core where it was measured is taken as one vCPU, which is so many MiB of memory size."""
    machine: Machine
    settings: Settings
    peaks_exact: bool
    """Every peak is the kernel's own; otherwise some are bounded."""
    smallest_mib: int | None
    """Smallest memory size that is used; below `accurate_from_mib` predicted times are less certain."""
    accurate_from_mib: int
    fleet_cost_factor: Decimal
    """Observed on Lambda: cost of a fleet ÷ that of the model."""
    slowest_factor: Decimal
    """Observed on Lambda: time of the slowest of so many tasks ÷ that of the model."""
    slowest_of_tasks: int
    """Tasks of the largest step, for which `slowest_factor` is given."""
    notes: tuple[str, ...] = ()
    """Sentences about this run in particular: a variant taken from another run, prices that are the user's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A run held against a platform and a budget."""

    job: str
    run_id: str
    fits: bool | None
    """The deciding variant fits Lambda and the budget, and its answer is not known to be another."""
    sentence: str
    """Stands alone when somebody pastes it into a chat."""
    reasons: tuple[Reason, ...]
    """Of the deciding variant, of the budget and of the answer: what decides first."""
    decided_by: Variant
    """The decomposed variant where the run has one, unless another was asked for."""
    budget: BudgetVerdict | None
    """None where the job has no budget."""
    monolith: VariantVerdict | None
    """None where the run did not ask for it."""
    decomposed: VariantVerdict | None
    requests: int | None
    """That one run serves: distinct values of the job's request column; 1 where the job names none."""
    assumptions: Assumptions
    terms: Terms
    """What it was held against: limits and prices, for whoever asks what another size would have come to."""


def judge(
    run: Run,
    platform: Platform,
    budget: Budget | None = None,
    *,
    headroom: Decimal = DEFAULT_HEADROOM,
    warm: bool = False,
    tasks_at_once: int | None = None,
    variant: Variant | None = None,
) -> Verdict:
    """Hold a run against a platform and a budget.

    Args:
        run: All measurements of a job; it may be interrupted, and a variant may be missing.
        platform: Limits and prices of one region and architecture.
        budget: Replaces the job's own.
        headroom: Memory size ÷ memory needed, from 1, for inputs that grow.
        warm: Bill no init.
        tasks_at_once: How many tasks of a step run at once on Lambda, from 1; all of them if None.
        variant: Which decides; None: the decomposed one, where the run has it.

    Raises:
        ValueError: If `headroom` or `tasks_at_once` is below 1, or the run does not hold the variant.
    """
    if tasks_at_once is not None and tasks_at_once < 1:
        raise ValueError(f"tasks_at_once is {tasks_at_once}; expected a whole number from 1")
    terms = Terms(platform=platform, headroom=headroom, warm=warm)
    budget = budget or _budget_of(run)
    demand = Demand(
        requests=_requests(run),
        requests_per_day=None if budget is None else budget.requests_per_day,
        tasks_at_once=tasks_at_once,
    )
    asked = _asked(run)
    monolith = judge_monolith(run, terms, demand) if Variant.MONOLITH in asked else None
    decomposed = judge_decomposed(run, terms, demand) if Variant.DECOMPOSED in asked else None
    by_variant = {Variant.MONOLITH: monolith, Variant.DECOMPOSED: decomposed}
    deciding = decomposed or monolith if variant is None else by_variant[variant]
    if deciding is None:
        raise ValueError(f"the run holds no {variant or 'variant'}")
    held = None
    if budget is not None and can_run_out(platform.prices):
        held = hold(
            budget,
            needed=deciding.gb_s_per_request if deciding.complete else None,
            invocations_per_request=Fraction(deciding.invocations, deciding.requests or 1),
            prices=platform.prices,
        )
    reasons = _reasons(run, deciding, held)
    fits = fits_all(reasons)
    return Verdict(
        job=run.plan.job,
        run_id=run.id,
        fits=fits,
        sentence=sentence_of(run, fits, deciding, monolith, held, reasons),
        reasons=reasons,
        decided_by=deciding.variant,
        budget=held,
        monolith=monolith,
        decomposed=decomposed,
        requests=demand.requests,
        assumptions=_assumptions(run, terms, tasks_at_once, deciding, others=(monolith, decomposed)),
        terms=terms,
    )


def _asked(run: Run) -> frozenset[Variant]:
    """The variants that the run was asked for, or holds."""
    held = {measurement.variant for measurement in run.measurements} | {end.variant for end in run.variants}
    return frozenset(variant for variant in Variant if variant in held or _planned(run, variant))


def _planned(run: Run, variant: Variant) -> bool:
    return variant in run.settings.variants and bool(run.plan.steps(variant))


def _budget_of(run: Run) -> Budget | None:
    """The budget that the job declares."""
    usd, requests = run.plan.dollars_per_day, run.plan.requests_per_day
    if usd is None or requests is None:
        return None
    return Budget(usd_per_day=Decimal(usd), requests_per_day=requests)


def _requests(run: Run) -> int | None:
    """How many requests one run serves; None where it was not counted."""
    if run.plan.request is None:
        return 1
    counted = {answer.variant: answer.requests for answer in run.answers if answer.requests}
    return counted.get(Variant.DECOMPOSED) or counted.get(Variant.MONOLITH)


def _reasons(run: Run, variant: VariantVerdict, budget: BudgetVerdict | None) -> tuple[Reason, ...]:
    """Everything that speaks for or against the whole: what decides first, notes last."""
    reasons = list(variant.reasons)
    comparison = run.comparison
    if variant.variant is Variant.DECOMPOSED and comparison is not None and comparison.equal is False:
        reasons.append(objections.other_answer(run.plan.job, rows=comparison.rows, equal_rows=comparison.equal_rows))
    if budget is not None and budget.fits is False and budget.needed_gb_s_per_request is not None:
        reasons.append(
            objections.over_budget(
                run.plan.job,
                needed=budget.needed_gb_s_per_request,
                allowed=budget.allowed_gb_s_per_request,
                usd=budget.usd_per_day,
                requests=budget.requests_per_day,
            )
        )
    order = (Effect.NO, Effect.UNDECIDED, Effect.NOTE)
    return tuple(sorted(reasons, key=lambda reason: order.index(reason.effect)))


def _assumptions(
    run: Run,
    terms: Terms,
    tasks_at_once: int | None,
    deciding: VariantVerdict,
    others: tuple[VariantVerdict | None, ...],
) -> Assumptions:
    limits, platform = terms.limits, terms.platform
    fleet = deciding.variant is Variant.DECOMPOSED  # A monolith is one invocation, however often a mark is entered.
    largest = max((step.tasks for step in deciding.steps), default=0) if fleet else 1
    sizes = [step.memory_mib for step in deciding.steps if step.memory_mib is not None]
    peaks = [step.peak for variant in others if variant for step in variant.steps if step.peak is not None]
    return Assumptions(
        region=platform.region,
        arch=platform.arch,
        prices_date=platform.prices.date.isoformat(),
        headroom=terms.headroom,
        warm=terms.warm,
        tasks_at_once=tasks_at_once,
        runtime_mib=limits.runtime_mib,
        network_bytes_per_s=limits.network_bytes_per_s,
        mib_per_vcpu=limits.mib_per_vcpu,
        machine=run.machine,
        settings=run.settings,
        peaks_exact=all(peak.exact for peak in peaks),
        smallest_mib=min(sizes, default=None),
        accurate_from_mib=limits.accurate_from_mib,
        fleet_cost_factor=limits.fleet_cost_factor,
        slowest_factor=slowest_factor(largest, limits),
        slowest_of_tasks=largest,
        notes=tuple(_notes(run, terms)),
    )


def _notes(run: Run, terms: Terms) -> Iterator[str]:
    """Sentences about this run in particular."""
    for end in run.variants:
        if end.from_run is not None:
            yield f"The {end.variant} variant was measured in run {end.from_run}."
    yield from _again(run)
    if terms.platform.arch != DEFAULT_ARCH:
        yield f"A core of {terms.platform.arch} is taken to be as fast as one of the machine that measured."
    if not terms.platform.machines:
        yield f"No price of a machine is known in region {terms.platform.region}."
    if not can_run_out(terms.platform.prices):
        yield "By these prices a GB-second costs nothing in the end, so no budget can run out and none is held."


def _again(run: Run) -> Iterator[str]:
    """What was tried more than once, since it was lost, failed or was stopped; a monolith begins as a whole."""
    if any(task.attempt > 1 for one in run.repeated(Variant.MONOLITH) for task in one.measurements):
        yield "The monolith was begun again; what it did before is not counted."
    each = [task for one in run.repeated(Variant.DECOMPOSED) for task in latest(one.measurements)]
    steps = Counter(task.step for task in each if task.attempt > 1)
    if steps:
        tasks = ", ".join(f"{number} of {step}" for step, number in steps.items())
        yield f"Tasks tried again: {tasks}; only the last attempt of each is counted."


__all__ = [
    "Assumptions",
    "Budget",
    "BudgetVerdict",
    "MachineCost",
    "VariantVerdict",
    "Verdict",
    "judge",
]
