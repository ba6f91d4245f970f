"""From a run and its verdict to a report: every figure becomes text here, once.

Pure: no clock, no file, no environment. How the reader names the job on the command line is an argument.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from profiler.checking.outcome import Check
from profiler.facts import Fact, Price
from profiler.hosts import hosts_of
from profiler.model import Repetition, Run, Variant
from profiler.reasons import Effect
from profiler.report.basis import basis_of
from profiler.report.check_commands import commands_of_check
from profiler.report.checked import checked_of
from profiler.report.clean import one_line
from profiler.report.commands import commands_of, workspace_of
from profiler.report.findings import findings_of, warnings_of
from profiler.report.hosts import hosts_section
from profiler.report.key_figures import key_figures
from profiler.report.plain import many
from profiler.report.sameness import difference_tables, same_statement, score_statement
from profiler.report.shape import Names, Report, Statement, Tone
from profiler.report.sources import sources_notes, sources_table
from profiler.report.steps import section_of
from profiler.report.totals import totals_notes, totals_table
from profiler.units import count
from profiler.verdict import Verdict

_MOST_INPUTS = 3
_LABELS = {True: ("FITS", Tone.YES), False: ("DOES NOT FIT", Tone.NO), None: ("UNDECIDED", Tone.DOUBT)}


def build(
    run: Run,
    verdict: Verdict,
    *,
    names: Names | None = None,
    sources: Sequence[Fact | Price] = (),
    check: Check | None = None,
) -> Report:
    """Lay out a run and its verdict.

    Args:
        run: The measurements.
        verdict: What `judge` made of them.
        names: How the reader names the job and the run in a command; by default the job by its name, the run as last.
        sources: The limits and prices that the verdict rests on, the prices of all machines that it chose from among
            them.
        check: What a check of this run found, where there was one.
    """
    names = names or Names(job=shlex.quote(one_line(run.plan.job)), workspace=workspace_of(run))
    variants = [variant for variant in (verdict.monolith, verdict.decomposed) if variant is not None]
    findings, more = findings_of(run)
    hosts = hosts_of(run)
    return Report(
        title=one_line(run.plan.job),
        facts=tuple(_facts(run, verdict)),
        statements=tuple(_statements(run, verdict)),
        figures=key_figures(verdict, run),
        differences=difference_tables(run.comparison),
        totals=totals_table(verdict, run, hosts),
        totals_notes=totals_notes(verdict, run),
        sections=tuple(section_of(variant, run) for variant in variants),
        findings=findings,
        more_findings=more,
        warnings=warnings_of(run),
        basis=basis_of(verdict, run),
        sources=sources_table(verdict, sources),
        sources_notes=sources_notes(verdict, sources),
        commands=commands_of(verdict, run, names) if check is None else commands_of_check(check, run, names),
        run=run,
        verdict=verdict,
        hosts=hosts,
        hosts_section=None if hosts is None else hosts_section(hosts),
        check=check,
        checked=None if check is None else checked_of(check, run),
    )


def _facts(run: Run, verdict: Verdict) -> Iterator[str]:
    """How much the job handles."""
    known = [given for given in run.plan.inputs if given.rows is not None]
    for given in known[:_MOST_INPUTS]:
        yield f"{count(given.rows or 0)} rows of {one_line(given.name)}"
    if len(known) > _MOST_INPUTS:
        yield f"{count(len(known) - _MOST_INPUTS)} more inputs"
    groups = max((answer.groups for answer in run.answers if answer.groups is not None), default=None)
    if groups is not None:
        yield many(groups, "group")
    if run.plan.request is not None and verdict.requests is not None:
        yield f"{many(verdict.requests, 'request')} (one per {one_line(run.plan.request)})"


def _statements(run: Run, verdict: Verdict) -> Iterator[Statement]:
    label, tone = _LABELS[verdict.fits]
    yield Statement(label=label, text=one_line(verdict.sentence), tone=tone)
    for reason in verdict.reasons:
        if reason.effect is not Effect.NOTE and reason.text not in verdict.sentence:
            yield Statement(label="", text=f"· {one_line(reason.sentence)}")
    if not run.ended:
        yield Statement(label="GOES ON" if run.maker else "INTERRUPTED", text=_unended(run), tone=Tone.DOUBT)
    same = same_statement(run.comparison)
    if same is not None:
        yield same
    score = score_statement(run.scores)
    if score is not None:
        yield score
    if run.is_script and run.exit_code not in (None, 0):
        yield Statement(label="EXIT CODE", text=f"The script ended with exit code {run.exit_code}.", tone=Tone.NO)
    if run.dropped_bytes:
        yield Statement(
            label="TORN LINE",
            text=f"The run file's last line was cut off and is left out ({many(run.dropped_bytes, 'byte')}): what it "
            "recorded is not in these figures.",
        )


def _unended(run: Run) -> str:
    each = [repetition for variant in Variant for repetition in run.repeated(variant)]
    well = sum(item.outcome.ok for repetition in each for item in repetition.measurements)
    begun = sum(map(_begun, each))
    tasks = f"{many(well, 'task')} that ended well" + (f", and {count(begun)} that had begun" if begun else "")
    if run.maker:
        return f"The run still goes on, {one_line(run.maker)}, so this is what was measured by now: {tasks}."
    ways = "" if run.is_script else f"; {run.resumed_by} measures the rest"
    return f"The run did not end, so this is what was measured until then: {tasks}{ways}."


def _begun(repetition: Repetition) -> int:
    """How many decomposed tasks had begun and not ended, when their harness was killed."""
    if repetition.variant is Variant.MONOLITH:
        return 0  # Its first step stands for all of it.
    ended = {(item.step, item.index): item.attempt for item in repetition.measurements}
    return sum(attempt > ended.get(task, 0) for task, attempt in repetition.attempts.items())
