"""Whether the variant that has to fit does, in every repetition, within its limits and with the same answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from profiler.checking.limits import passed_limits
from profiler.model import Run, Variant
from profiler.objections import other_answer
from profiler.reasons import Effect, Reason, ReasonKind, Unit, fits_all
from profiler.settings import Rules
from profiler.variants import VariantVerdict
from profiler.verdict import Verdict

Judge = Callable[[Run], Verdict]
"""Holds a run against the platform and the budget that are asked for, with the variant that has to fit."""

_ORDER = (Effect.NO, Effect.UNDECIDED)
_ENDED = (ReasonKind.OUTCOME, ReasonKind.INCOMPLETE)
"""What ended badly once is no matter of how often."""


def objections_of(run: Run, verdict: Verdict, rules: Rules, judge: Judge) -> tuple[Reason, ...]:
    """Return what speaks against a run, what decides first; a doubt too, and nothing that is only to be known.

    Args:
        run: As it is shown: of repetitions the typical one.
        verdict: What `judge` makes of that.
        rules: The limits.
        judge: Judges each repetition.
    """
    variant = verdict.decided_by
    repetitions = run.repeated(variant)
    each = []
    for repetition in repetitions:
        same = len(repetitions) == 1 or repetition.measurements == run.of(variant)
        of_it = verdict if same else judge(run.with_repetition(repetition))
        each.append(_against(of_it, rules))
    found = [*_interrupted(run), *_together(each, run, variant), *_of_the_run(run, each)]
    return tuple(sorted(found, key=lambda reason: _ORDER.index(reason.effect)))


def decisive(verdict: Verdict) -> VariantVerdict:
    """The part of a verdict that is of the variant which decided it."""
    found = verdict.monolith if verdict.decided_by is Variant.MONOLITH else verdict.decomposed
    assert found is not None
    return found


def _against(verdict: Verdict, rules: Rules) -> list[Reason]:
    """What speaks against one repetition."""
    reasons = (*verdict.reasons, *passed_limits(decisive(verdict), rules, job=verdict.job))
    return [reason for reason in reasons if reason.effect is not Effect.NOTE]


def _together(each: Sequence[list[Reason]], run: Run, variant: Variant) -> list[Reason]:
    """The reasons of all repetitions as those of one: what only some of them show is a doubt, and said how often."""
    if len(each) == 1:
        return each[0]
    never = all(fits_all(reasons) is False for reasons in each)
    found: dict[tuple[ReasonKind, str, int], list[Reason]] = {}
    for reasons in each:
        seen: Counter[tuple[ReasonKind, str]] = Counter()
        for reason in reasons:
            subject = (reason.kind, reason.subject)
            found.setdefault((*subject, seen[subject]), []).append(reason)
            seen[subject] += 1
    merged = [_merged(alike, of=len(each), never=never) for alike in found.values()]
    good = sum(1 for reasons in each if fits_all(reasons))
    if 0 < good < len(each) and fits_all(merged) is not False:
        return [_sometimes(run, variant, good, len(each)), *merged]
    return merged


def _merged(alike: Sequence[Reason], *, of: int, never: bool) -> Reason:
    """One reason for the same one of several repetitions: the worst of them."""
    no = [reason for reason in alike if reason.effect is Effect.NO]
    worst = max(no or alike, key=lambda reason: reason.figure or 0)
    often = len(no or alike)
    if often == of:
        return worst
    certain = bool(no) and (never or worst.kind in _ENDED)
    text = f"{worst.text}, in {often} of {of} repetitions"
    return replace(worst, text=text, effect=Effect.NO if certain else Effect.UNDECIDED)


def _sometimes(run: Run, variant: Variant, good: int, of: int) -> Reason:
    return Reason(
        kind=ReasonKind.REPETITIONS,
        effect=Effect.UNDECIDED,
        subject=run.plan.job,
        text=f"fits in {good} of {of} repetitions of the {_called(run, variant)}",
        figure=good,
        limit=of,
        unit=Unit.REPETITIONS,
    )


def _interrupted(run: Run) -> Iterator[Reason]:
    """The cause of whatever else a run that did not end leaves open, so it stands before that."""
    text, remedy = "was interrupted before its run came to an end", f"{run.resumed_by} measures the rest"
    if run.maker:
        text, remedy = f"is not measured to its end: its run still goes on, {run.maker}", "wait for it"
    elif run.is_script:
        remedy = "measure it again"
    if not run.ended:
        yield Reason(
            kind=ReasonKind.INCOMPLETE,
            effect=Effect.UNDECIDED,
            subject=run.plan.job,
            text=text,
            remedy=remedy,
        )


def _of_the_run(run: Run, each: Sequence[list[Reason]]) -> Iterator[Reason]:
    """What no single repetition shows: answers that differ or were not compared."""
    known = {reason.kind for reasons in each for reason in reasons}
    held = {end.variant for end in run.variants if end.complete}
    comparison = run.comparison
    if comparison is not None and comparison.equal is False and ReasonKind.ANSWER not in known:
        yield other_answer(run.plan.job, rows=comparison.rows, equal_rows=comparison.equal_rows)
    elif _two_asked(run) and run.ended and (comparison is None or comparison.equal is None):
        why = comparison.reason.rstrip(".") if comparison is not None and comparison.reason else ""
        if not why:
            why = "both variants ran, but nothing compared them" if len(held) > 1 else "one of them gave none"
        yield Reason(
            kind=ReasonKind.ANSWER,
            effect=Effect.UNDECIDED,
            subject=run.plan.job,
            text=f"has two variants whose answers were not compared: {why}",
        )


def _two_asked(run: Run) -> bool:
    return len(run.settings.variants) > 1 and bool(run.plan.monolith) and bool(run.plan.decomposed)


def _called(run: Run, variant: Variant) -> str:
    if run.is_script:
        return "script"
    return "monolith" if variant is Variant.MONOLITH else "decomposed variant"
