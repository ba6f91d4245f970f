"""The ways in which Step Functions can drive a decomposed variant, each with what a run of it would use.

A step is a state; a step that fans out is a Map over its tasks. Inline, each task is a state of the Standard workflow;
distributed, each is an Express workflow of its own, whose start is charged as a transition too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from profiler.facts import FactSet
from profiler.facts.values import number_of
from profiler.fit import StepFit
from profiler.pipeline.usage import Usage
from profiler.units import MIB_PER_GB, NS_PER_MS, NS_PER_S, count, duration

_SERVICE = "step_functions"
_NO_ATHENA = "an Express workflow cannot wait for a query of Athena"
_EVENTS_OF_A_TASK = 5
_EVENTS_OF_A_MAP = 4
_EVENTS_OF_A_WORKFLOW = 2
"""Beside its tasks: 27 events were recorded of a workflow that is one inline Map over three tasks of 7 events each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """One way to drive the steps."""

    name: str
    usage: tuple[Usage, ...]
    """Of one run."""
    obstacle: str = ""
    """Why Step Functions does not allow it; empty where it does."""


def workflows_of(
    steps: Sequence[StepFit], fanned: frozenset[str], facts: FactSet, *, scanned: frozenset[str] = frozenset()
) -> tuple[Workflow, ...]:
    """Return the ways to drive these steps; one of them where no step fans out.

    Args:
        steps: Of the decomposed variant, in order, with their tasks.
        fanned: Names of the steps that fan out.
        facts: Limits of Step Functions.
        scanned: Names of the steps that run on Athena, for which an Express workflow cannot wait: AWS documentation,
            Optimized integrations, https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
    """
    inner = sum(step.tasks for step in steps if step.name in fanned)
    transitions = len(steps) + inner
    inline = Workflow(
        name="Standard, inline Map" if fanned else "Standard",
        usage=(Usage(quantity=f"{_SERVICE}.transitions", amount=Fraction(transitions)),),
        obstacle=_too_many_events(steps, fanned, facts),
    )
    if not fanned:
        return (inline,)
    times = [time for step in steps if step.name in fanned for time in step.task_times_ns]
    starts = inner * Fraction(number_of(facts, _SERVICE, "child_start_transition"))
    distributed = Workflow(
        name="Standard, Distributed Map of Express children",
        usage=(
            Usage(quantity=f"{_SERVICE}.transitions", amount=len(steps) + starts),
            Usage(quantity=f"{_SERVICE}.express_requests", amount=Fraction(inner)),
            Usage(
                quantity=f"{_SERVICE}.express_gb_hours",
                amount=sum((_express_gb_hours(time, facts) for time in times), Fraction(0)),
            ),
        ),
        obstacle=_NO_ATHENA if fanned & scanned else _too_long(times, facts),
    )
    return inline, distributed


def _too_many_events(steps: Sequence[StepFit], fanned: frozenset[str], facts: FactSet) -> str:
    most = int(number_of(facts, _SERVICE, "history_events"))
    of_a_task = int(number_of(facts, _SERVICE, "events_per_task_in_map"))
    events = _EVENTS_OF_A_WORKFLOW + sum(
        _EVENTS_OF_A_MAP + step.tasks * of_a_task if step.name in fanned else _EVENTS_OF_A_TASK for step in steps
    )
    if events <= most:
        return ""
    return f"its history would hold {count(events)} events; {count(most)} are allowed"


def _too_long(times_ns: Sequence[int], facts: FactSet) -> str:
    most_ns = int(number_of(facts, _SERVICE, "express_max_duration")) * NS_PER_S
    longest = max(times_ns, default=0)
    if longest <= most_ns:
        return ""
    return f"a task takes {duration(longest)}; an Express workflow may take {duration(most_ns)}"


def _express_gb_hours(time_ns: int, facts: FactSet) -> Fraction:
    """What an Express child is billed that waits for one task: time and memory, each rounded up to its step."""
    step_ns = int(number_of(facts, _SERVICE, "express_duration_step")) * NS_PER_MS
    step_mb = int(number_of(facts, _SERVICE, "express_memory_step"))
    memory_mb = ceil(Fraction(int(number_of(facts, _SERVICE, "express_base_memory")), step_mb)) * step_mb
    billed_ns = ceil(Fraction(time_ns, step_ns)) * step_ns
    return Fraction(memory_mb, MIB_PER_GB) * Fraction(billed_ns, 3600 * NS_PER_S)
