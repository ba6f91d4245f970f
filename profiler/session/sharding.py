"""Shards that follow from the sizes of the groups (`auto`), which are counted before anything is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from profiler.errors import UsageError
from profiler.model import AUTO, Plan, PlannedStep
from profiler.querysize import query_memory_limit_mib, query_threads
from profiler.runner.control import Control
from profiler.runner.machine import usable_cores
from profiler.runner.progress import Progress
from profiler.session.options import Options
from profiler.units import count, share
from profiler.work import Counted, CountGroups, Planned, Source

WORTH = 16
"""Shards that are worth having, however few the data; of more data one for each part that is a shard by default."""


def sized(
    planned: Planned, options: Options, control: Control, progress: Progress, stopping: Callable[[], bool]
) -> Planned:
    """Return the plan with its number of shards; as it is where that does not follow from the groups.

    Data that have to be made first cannot be counted yet: then it is only checked that they could be.

    Raises:
        UsageError: If nothing is split, or what is split is known only once a step before has run.
        InputError: If a query cannot be counted.
        ControlError: If counting takes longer than a task may.
    """
    if options.shards != AUTO:
        return planned
    orders = orders_of(planned.plan)
    if planned.to_make:
        return planned
    found: list[Counted] = []
    for order in orders:
        progress.step("counting groups", order.split.name, 1)
        found.append(
            control.carry_out(
                order,
                f"shards auto: counting the groups of {order.split.name!r}",
                timeout_ns=options.timeout_ns,
                stopping=stopping,
                on_memory=progress.memory,
            )
        )
    most = max(found, key=lambda counted: counted.skew.rows)
    worth = max(order.worth for order in orders)
    plan = replace(planned.plan, shards=most.shards, shards_reason=reason(most, worth), skew=most.skew)
    return replace(planned, plan=plan)


def orders_of(plan: Plan) -> list[CountGroups]:
    """Return what has to be counted: each query whose shards steps run on.

    Raises:
        UsageError: If there is none, or if it reads what only a run can show.
    """
    return [_order(plan, step) for step in _splits(plan)]


def reason(counted: Counted, worth: int) -> str:
    """Say why so many shards."""
    skew = counted.skew
    if not skew.rows:
        return f"{skew.step} has no row to split"
    if skew.groups == 1:
        return f"all rows of {skew.step} are one group"
    largest = skew.largest[0].rows
    parts = [
        f"by the sizes of {count(skew.groups)} groups, whose largest has {share(largest, skew.rows)} of the rows; "
        f"the largest shard has {share(counted.largest_shard, skew.rows)}"
    ]
    if counted.filled < counted.shards:
        parts.append(f"{count(counted.filled)} of them hold something")
    if largest * worth < skew.rows:
        parts.append("more shards would be smaller, but mostly inits")
    return "; ".join(parts)


def _splits(plan: Plan) -> list[PlannedStep]:
    """The queries whose shards steps run on, each once."""
    steps = {step.name: step for step in plan.decomposed}
    leaders: dict[str, PlannedStep] = {}
    for step in plan.decomposed:
        if step.fans_out and step.shard_by:
            read = next((read for read in step.reads if read in steps and steps[read].shard_by), None)
            if read is not None and not steps[read].fans_out:
                leaders[read] = steps[read]
    if not leaders:
        raise UsageError(
            f"shards auto: {plan.job} splits nothing: its decomposed variant has no query with shard_by whose result "
            "a per_group or per_shard reads",
            hint="leave --shards out",
        )
    return list(leaders.values())


def _order(plan: Plan, split: PlannedStep) -> CountGroups:
    queries = dict(_before(plan, split, split))
    reads = {read for step in (split, *queries.values()) for read in step.reads}
    size = split.memory_mib or 0
    return CountGroups(
        split=split,
        queries=queries,
        sources=tuple(
            Source(name=item.name, files=item.paths, is_input=True, sizes=item.sizes)
            for item in plan.inputs
            if item.name in reads
        ),
        memory_limit_mib=query_memory_limit_mib(size),
        threads=min(query_threads(size), usable_cores()),
        worth=max(WORTH, plan.shards),
    )


def _before(plan: Plan, step: PlannedStep, split: PlannedStep) -> Iterator[tuple[str, PlannedStep]]:
    """The queries that one reads, by name."""
    steps = {other.name: other for other in plan.decomposed}
    inputs = {item.name for item in plan.inputs}
    for read in step.reads:
        if read in inputs:
            continue
        if steps[read].sql is None:
            raise UsageError(
                f"shards auto: the query {split.name!r} needs what the step {read!r} returns, so its groups cannot be "
                "counted before that has run",
                hint="say how many: --shards N",
            )
        yield read, steps[read]
        yield from _before(plan, steps[read], split)
