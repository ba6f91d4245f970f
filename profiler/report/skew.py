"""How unlike the groups are, in words: the largest by name, and what the fan-out can gain at best because of them.

Rows are the measure of work: a group is one piece of it, and nothing runs in less time than its largest piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from profiler.model import Group, Measurement, Plan, Run, Skew, Variant
from profiler.report.clean import one_line
from profiler.report.plain import many
from profiler.units import NS_PER_S, count, ratio, share

_LONGEST_NAME = 40
_LEAST_TASK_NS = NS_PER_S
"""Of shorter tasks, what a sandbox does for the first time weighs as much as the rows."""


def skew_notes(plan: Plan) -> tuple[str, ...]:
    """Name the largest groups with their shares, and say what they allow; nothing where they were not counted."""
    skew = plan.skew
    if skew is None or not skew.rows:
        return ()
    step = one_line(skew.step)
    if skew.groups == 1:
        return (f"All {many(skew.rows, 'row')} of {step} are one group, so its steps gain nothing from several tasks.",)
    groups = f"{count(skew.groups)} groups by {one_line(' / '.join(skew.keys))}"
    if skew.rows == skew.groups:
        return (f"{step} has one row for each of {groups}, so rows do not tell how much work a group is.",)
    gain = f"the steps on these groups can get at most {ratio(best_gain(skew))} times as fast"
    if skew.largest[0].rows * skew.groups == skew.rows:
        return (f"{step} has {count(skew.largest[0].rows)} rows for each of {groups}, so {gain}.",)
    named = ", ".join(f"{_name(group)} {share(group.rows, skew.rows)}" for group in skew.largest)
    which = "largest" if skew.groups > len(skew.largest) else "sizes"
    return (
        f"The {which} of {groups}, in parts of the {many(skew.rows, 'row')} of {step}: {named}.",
        f"So {gain}, however many tasks run at once.",
    )


def measured_note(run: Run) -> tuple[str, ...]:
    """Say what the tasks themselves allow, of the fanned-out step that takes the most CPU time."""
    if run.plan.skew is None:
        return ()
    fanned = {step.name for step in run.plan.decomposed if step.fans_out and step.shard_by}
    tasks = max(_by_step(run.of(Variant.DECOMPOSED), fanned), key=_cpu_ns, default=[])
    whole, longest = _cpu_ns(tasks), max((task.cpu_ns for task in tasks), default=0)
    if len(tasks) < 2 or longest < _LEAST_TASK_NS:
        return ()
    return (
        f"As measured, the longest of {many(len(tasks), 'task')} of {one_line(tasks[0].step)} takes "
        f"{share(longest, whole)} of their CPU time: with these shards at most {ratio(Fraction(whole, longest))} "
        "times as fast.",
    )


def best_gain(skew: Skew) -> Fraction:
    """Return how many times as fast groups can be as one after another: the rows of all ÷ those of the largest."""
    return Fraction(skew.rows, skew.largest[0].rows)


def _name(group: Group) -> str:
    """Values in quotes, which tell them from the share behind them and a text 'NULL' from NULL."""
    return " / ".join("NULL" if value is None else f"'{one_line(_short(value))}'" for value in group.key)


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST_NAME else f"{value[: _LONGEST_NAME - 1]}…"


def _by_step(tasks: Sequence[Measurement], names: set[str]) -> Iterator[list[Measurement]]:
    for name in names:
        yield [task for task in tasks if task.step == name and task.outcome.ok]


def _cpu_ns(tasks: Sequence[Measurement]) -> int:
    return sum(task.cpu_ns for task in tasks)
