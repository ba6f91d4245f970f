"""A decomposed variant on the platform: each step a function of its own, each task an invocation."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from decimal import Decimal

from profiler import objections
from profiler.fit import Terms, fit_step
from profiler.model import Plan, PlannedStep, Run, Variant
from profiler.reasons import fits_all
from profiler.sizing import has_figures, highest
from profiler.variants import Demand, VariantVerdict, elapsed, end_of, latest, priced, problem_of


def judge_decomposed(run: Run, terms: Terms, demand: Demand) -> VariantVerdict:
    """Hold the decomposed variant of a run against the platform."""
    tasks = latest(run.of(Variant.DECOMPOSED))
    end = end_of(run, Variant.DECOMPOSED)
    complete = end is not None and end.complete
    planned = run.plan.decomposed
    begun = {step.step: step.tasks for step in run.begun if step.variant is Variant.DECOMPOSED}
    by_step = {step.name: [task for task in tasks if task.step == step.name] for step in planned}
    steps = []
    for position, step in enumerate(planned):
        later = any(by_step[after.name] for after in planned[position + 1 :])
        most = len(by_step[step.name]) if complete or later else begun.get(step.name, _most_tasks(step, run.plan))
        finished = complete or later or len(by_step[step.name]) >= most
        steps.append(fit_step(step, by_step[step.name], terms, planned=most, finished=finished))
    seen = [step for step in steps if step.peak is not None]
    measured = [task for task in tasks if has_figures(task)]
    sizes = [step.memory_mib for step in seen]
    known = [size for size in sizes if size is not None]
    durations = [step.duration_ns for step in seen if step.duration_ns is not None]
    gb_s = sum((step.gb_s for step in seen if step.gb_s is not None), Decimal(0)) if seen else None
    hypothetical = any(step.hypothetical for step in seen)
    billed = sum((step.gb_s or Decimal(0) for step in seen if not step.hypothetical), Decimal(0))
    used = sum(Decimal(step.utilisation or 0) * (step.gb_s or 0) for step in seen if not step.hypothetical)
    reasons = tuple(reason for step in steps for reason in step.reasons)
    if not complete and fits_all(reasons):
        reasons = (*reasons, objections.unfinished("the decomposed variant", problem=problem_of(end)))
    verdict = VariantVerdict(
        variant=Variant.DECOMPOSED,
        complete=complete,
        problem="" if complete else problem_of(end),
        steps=tuple(steps),
        tasks=len(tasks),
        invocations=len(tasks),
        requests=demand.requests,
        peak=highest(task.peak for task in measured),
        wall_ns=elapsed(measured, end),
        cpu_ns=sum(task.cpu_ns for task in tasks),
        init_ns=sum(task.init_ns for task in tasks),
        memory_mib=max(known) if known and len(known) == len(sizes) else None,
        duration_ns=max(durations) if durations and len(durations) == len(seen) else None,
        answer_ns=sum(makespan(step.task_times_ns, demand.tasks_at_once) for step in seen) if complete else None,
        gb_s=gb_s,
        gb_s_per_request=None,
        gb_s_per_day=None,
        usd_per_run=None,
        usd_per_day=None,
        hypothetical=hypothetical,
        utilisation=float(used / billed) if billed else None,
        floor_gb_s=sum((step.floor_gb_s for step in seen if step.floor_gb_s is not None), Decimal(0)) if seen else None,
        times_floor=None,
        machine=None,
        default_machine=None,
        fits=fits_all(reasons),
        reasons=reasons,
    )
    return priced(verdict, terms, demand)


def _most_tasks(step: PlannedStep, plan: Plan) -> int:
    """How many tasks a step has at most."""
    if not step.fans_out:
        return 1
    if step.parts:
        return len(step.parts)
    return plan.shards if plan.skew is None else max(1, min(plan.shards, plan.skew.groups))


def makespan(times_ns: Sequence[int], at_once: int | None) -> int:
    """Return how long tasks take of which so many run at once, each begun as soon as another ends.

    >>> makespan([3, 1, 1, 1], None), makespan([3, 1, 1, 1], 2), makespan([], 2)
    (3, 3, 0)
    """
    if at_once is None or len(times_ns) <= at_once:
        return max(times_ns, default=0)
    ends = [0] * at_once
    for time in times_ns:
        heapq.heappush(ends, heapq.heappop(ends) + time)
    return max(ends)
