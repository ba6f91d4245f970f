"""What a check found, as the text that a reader sees: the answer first, then what speaks against it, then figures.

`changes_table` lays out the figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from profiler.checking.outcome import Baseline, Called, Change, Check, Creep, Measure
from profiler.model import Run, Variant
from profiler.reasons import Effect, Reason, ReasonKind
from profiler.report.changes_table import amount, changes_table, growth, interval
from profiler.report.clean import one_line
from profiler.report.moments import commit_words, moment
from profiler.report.pace import at_one_pace, slower
from profiler.report.plain import many
from profiler.report.shape import Checked, Statement, Tone
from profiler.units import count

_WORDS = {Measure.PEAK: "memory", Measure.CPU: "CPU time"}
_HOW = {Variant.DECOMPOSED: "decomposed, it", Variant.MONOLITH: "as one process, it"}
_BUSY = "The machine was busy with other work, now or then, and that adds CPU time too."
_NO_PACE = "How fast the cores were is not known of both runs, so that may be the machine's."
_FEW = "With so few repeats, that may be noise."
_MOST_NOTED = 3
"""Baselines that are named one by one; more are counted."""
_MOST_NAMES = 5


def checked_of(check: Check, run: Run) -> Checked:
    """Lay out a check."""
    against = [*_against(check, Effect.NO), *_worse(check), *_crept(check), *_against(check, Effect.UNDECIDED)]
    told = against[:1] if not check.passed and against[0].short == against[0].statement.text else []
    return Checked(
        headline=_passes(check, run) if check.passed else _fails(run, against),
        statements=(*(said.statement for said in against if said not in told), *_to_be_known(check)),
        changes=changes_table(check),
        notes=tuple(_notes(check)),
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """One thing that speaks against a run."""

    short: str
    """As the cause of a failure, behind a colon."""
    statement: Statement


def _passes(check: Check, run: Run) -> Statement:
    parts = (_fit(check, run), *_sameness(run), _since(check))
    return Statement(label="PASSES", text=f"{one_line(run.plan.job)} holds the line: {_joined(parts)}.", tone=Tone.YES)


def _fails(run: Run, against: Sequence[_Said]) -> Statement:
    """What decided it: the first of what speaks against it."""
    job, first = one_line(run.plan.job), against[0]
    cause = first.short.rstrip(".")
    if cause.startswith(f"{job} "):
        cause = f"it{cause.removeprefix(job)}"
    more = f" ({count(len(against) - 1)} more against it)" if len(against) > 1 else ""
    how = "is undecided, and so fails" if first.statement.tone is Tone.DOUBT else "fails"
    return Statement(label="FAILS", text=f"{job} {how}: {cause}{more}.", tone=Tone.NO)


def _fit(check: Check, run: Run) -> str:
    if any(reason.effect is Effect.UNDECIDED for reason in check.objections):
        return "whether it fits is undecided, which is allowed here"
    within = " and its budget" if check.verdict.budget is not None else ""
    return f"{'it' if run.is_script else _HOW[check.variant]} fits AWS Lambda{within}"


def _sameness(run: Run) -> Iterator[str]:
    if run.comparison is not None and run.comparison.equal:
        yield "both variants give the same answer"


def _since(check: Check) -> str:
    compared = _compared(check)
    if not compared:
        return "nothing was compared, for want of a baseline"
    return f"nothing that decides got worse since run {_called_run(compared[0])}"


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])}, and {parts[-1]}"


def _against(check: Check, effect: Effect) -> Iterator[_Said]:
    label, tone = ("NO", Tone.NO) if effect is Effect.NO else ("UNDECIDED", Tone.DOUBT)
    for reason in check.objections:
        if reason.effect is effect:
            text = _sentence(reason)
            yield _Said(text, Statement(label=label, text=text, tone=tone))


def _worse(check: Check) -> Iterator[_Said]:
    for change in _of(check, Called.WORSE):
        yield _Said(_change_in_short(change), Statement(label="WORSE", text=change_sentence(change), tone=Tone.NO))


def _crept(check: Check) -> Iterator[_Said]:
    for creep in _creeps_of(check.creeps, check.variant):
        text = creep_sentence(creep)
        yield _Said(text, Statement(label="CREEP", text=text, tone=Tone.NO))


def _creeps_of(creeps: Iterable[Creep], variant: Variant) -> list[Creep]:
    """The slow rises of a variant; of the whole only where no step of it shows the same."""
    found = [creep for creep in creeps if creep.variant is variant]
    of_steps = {creep.measure for creep in found if creep.step is not None}
    return [creep for creep in found if creep.step is not None or creep.measure not in of_steps]


def _to_be_known(check: Check) -> Iterator[Statement]:
    for change in _of(check, Called.UNKNOWN):
        yield Statement(label="UNKNOWN", text=f"{change_sentence(change)} {_why_unknown(change)}")
    for change in _of(check, Called.BETTER):
        yield Statement(label="BETTER", text=change_sentence(change), tone=Tone.YES)


def _why_unknown(change: Change) -> str:
    if change.p_value is None:
        return _FEW
    return _BUSY if change.busy else _NO_PACE


def _sentence(reason: Reason) -> str:
    flag = " (--require-baseline)" if reason.kind is ReasonKind.BASELINE else ""
    return one_line(reason.sentence.removesuffix(".") + flag + ".")


def _of(check: Check, called: Called) -> list[Change]:
    """The changes of the variant that decides, the largest part of the whole first.

    Of the whole itself only where no step of it shows the same.
    """
    of_variant = [change for change in check.changes if change.variant is check.variant]
    wholes = {change.measure: change.before for change in of_variant if change.step is None}
    found = [change for change in of_variant if change.called is called]
    of_steps = {change.measure for change in found if change.step is not None}
    said = [change for change in found if change.step is not None or change.measure not in of_steps]
    return sorted(said, key=lambda change: -abs(change.after - change.before) / (wholes.get(change.measure) or 1))


def _change_in_short(change: Change) -> str:
    """One change as the reason why a check fails."""
    verb = "holds" if change.measure is Measure.PEAK else "takes"
    more = growth(change.ratio).removeprefix("+")
    return (
        f"{_subject(change.step)} {verb} {more} more {_WORDS[change.measure]} than in run {one_line(change.baseline)}"
    )


def change_sentence(change: Change) -> str:
    """One change in a sentence: what, from what to what, by how much, how sure, and what would be let pass."""
    before, after = (amount(change.measure, value) for value in (change.before, change.after))
    verb = "holds" if change.measure is Measure.PEAK else "takes"
    sure = interval(change.interval)
    said = (
        f"{_subject(change.step)} {verb} {after} of {_WORDS[change.measure]}, {before} before: {growth(change.ratio)}"
    )
    said += f", 95 % interval {sure}" if sure else ""
    return f"{said}; {_let_pass(change.threshold)}." if change.after > change.before else f"{said}."


def _let_pass(threshold: Decimal) -> str:
    return f"up to {(threshold * 100).normalize():f} % more is let pass"


def creep_sentence(creep: Creep) -> str:
    """One slow rise in a sentence: of what, by how much, over which runs."""
    first, last = (amount(creep.measure, value) for value in (creep.values[0], creep.values[-1]))
    return (
        f"{_subject(creep.step)} rose in {_WORDS[creep.measure]} by {growth(1 + creep.rise).lstrip('+')} over "
        f"{count(len(creep.runs))} runs, from {first} in run {one_line(creep.runs[0])} to {last} "
        f"(p = {creep.p_value:.1g} by chance); {_let_pass(creep.threshold)}."
    )


def _subject(step: str | None) -> str:
    return "the whole" if step is None else one_line(step)


# --- notes ----------------------------------------------------------------------------------------------------------


def _notes(check: Check) -> Iterator[str]:
    compared = _compared(check)
    if compared:
        yield from _held_against(check, compared)
    for baseline in check.baselines[:_MOST_NOTED]:
        if baseline.refused:
            yield f"Run {_called_run(baseline)} is not compared: {one_line(baseline.refused)}."
    yield from _steps(check)
    yield from _other_variant(check)
    yield from map(one_line, check.notes)


def _held_against(check: Check, compared: Sequence[Baseline]) -> Iterator[str]:
    newest = compared[0]
    yield f"Held against run {_described(newest)}."
    if not newest.same_machine:
        time = next((item for item in compared if item.same_machine), None)
        machine = one_line(next(iter(newest.differences), "").removeprefix("another machine: "))
        yield (
            f"It was measured on another machine ({machine}): memory is compared all the same, "
            + ("and time is not." if time is None else f"and time with run {_described(time)}, the newest of this one.")
        )
    yield from _at_one_pace(check)
    others = newest.differences if newest.same_machine else newest.differences[1:]
    if others:
        yield f"Not as it was then, and so perhaps the cause: {'; '.join(map(one_line, others))}."


def _at_one_pace(check: Check) -> Iterator[str]:
    """That CPU times before are not as measured, where that can be seen."""
    ratio = next((change.slower_before for change in check.changes if _is_whole_cpu(change, check)), None)
    how = "" if ratio is None else slower(ratio)
    if how:
        yield at_one_pace(f"The cores were {how} then", "CPU times before", "this run")


def _is_whole_cpu(change: Change, check: Check) -> bool:
    return (change.variant, change.step, change.measure) == (check.variant, None, Measure.CPU)


def _steps(check: Check) -> Iterator[str]:
    for title, steps in (("New, with nothing to compare", check.new_steps), ("No longer there", check.gone_steps)):
        if steps:
            yield f"{title}: {_several([f'{one_line(step)} ({variant})' for variant, step in steps])}."
    if check.renamed_steps:
        said = [f"{one_line(old)} is now {one_line(new)} ({variant})" for variant, old, new in check.renamed_steps]
        yield f"Renamed, with the same code: {_several(said)}."


def _other_variant(check: Check) -> Iterator[str]:
    """What got worse in the variant that need not fit: to be known, and no failure."""
    worse = [
        change for change in check.changes if change.called is Called.WORSE and change.variant is not check.variant
    ]
    other = Variant.DECOMPOSED if check.variant is Variant.MONOLITH else Variant.MONOLITH
    steps = [change for change in worse if change.step is not None] or worse
    said = [f"{_subject(change.step)} {growth(change.ratio)} {_WORDS[change.measure]}" for change in steps]
    crept = [
        f"{_subject(creep.step)} {growth(1 + creep.rise)} {_WORDS[creep.measure]} over {count(len(creep.runs))} runs"
        for creep in _creeps_of(check.creeps, other)
    ]
    if said or crept:
        yield f"The {other} variant, which need not fit, got worse as well: {_several([*said, *crept])}."


def _several(texts: Sequence[str]) -> str:
    more = f" and {count(len(texts) - _MOST_NAMES)} more" if len(texts) > _MOST_NAMES else ""
    return ", ".join(texts[:_MOST_NAMES]) + more


def _compared(check: Check) -> list[Baseline]:
    return [baseline for baseline in check.baselines if not baseline.refused]


def _called_run(baseline: Baseline) -> str:
    commit = "" if baseline.commit is None else f" ({commit_words(baseline.commit)})"
    return one_line(baseline.run_id) + commit


def _described(baseline: Baseline) -> str:
    """A run with its commit, when it was made, and how often it was measured."""
    try:
        made = f", made {moment(datetime.fromisoformat(baseline.created))} UTC"
    except ValueError:
        made = ""
    return f"{_called_run(baseline)}{made}, {many(baseline.repeats, 'repeat')}"
