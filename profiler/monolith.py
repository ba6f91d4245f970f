"""A monolith on the platform: one invocation, from its first step to its last, as large as its highest peak.

Where no Lambda takes it, it still gets GB-seconds to compare by, and the machine that would hold it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import ceil

from profiler import objections
from profiler.facts import Ec2Type, LambdaLimits
from profiler.fit import (
    StepFit,
    Terms,
    init_reasons,
    measured,
    outcome_reasons,
    temp_reasons,
)
from profiler.model import Measurement, Peak, Run, Variant
from profiler.pricing.cost import as_decimal, billed_gb_s
from profiler.reasons import Reason, fits_all
from profiler.sizing import (
    Work,
    floor_gb_s,
    has_figures,
    highest,
    memory_size,
    needed_mib,
    peak_gb_s,
    size_in_time,
    work_of,
)
from profiler.units import GIB, MIB, NS_PER_HOUR, NS_PER_S
from profiler.variants import Demand, MachineCost, VariantVerdict, elapsed, end_of, latest, priced, problem_of


def judge_monolith(run: Run, terms: Terms, demand: Demand) -> VariantVerdict:
    """Hold the monolith of a run against the platform."""
    ended = latest(run.of(Variant.MONOLITH))
    tasks = [task for task in ended if has_figures(task)]
    end = end_of(run, Variant.MONOLITH)
    complete = end is not None and end.complete
    subject = f"{run.plan.job} as one process"
    outer = [task for task in tasks if not task.nested]  # A mark within a mark is measured in both; count it once.
    peak = highest(task.peak for task in tasks)
    wall_ns = elapsed(outer, end)
    works = works_of(outer, wall_ns, terms.limits)
    init_ns = sum(task.init_ns for task in tasks)
    size, reasons = (None, []) if peak is None else _size(subject, peak, works, terms)
    for task in ended:
        reasons += () if task.nested else outcome_reasons(task.step, [task])
    reasons += temp_reasons(subject, max((task.temp_bytes for task in tasks), default=0), terms)
    reasons += init_reasons(subject, init_ns, terms) if tasks else []
    if not ended or (not complete and fits_all(reasons)):
        reasons.append(objections.unfinished(subject, problem=problem_of(end)))
    paid_init_ns = 0 if terms.warm else init_ns
    duration_ns = None if size is None else sum(work.duration_ns(size, terms.limits) for work in works)
    hypothetical = size is None and bool(tasks)
    gb_s = billed = used = None
    if peak is not None and size is None:
        gb_s = peak_gb_s(peak, wall_ns)
    elif peak is not None and size is not None and duration_ns is not None:
        gb_s = billed = billed_gb_s(memory_mib=size, duration_ns=max(1, paid_init_ns + duration_ns))
        used = peak_gb_s(peak, duration_ns)
    cpu_ns = sum(task.cpu_ns for task in outer)
    steps = _parts(run, ended, size, peak, terms)
    verdict = VariantVerdict(
        variant=Variant.MONOLITH,
        complete=complete,
        problem="" if complete else problem_of(end),
        steps=steps,
        tasks=len(ended),
        invocations=1,
        requests=demand.requests,
        peak=peak,
        wall_ns=wall_ns,
        cpu_ns=cpu_ns,
        init_ns=init_ns,
        memory_mib=size,
        duration_ns=duration_ns,
        answer_ns=None if not complete else wall_ns if duration_ns is None else paid_init_ns + duration_ns,
        gb_s=gb_s,
        gb_s_per_request=None,
        gb_s_per_day=None,
        usd_per_run=None,
        usd_per_day=None,
        hypothetical=hypothetical,
        utilisation=float(used / billed) if used is not None and billed else None,
        floor_gb_s=(
            None
            if peak is None
            else floor_gb_s(
                cpu_ns=cpu_ns,
                init_ns=paid_init_ns,
                memory_bytes=peak.low if size is None else size * MIB,
                limits=terms.limits,
            )
        ),
        times_floor=None,
        machine=None if peak is None else _smallest_machine(terms, demand, peak, wall_ns, cpu_ns),
        default_machine=None if peak is None else _default_machine(terms, demand, peak, wall_ns),
        fits=fits_all(reasons),
        reasons=tuple(reasons),
    )
    return priced(verdict, terms, demand)


def works_of(outer: Sequence[Measurement], wall_ns: int, limits: LambdaLimits) -> list[Work]:
    """What its one invocation has to do: the steps one after another, and the time between them.

    Args:
        outer: Its measurements, without those inside others.
        wall_ns: Elapsed over all of them.
        limits: Of the platform.
    """
    works = [work_of(task, limits) for task in outer]
    idle_ns = max(0, wall_ns - sum(task.wall_ns for task in outer))
    if idle_ns:
        works.append(Work(wall_ns=idle_ns, cpu_ns=0, cores=1.0, network_ns=0))
    return works


def _size(subject: str, peak: Peak, works: Sequence[Work], terms: Terms) -> tuple[int | None, list[Reason]]:
    """The memory size of the one invocation, and what there is to say of it; None where none will do."""
    limits = terms.limits
    most = limits.max_memory_mib
    low = needed_mib(peak.low, terms.headroom, limits)
    high = None if peak.high is None else needed_mib(peak.high, terms.headroom, limits)
    if low > most:
        return None, [objections.too_big(subject, kind="step", needed_mib=low, limit_mib=most)]
    reasons = []
    if high is None or high > most:
        reasons.append(
            objections.size_undecided(subject, low_mib=low, high_mib=high, limit_mib=most, whose="Lambda ends at")
        )
    smallest = memory_size(min(high or low, most), limits)
    assert smallest is not None
    size = size_in_time([works], smallest, limits)
    if size == smallest:
        return size, reasons
    duration_ns = sum(work.duration_ns(smallest if size else most, limits) for work in works)
    limit_ns = limits.max_duration_ns
    if size is None:
        return None, [
            *reasons,
            objections.too_long(subject, kind="step", memory_mib=most, duration_ns=duration_ns, limit_ns=limit_ns),
        ]
    note = objections.enlarged(subject, small_mib=smallest, memory_mib=size, duration_ns=duration_ns, limit_ns=limit_ns)
    return size, [*reasons, note]


def _parts(
    run: Run, tasks: Sequence[Measurement], size: int | None, whole: Peak | None, terms: Terms
) -> tuple[StepFit, ...]:
    """The steps of a monolith, each by itself: its own need, and its share of the one invocation.

    A script that marks its parts is shown by them, in the order in which they began; what is outside comes last.
    """
    kinds = {step.name: step.kind for step in run.plan.monolith}
    in_order = sorted(tasks, key=lambda task: task.started_ns)
    names = [*dict.fromkeys(task.step for task in in_order if task.step not in kinds), *kinds]
    return tuple(
        _part(name, kinds.get(name, "mark"), [task for task in tasks if task.step == name], size, whole, terms)
        for name in names
    )


def _part(
    name: str, kind: str, tasks: Sequence[Measurement], size: int | None, whole: Peak | None, terms: Terms
) -> StepFit:
    limits = terms.limits
    nested = bool(tasks) and all(task.nested for task in tasks)
    fit = replace(measured(name, kind, tasks, terms, planned=1), nested=nested)
    reasons = list(outcome_reasons(name, tasks))
    if not tasks:
        reasons.append(objections.not_measured(name, tasks=0, planned=1))
    tasks = [task for task in tasks if has_figures(task)]
    if fit.peak is None or whole is None:
        return replace(fit, fits=fits_all(reasons), reasons=tuple(reasons))
    low = needed_mib(fit.peak.low, terms.headroom, limits)
    high = None if fit.peak.high is None else fit.needed_mib
    most = limits.max_memory_mib
    if low > most and fit.added_bytes is not None and 2 * fit.added_bytes < fit.peak.low:
        reasons.append(objections.held_too_much(name, needed_mib=low, limit_mib=most, added_bytes=fit.added_bytes))
    elif low > most:
        reasons.append(objections.too_big(name, kind="step", needed_mib=low, limit_mib=most))
    elif high is None or high > most:
        reasons.append(
            objections.size_undecided(name, low_mib=low, high_mib=high, limit_mib=most, whose="Lambda ends at")
        )
    reasons += temp_reasons(name, fit.temp_bytes, terms)
    works = [work_of(task, limits) for task in tasks]
    longest_ns = max(work.duration_ns(size or most, limits) for work in works)
    if longest_ns > limits.max_duration_ns:
        reasons.append(
            objections.too_long(
                name, kind="step", memory_mib=size or most, duration_ns=longest_ns, limit_ns=limits.max_duration_ns
            )
        )
    fit = replace(fit, fits=fits_all(reasons), reasons=tuple(reasons))
    init_ns = 0 if terms.warm else fit.init_ns
    if size is None:
        gb_s = peak_gb_s(whole, fit.wall_ns)
        return replace(fit, hypothetical=True, gb_s=gb_s, gb_s_per_task=gb_s / len(tasks))
    times = [work.duration_ns(size, limits) for work in works]
    busy_ns = sum(times)
    gb_s = as_decimal(Fraction(size * MIB * (init_ns + busy_ns), GIB * NS_PER_S))
    used = sum((peak_gb_s(task.peak, time) for task, time in zip(tasks, times, strict=True)), Decimal(0))
    return replace(
        fit,
        memory_mib=size,
        duration_ns=max(times),
        billed_ns=init_ns + busy_ns,
        gb_s=gb_s,
        gb_s_per_task=gb_s / len(tasks),
        utilisation=float(used / gb_s) if gb_s else None,
        floor_gb_s=floor_gb_s(cpu_ns=fit.cpu_ns, init_ns=init_ns, memory_bytes=size * MIB, limits=limits),
    )


def _smallest_machine(terms: Terms, demand: Demand, peak: Peak, wall_ns: int, cpu_ns: int) -> MachineCost | None:
    """The smallest listed type that holds the peak with headroom, and has the cores that the job kept busy."""
    for machine in terms.platform.machines:
        if _holds(machine, peak, terms) and machine.vcpus * wall_ns >= cpu_ns:
            return _machine_cost(machine, demand, wall_ns)
    return None


def _default_machine(terms: Terms, demand: Demand, peak: Peak, wall_ns: int) -> MachineCost | None:
    for machine in terms.platform.machines:
        if machine.name == terms.platform.default_machine and _holds(machine, peak, terms):
            return _machine_cost(machine, demand, wall_ns)
    return None


def _holds(machine: Ec2Type, peak: Peak, terms: Terms) -> bool:
    highest_known = peak.low if peak.high is None else peak.high
    return highest_known * Fraction(terms.headroom) <= machine.memory_mib * MIB


def _machine_cost(machine: Ec2Type, demand: Demand, wall_ns: int) -> MachineCost:
    """What a machine costs for the day's runs, one after another, its start left out."""
    hours_per_run = Fraction(wall_ns, NS_PER_HOUR)
    runs = demand.runs_per_day
    hours = None if runs is None else hours_per_run * runs
    machines = 1 if hours is None else max(1, ceil(hours / 24))
    return MachineCost(
        type=machine.name,
        memory_mib=machine.memory_mib,
        vcpus=machine.vcpus,
        usd_per_hour=machine.usd_per_hour,
        machines=machines,
        hours_per_day=None if hours is None else as_decimal(hours),
        usd_for_hours=None if hours is None else as_decimal(hours * Fraction(machine.usd_per_hour)),
        usd_always_on=machines * 24 * machine.usd_per_hour,
        usd_per_run=as_decimal(hours_per_run * Fraction(machine.usd_per_hour)),
    )
