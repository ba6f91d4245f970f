"""A run held against everything that is asked of it: `check` makes a `Check`.

Pure: the same runs, facts and rules give the same answer on any machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from profiler.checking.changes import Figures, changes_of, creeps_of, figures_of
from profiler.checking.fitting import Judge, objections_of
from profiler.checking.likeness import differences, other_data, renamed, same_machines
from profiler.checking.outcome import Baseline, Called, Change, Check, Creep
from profiler.errors import UsageError
from profiler.model import Run, Variant
from profiler.reasons import Effect, Reason, ReasonKind, fits_all
from profiler.regression.creep import LEAST_RUNS
from profiler.regression.difference import LEAST_REPEATS, METHOD
from profiler.series import complete_repetitions
from profiler.settings import Rules
from profiler.units import count
from profiler.verdict import Verdict


def check(
    run: Run, judge: Judge, rules: Rules | None = None, *, baselines: Iterable[Run] = (), notes: Sequence[str] = ()
) -> Check:
    """Hold a run against a platform and a budget, its owner's limits, and earlier runs.

    Args:
        run: The measurements.
        judge: Holds a run against the platform and the budget, with the variant that has to fit.
        rules: Limits and thresholds; None: the defaults.
        baselines: Earlier runs of the same job, in any order.
        notes: What is to be said of the baselines that were looked for.

    Raises:
        UsageError: If a baseline is of another job, or is the run itself.
    """
    rules = rules or Rules()
    newest_first = sorted(baselines, key=lambda before: (before.created, before.id), reverse=True)
    _refuse_others(run, newest_first)
    verdict = judge(run)
    variant = verdict.decided_by
    held = [_baseline(before, run, variant) for before in newest_first]
    compared = [figures_of(before, run) for before, said in zip(newest_first, held, strict=True) if not said.refused]
    now = figures_of(run, run)
    changes = tuple(changes_of(now, compared, rules))
    creeps = tuple(creeps_of(now, compared, rules))
    objections = list(objections_of(run, verdict, rules, judge))
    if rules.require_baseline and not compared:
        objections.insert(0, _no_baseline(run, held))
    return Check(
        passed=_passed(objections, changes, creeps, variant, allow_undecided=bool(rules.allow_undecided)),
        variant=variant,
        verdict=verdict,
        objections=tuple(objections),
        changes=changes,
        creeps=creeps,
        baselines=tuple(held),
        new_steps=tuple(_only_in(now, compared[0]) if compared else ()),
        gone_steps=tuple(_only_in(compared[0], now) if compared else ()),
        renamed_steps=tuple(_renames(compared[0].run, run) if compared else ()),
        notes=(*notes, *_notes(run, verdict, rules, changes, compared)),
    )


def unknown_steps(run: Run, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Find the names that no step of a run has, each with the near ones in words."""
    known = _steps(run)
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=2)
            yield name, f"did you mean {' or '.join(near)}?" if near else f"its steps are {', '.join(known)}"


def _steps(run: Run) -> tuple[str, ...]:
    """Every step that was planned or measured, in either variant."""
    planned = (step.name for variant in Variant for step in run.plan.steps(variant))
    return tuple(dict.fromkeys((*planned, *(item.step for item in run.measurements))))


def _passed(
    objections: Iterable[Reason],
    changes: Iterable[Change],
    creeps: Iterable[Creep],
    variant: Variant,
    *,
    allow_undecided: bool,
) -> bool:
    """Whether nothing speaks against it that is of the variant which has to fit."""
    fits = fits_all(objections)
    worse = any(change.called is Called.WORSE and change.variant is variant for change in changes)
    crept = any(creep.variant is variant for creep in creeps)
    return not worse and not crept and (fits is True or (fits is None and allow_undecided))


def _refuse_others(run: Run, baselines: Iterable[Run]) -> None:
    for before in baselines:
        if before.plan.job != run.plan.job:
            raise UsageError(
                f"{before.path}: is a run of {before.plan.job}, and {run.id} is one of {run.plan.job}; "
                "expected a baseline of the same job"
            )
        if before.id == run.id:
            raise UsageError(
                f"{before.path}: is the run that is checked itself; expected an earlier one as its baseline"
            )


def _baseline(before: Run, run: Run, variant: Variant) -> Baseline:
    other = other_data(before, run)
    refused = f"its {other}" if other else ""
    if not refused and not figures_of(before, run).series:
        refused = "no variant of it came to its end"
    return Baseline(
        run_id=before.id,
        created=before.created,
        commit=before.commit,
        repeats=len(complete_repetitions(before, variant)),
        same_machine=same_machines(before, run, variant),
        differences=tuple(differences(before, run)),
        refused=refused,
        path=before.path,
    )


def _no_baseline(run: Run, held: Sequence[Baseline]) -> Reason:
    why = "none was given that is there" if not held else "none of those given can be compared"
    return Reason(
        kind=ReasonKind.BASELINE,
        effect=Effect.NO,
        subject=run.plan.job,
        text=f"has to be held against a baseline, and {why}",
    )


def _renames(before: Run, run: Run) -> Iterator[tuple[Variant, str, str]]:
    for variant in Variant:
        for new, old in renamed(before, run, variant).items():
            yield variant, old, new


def _only_in(one: Figures, other: Figures) -> Iterator[tuple[Variant, str]]:
    """Steps that only one of two runs has, of the variants that both have."""
    variants = {variant for variant, _ in other.series}
    for variant, step in one.series:
        if step is not None and variant in variants and (variant, step) not in other.series:
            yield variant, step


def _notes(
    run: Run, verdict: Verdict, rules: Rules, changes: Sequence[Change], before: Sequence[Figures]
) -> Iterator[str]:
    compared = [change for change in changes if change.called is not Called.NOT_COMPARED]
    few = [change for change in compared if change.p_value is None]
    few.sort(key=lambda change: change.variant is not verdict.decided_by)
    if few:
        old, new = few[0].before_repeats, few[0].after_repeats
        yield (
            f"The noise is unknown, since the baseline has {_repeats(old)} and this run {_repeats(new)}: without "
            f"{LEAST_REPEATS} each, only memory beyond its threshold is called. paredown run --repeat {LEAST_REPEATS} "
            "measures as many."
        )
    if len(few) < len(compared):
        yield f"Worse or better is what changed by more than its threshold and by more than noise: {METHOD}."
    if len(before) > 1:
        yield _window(len(before) + 1, before[-1].run)
    of_variant = {step.name for step in run.plan.steps(verdict.decided_by)}
    of_variant |= {item.step for item in run.of(verdict.decided_by)}
    others = [name for name in rules.steps if name not in of_variant]
    if others:
        yield (
            f"The limits of {', '.join(others)} hold nothing here: the {verdict.decided_by} variant, which has to fit, "
            "has no such step."
        )
    asked = {variant for variant in run.settings.variants if run.plan.steps(variant)}
    if len(asked) == 1 and run.plan.monolith and run.plan.decomposed:
        yield f"Only the {next(iter(asked))} variant was measured, so there are no two answers to compare."


def _window(runs: int, oldest: Run) -> str:
    """Over how many runs slow rises are looked for."""
    if runs < LEAST_RUNS:
        return f"Slow rises are told from {LEAST_RUNS} runs on; these are {runs}."
    return (
        f"Slow rises are looked for over {count(runs)} runs, the oldest of them {oldest.id}: beyond the threshold, and "
        "too steady for chance."
    )


def _repeats(number: int) -> str:
    return "1 repeat" if number == 1 else f"{count(number)} repeats"
