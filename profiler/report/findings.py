"""Tasks that did not end well: those that ended alike together, with what the user's own code said."""

from __future__ import annotations

from collections.abc import Sequence

from profiler.model import Ending, Measurement, Run, Variant
from profiler.report.clean import one_line, printed_lines
from profiler.report.shape import Finding
from profiler.units import count

MOST = 5
_HEAD, _TAIL = 6, 18
_PRINTED = 8

_ENDED = {
    Ending.RAISED: ("raised", "raised"),
    Ending.EXITED: ("ended its process", "ended their processes"),
    Ending.KILLED: ("was killed", "were killed"),
    Ending.OUT_OF_MEMORY: ("ran out of memory", "ran out of memory"),
    Ending.TIMED_OUT: ("took too long", "took too long"),
    Ending.STOPPED: ("was stopped", "were stopped"),
    Ending.LOST: ("was lost", "were lost"),
}


def alike(run: Run) -> list[list[Measurement]]:
    """The tasks that did not end well, together where step, ending and message are the same.

    What was merely stopped when the run was interrupted is no finding.
    """
    groups: dict[tuple[object, ...], list[Measurement]] = {}
    for measurement in run.measurements:
        outcome = measurement.outcome
        interrupted = outcome.ending is Ending.STOPPED and not run.ended
        if not outcome.ok and not interrupted:
            key = (measurement.variant, measurement.step, outcome.ending, outcome.message)
            groups.setdefault(key, []).append(measurement)
    return list(groups.values())


def findings_of(run: Run) -> tuple[tuple[Finding, ...], int]:
    """The first few findings, and how many more there are."""
    groups = alike(run)
    return tuple(finding_of(run, group) for group in groups[:MOST]), max(0, len(groups) - MOST)


def warnings_of(run: Run) -> tuple[str, ...]:
    """Warnings of the plan and of the tasks, each once, with how many tasks gave it."""
    counted: dict[tuple[str, str], int] = {}
    for measurement in run.measurements:
        for warning in measurement.warnings:
            key = (measurement.step, warning)
            counted[key] = counted.get(key, 0) + 1
    from_tasks = (
        f"{one_line(step)}: {one_line(warning)}{f' ({count(times)} tasks)' if times > 1 else ''}"
        for (step, warning), times in counted.items()
    )
    return (*map(one_line, run.plan.warnings), *from_tasks)


def finding_of(run: Run, group: Sequence[Measurement]) -> Finding:
    """Say of tasks that ended alike which they are, how they ended, and what their own code said."""
    first = group[0]
    outcome = first.outcome
    traceback = printed_lines(outcome.traceback)
    message = one_line(outcome.message)
    if traceback and message in (traceback[0], traceback[-1]):
        message = ""
    return Finding(
        title=_title(run, group),
        message=message,
        traceback=_cut(traceback),
        printed=printed_lines(outcome.output_tail)[-_PRINTED:],
    )


def _title(run: Run, group: Sequence[Measurement]) -> str:
    first = group[0]
    whole = sum(1 for other in run.of(first.variant) if other.step == first.step)
    ended = _ENDED[first.outcome.ending][len(group) > 1]
    name = one_line(first.step)
    if run.is_script:
        return f"{name} {ended}"
    where = "Monolith" if first.variant is Variant.MONOLITH else "Decomposed"
    if whole == 1:
        return f"{where}, {name}: it {ended}"
    return f"{where}, {name}: {count(len(group))} of {count(whole)} tasks {ended}, {_which(group)}"


def _which(group: Sequence[Measurement]) -> str:
    shown = [count(measurement.index) for measurement in group[:3]]
    more = f" and {count(len(group) - len(shown))} more" if len(group) > len(shown) else ""
    return f"{'number' if len(group) == 1 else 'numbers'} {', '.join(shown)}{more}"


def _cut(lines: tuple[str, ...]) -> tuple[str, ...]:
    if len(lines) <= _HEAD + _TAIL + 1:
        return lines
    left_out = len(lines) - _HEAD - _TAIL
    return (*lines[:_HEAD], f"  … {count(left_out)} lines left out …", *lines[-_TAIL:])
