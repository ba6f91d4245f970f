"""The commands that are useful after a check: what explains a change first, never more than three."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from profiler.checking.outcome import Baseline, Called, Check, Measure
from profiler.model import Run
from profiler.regression.difference import LEAST_REPEATS
from profiler.report.clean import one_line
from profiler.report.commands import MOST, by_line, reference, resuming, running
from profiler.report.shape import Command, Names


def commands_of_check(check: Check, run: Run, names: Names) -> tuple[Command, ...]:
    """What to do next, seen from what a check found."""
    useful = islice(_useful(check, run, names), MOST)
    return tuple(replace(command, line=one_line(command.line)) for command in useful)


def _useful(check: Check, run: Run, names: Names) -> Iterator[Command]:
    compared = [baseline for baseline in check.baselines if not baseline.refused]
    again = running(run, names)
    if not run.ended and not run.maker and not run.is_script:
        yield resuming(run, names)
    if compared:
        telling = _telling(check, compared)
        baseline = shlex.quote(reference(telling.run_id, telling.path))
        yield Command(line=f"paredown compare {baseline} {names.run}", purpose="both runs side by side")
    step = _grown(check, run)
    if step is not None:
        yield by_line(step, names)
    if not compared:
        yield Command(
            line=f"paredown check {names.run} --baseline last{names.workspace}", purpose="against the run before it"
        )
    if run.settings.repeats < LEAST_REPEATS and not run.is_script:
        yield Command(line=f"{again} --repeat {LEAST_REPEATS}", purpose="measures often enough to know the noise")
    prices = f" {names.priced}" if names.priced else ""
    yield Command(line=f"paredown report {names.run}{prices}", purpose="the whole report of this run")


def _telling(check: Check, compared: Sequence[Baseline]) -> Baseline:
    """The baseline beside which a change shows: the newest, or where only something crept up, the first of its runs."""
    crept = [creep for creep in check.creeps if creep.variant is check.variant]
    if not crept or any(change.called is Called.WORSE and change.variant is check.variant for change in check.changes):
        return compared[0]
    return next(baseline for baseline in compared if baseline.run_id == crept[0].runs[0])


def _grown(check: Check, run: Run) -> str | None:
    """The step whose memory got worse most, where its lines can be shown."""
    kinds = {step.name: step.kind for step in run.plan.steps(check.variant)}
    grown = [
        change
        for change in check.changes
        if change.called is Called.WORSE
        and change.measure is Measure.PEAK
        and change.variant is check.variant
        and kinds.get(change.step or "") in ("step", "per_group", "per_shard")
    ]
    return max(grown, key=lambda change: change.after - change.before).step if grown and not run.is_script else None
