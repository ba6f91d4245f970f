"""What a CI is told of each case of a report: it passed, it failed, its code broke, or it does not count.

A step of the variant that has to fit fails where it does not, where a limit is passed, and where it got worse than
before. What does not fit in the other variant is skipped: it is there to be compared with, and often the reason for the
job to be decomposed at all. Where a run was checked, something is red if and only if the check did not pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from profiler.checking.outcome import Called, Check
from profiler.model import Measurement, Variant
from profiler.reasons import Effect, Reason
from profiler.report.cases import Case, cases_of
from profiler.report.checked import change_sentence, creep_sentence
from profiler.report.clean import one_line
from profiler.report.findings import alike, finding_of
from profiler.report.shape import Finding, Report

MOST_FINDINGS = 5
"""Of one case; more are counted."""


class Ruling(StrEnum):
    """What becomes of a case."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    """A task of it did not end well."""
    SKIPPED = "skipped"
    """It does not fit, or this is not known; and it need not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """A case, what became of it and why."""

    case: Case
    ruling: Ruling
    kind: str = ""
    """What decided: a `ReasonKind`, "steps", "worse", "creep" or "check"; empty where it passed."""
    message: str = ""
    """The first of the sentences below."""
    sentences: tuple[str, ...] = ()
    """Everything that is to be said of it, what decides first."""
    findings: tuple[Finding, ...] = ()
    """Tasks that did not end well, those that ended alike together."""
    more_findings: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing that is to be said of a case."""

    kind: str
    effect: Effect
    text: str


def rulings_of(report: Report) -> tuple[Ruled, ...]:
    """Rule on every case of a report, in the order of `cases_of`."""
    groups: dict[tuple[Variant, str], list[list[Measurement]]] = {}
    for group in alike(report.run):
        groups.setdefault((group[0].variant, group[0].step), []).append(group)
    cases = cases_of(report)
    steps = {case.step for case in cases if case.step is not None}
    return tuple(_ruled(case, report, groups.get((case.variant, case.step or ""), []), steps) for case in cases)


def _ruled(case: Case, report: Report, failed: list[list[Measurement]], steps: set[str]) -> Ruled:
    check = report.check
    decides = case.variant is (check.variant if check else report.verdict.decided_by)
    said = list(_said(case, report, steps) if decides else _of_the_other(case, check))
    effects = {one.effect for one in said}
    red = Ruling.SKIPPED if check is not None and check.passed else Ruling.FAILED
    ruling = Ruling.PASSED
    if failed:
        ruling = Ruling.ERROR if red is Ruling.FAILED else red
    elif effects & {Effect.NO, Effect.UNDECIDED}:
        ruling = red if decides else Ruling.SKIPPED
    return Ruled(
        case=case,
        ruling=ruling,
        kind=said[0].kind if said and ruling is not Ruling.PASSED else "",
        message=said[0].text if said else "",
        sentences=tuple(dict.fromkeys(one.text for one in said)),
        findings=tuple(finding_of(report.run, group) for group in failed[:MOST_FINDINGS]),
        more_findings=max(0, len(failed) - MOST_FINDINGS),
    )


def _said(case: Case, report: Report, steps: set[str]) -> Iterator[Said]:
    """What is to be said of a case of the variant that has to fit: the whole begins with the verdict on it."""
    check = report.check
    if case.step is None and check is not None and not check.passed:
        text = report.checked.headline.text if report.checked else "The check did not pass."
        yield Said(kind="check", effect=Effect.NO, text=one_line(text))
    elif case.step is None and check is None and case.fits is not True:
        effect = Effect.NO if case.fits is False else Effect.UNDECIDED
        kinds = [reason.kind.value for reason in case.reasons]
        yield Said(kind=kinds[0] if kinds else "steps", effect=effect, text=one_line(report.verdict.sentence))
    if check is None:
        yield from map(_of_reason, case.reasons)
        return
    for reason in check.objections:
        if reason.subject == case.step or (case.step is None and reason.subject not in steps):
            yield _of_reason(reason)
    yield from _worse(case, check, Effect.NO)
    yield from (_of_reason(reason) for reason in case.reasons if reason.effect is Effect.NOTE)


def _of_the_other(case: Case, check: Check | None) -> Iterator[Said]:
    """What is to be said of a case of the variant that need not fit."""
    yield from (_of_reason(reason) for reason in case.reasons if reason.effect is not Effect.NOTE)
    if check is not None:
        yield from _worse(case, check, Effect.NOTE)
    if case.fits is not True:
        other = Variant.DECOMPOSED if case.variant is Variant.MONOLITH else Variant.MONOLITH
        effect = Effect.NO if case.fits is False else Effect.UNDECIDED
        yield Said(kind="", effect=effect, text=f"It need not fit: the {other.value} variant is what has to.")


def _of_reason(reason: Reason) -> Said:
    return Said(kind=reason.kind.value, effect=reason.effect, text=one_line(reason.sentence))


def _worse(case: Case, check: Check, effect: Effect) -> Iterator[Said]:
    for change in check.changes:
        if (change.variant, change.step) == (case.variant, case.step) and change.called is Called.WORSE:
            yield Said(kind="worse", effect=effect, text=change_sentence(change))
    for creep in check.creeps:
        if (creep.variant, creep.step) == (case.variant, case.step):
            yield Said(kind="creep", effect=effect, text=creep_sentence(creep))


__all__ = ["Ruled", "Ruling", "rulings_of"]
