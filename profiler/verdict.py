"""A run held against a platform and a budget: `judge` makes a `Verdict`.

Pure: the same run and the same facts give the same verdict on any machine.
Nothing here reads a clock, a file or the environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from profiler.budget import Budget
from profiler.facts import Platform
from profiler.fit import DEFAULT_HEADROOM, StepFit
from profiler.model import Machine, Peak, Run, Settings, Variant
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
    """Tasks that were measured."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetVerdict:
    """What the budget allows against what is needed, per request."""

    usd_per_day: Decimal
    requests_per_day: int
    allowed_gb_s_per_request: Decimal
    """What is left for GB-seconds when the invocations are paid; below 0 where they alone cost more."""
    needed_gb_s_per_request: Decimal | None
    requests_bought: int | None
    """Requests a day that the same dollars would buy."""
    share: float | None
    """Dollars a day that are needed ÷ dollars a day that may be spent."""
    fits: bool | None


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
    """The decomposed variant, where the run has one."""
    budget: BudgetVerdict | None
    """None where the job has no budget."""
    monolith: VariantVerdict | None
    """None where the run did not ask for it."""
    decomposed: VariantVerdict | None
    requests: int | None
    """That one run serves: distinct values of the job's request column; 1 where the job names none."""
    assumptions: Assumptions


def judge(
    run: Run,
    platform: Platform,
    budget: Budget | None = None,
    *,
    headroom: Decimal = DEFAULT_HEADROOM,
    warm: bool = False,
    tasks_at_once: int | None = None,
) -> Verdict:
    """Hold a run against a platform and a budget.

    Args:
        run: All measurements of a job; it may be interrupted, and a variant may be missing.
        platform: Limits and prices of one region and architecture.
        budget: Replaces the job's own.
        headroom: Memory size ÷ memory needed, for inputs that grow.
        warm: Bill no init.
        tasks_at_once: How many tasks of a step run at once on Lambda; all of them if None.
    """
    raise NotImplementedError
