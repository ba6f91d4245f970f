"""The history of a job as a page: what crept up, each figure's way over the runs, then every run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from shlex import quote

from profiler.checking.outcome import Measure
from profiler.history.values import Ending, History, Past, Trend
from profiler.model import Variant
from profiler.regression.creep import LEAST_RUNS
from profiler.regression.repeats import typical
from profiler.report.changes_table import amount
from profiler.report.clean import one_line
from profiler.report.commands import workspace_of
from profiler.report.compare_tables import change
from profiler.report.figures import sizes, times
from profiler.report.history_notes import notes
from profiler.report.moments import commit_text, moment
from profiler.report.plain import many
from profiler.report.runs_page import not_shown
from profiler.report.shape import Cell, Column, Command, Row, Section, Statement, Table, Tone
from profiler.report.sheet import Sheet
from profiler.report.sparkline import sparkline
from profiler.series import Series
from profiler.units import count, percent

NAMES = {Measure.PEAK: "peak memory", Measure.CPU: "CPU time"}
_MOST_STEPS = 6


def history_page(history: History, *, steps: bool = False, cells: int = 24) -> Sheet:
    """Lay out the history of a job.

    Args:
        history: What to show.
        steps: Also the way of each step's figures.
        cells: Widest sparkline.
    """
    runs = history.runs
    shown = [trend for trend in history.trends if steps or trend.step is None]
    variants = tuple(variant for variant in Variant if any(_was_asked(run, variant) for run in runs))
    return Sheet(
        title=one_line(history.job),
        facts=tuple(_facts(history)),
        statements=(*_claims(history), *not_shown(history.unreadable)),
        sections=(
            *([Section(title="From run to run", steps=_trends(shown, cells))] if shown else []),
            *(
                Section(
                    title=f"{variant.value.capitalize()}: every run, the newest first", steps=_runs(variant, history)
                )
                for variant in variants
            ),
        ),
        notes=tuple(notes(history, steps=steps)),
        commands=tuple(_commands(history, steps=steps)),
    )


def _was_asked(run: Past, variant: Variant) -> bool:
    return variant in run.header.run.settings.variants or variant in run.taken


def _facts(history: History) -> Iterator[str]:
    runs = history.runs
    yield many(len(runs), "kept run")
    if runs:
        first, last = runs[0].header.created, runs[-1].header.created
        yield f"{moment(first)} to {moment(last)} UTC" if len(runs) > 1 else f"{moment(first)} UTC"
    if history.older:
        yield f"{count(history.older)} older left out"


def _claims(history: History) -> Iterator[Statement]:
    """What crept up, one sentence for each figure of a variant; that nothing did; or that too little is there."""
    rises = [trend for trend in history.trends if trend.rise is not None]
    for (variant, _), trends in _by_figure(rises).items():
        first, *steps = trends
        text = f"{variant}: {_rose(first)}"
        if steps:
            named = [f"{one_line(trend.step or '')} by {_share(trend)}" for trend in steps[:_MOST_STEPS]]
            more = len(steps) - _MOST_STEPS
            named += [f"{count(more)} more steps"] if more > 0 else []
            text += f"; {', '.join(named)}"
        yield Statement(label="RISES", text=f"{text}.", tone=Tone.NO)
    longest = max((trend.told for trend in history.trends), default=0)
    if longest < LEAST_RUNS:
        text = f"A rise is told from chance over at least {LEAST_RUNS} runs that can be compared; there are {longest}."
        yield Statement(label="TOO FEW", text=text)
    elif not rises:
        time = max((trend.told for trend in history.trends if trend.measure is Measure.CPU), default=0)
        text = "No figure crept up over these runs."
        if time < LEAST_RUNS:
            text = "Peak memory did not creep up over these runs; of CPU time too few of them can be compared."
        yield Statement(label="STEADY", text=text, tone=Tone.YES)


def _by_figure(trends: Sequence[Trend]) -> dict[tuple[Variant, Measure], list[Trend]]:
    found: dict[tuple[Variant, Measure], list[Trend]] = {}
    for trend in trends:
        found.setdefault((trend.variant, trend.measure), []).append(trend)
    return found


def _rose(trend: Trend) -> str:
    known = trend.known
    of = "" if trend.step is None else f" of {one_line(trend.step)}"
    return (
        f"{NAMES[trend.measure]}{of} rose by {_share(trend)} over {len(known)} runs, from "
        f"{amount(trend.measure, known[0])} to {amount(trend.measure, known[-1])}"
    )


def _share(trend: Trend) -> str:
    return "" if trend.rise is None else percent(trend.rise.rise)


# --- tables ---------------------------------------------------------------------------------------------------------


def _trends(trends: Sequence[Trend], cells: int) -> Table:
    """A row for each figure of each step: its way, and where it began, is and was at its ends."""
    columns = (
        Column(key="step", always=True),
        Column(key="measure"),
        Column(key="spark", title="old to new"),
        Column(key="first", title="first", right=True),
        Column(key="last", title="last", right=True),
        Column(key="least", title="least", right=True),
        Column(key="most", title="most", right=True),
        Column(key="change", title="change, %", right=True),
    )
    rows = []
    for variant, of_variant in groupby(trends, key=lambda trend: trend.variant):
        for trend in of_variant:
            name = variant.value if trend.step is None else f"  {one_line(trend.step)}"
            known = trend.known
            texts = [amount(trend.measure, value) for value in (known[0], known[-1], min(known), max(known))]
            off = change(known[-1] / known[0]) if known[0] else ""
            tone = Tone.PLAIN if trend.rise is None else Tone.NO
            figures = [Cell(text=text) for text in texts]
            rows.append(
                Row(
                    cells=(
                        Cell(text=name),
                        Cell(text=NAMES[trend.measure]),
                        Cell(text=sparkline(trend.values, cells), tone=tone),
                        *figures,
                        Cell(text=off, tone=tone),
                    )
                )
            )
    return Table(columns=columns, rows=tuple(rows))


def _runs(variant: Variant, history: History) -> Table:
    runs = [run for run in reversed(history.runs) if _was_asked(run, variant)]
    wholes = [run.series.get((variant, None)) for run in runs]
    peak_unit, peaks = sizes([None if whole is None else round(typical(whole.peak_bytes)) for whole in wholes])
    at_pace = _cpu_values(variant, history)
    cpu = [
        None if whole is None else at_pace.get(run.header.id) or typical(whole.cpu_ns)
        for run, whole in zip(runs, wholes, strict=True)
    ]
    cpu_unit, cpus = times([None if value is None else round(value) for value in cpu])
    columns = (
        Column(key="id", title="run"),
        Column(key="made", title="made, UTC", always=True),
        Column(key="commit", title="commit", meaning="*: tracked files differed from the commit"),
        Column(key="repeats", title="repeats", right=True),
        Column(key="peak", title=f"peak, {peak_unit}", right=True),
        Column(key="cpu_time", title=f"CPU, {cpu_unit}", right=True),
        Column(key="said"),
    )
    rows = []
    for place, (run, whole) in enumerate(zip(runs, wholes, strict=True)):
        said, tone = _said(run, variant, whole)
        if not said and at_pace and run.header.id not in at_pace:
            said, tone = "pace unknown", Tone.DOUBT
        rows.append(
            Row(
                cells=(
                    Cell(text=one_line(run.header.id)),
                    Cell(text=moment(run.header.created)),
                    Cell(text=commit_text(run.header.run.commit)),
                    Cell(text="" if whole is None else str(whole.repeats)),
                    Cell(text=peaks[place]),
                    Cell(text=cpus[place]),
                    Cell(text=said, tone=tone),
                )
            )
        )
    return Table(columns=columns, rows=tuple(rows))


def _cpu_values(variant: Variant, history: History) -> dict[str, float]:
    """The CPU time of each run of which it is known at one pace."""
    wanted = variant, None, Measure.CPU
    trend = next((trend for trend in history.trends if (trend.variant, trend.step, trend.measure) == wanted), None)
    if trend is None or not trend.at_pace_of:
        return {}
    return {run.header.id: value for run, value in zip(history.runs, trend.values, strict=True) if value is not None}


def _said(run: Past, variant: Variant, whole: Series | None) -> tuple[str, Tone]:
    """What has to be known of a run's figures, in a word or two."""
    if variant in run.taken:
        return "of another run", Tone.PLAIN
    if whole is None:
        return (str(Ending.FAILED), Tone.NO) if run.ending is Ending.FAILED else (str(Ending.INTERRUPTED), Tone.DOUBT)
    if run.other_data:
        return "other data", Tone.DOUBT
    if variant is Variant.DECOMPOSED and not run.same_between:
        return "other place", Tone.DOUBT
    if not run.same_machine:
        return "other machine", Tone.DOUBT
    if variant in run.busy:
        return "machine busy", Tone.DOUBT
    return "", Tone.PLAIN


def _commands(history: History, *, steps: bool) -> Iterator[Command]:
    job = quote(one_line(history.job))
    there = workspace_of(history.runs[-1].header.run) if history.runs else ""
    comparable = [run for run in history.runs if run.series]
    if len(comparable) > 1:
        first, last = (quote(one_line(run.header.id)) for run in (comparable[0], comparable[-1]))
        yield Command(line=f"paredown compare {first} {last}{there}", purpose="the first and the last, side by side")
    if not steps and any(trend.step is not None for trend in history.trends):
        yield Command(line=f"paredown history {job} --steps{there}", purpose="step by step")
