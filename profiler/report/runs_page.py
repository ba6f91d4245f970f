"""The list of kept runs as a page, and as plain values for a program: docs/runs.schema.json."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

from profiler.kept.listing import Kept, KeptRun, State, Unreadable
from profiler.kept.pruning import Removed
from profiler.report.clean import one_line
from profiler.report.json_report import commit_document
from profiler.report.moments import commit_text, moment
from profiler.report.plain import many
from profiler.report.shape import Cell, Column, Command, Row, Section, Statement, Table, Tone
from profiler.report.sheet import Sheet
from profiler.units import memory
from profiler.urls import workspace_option

SCHEMA = "paredown.runs/1"
# 1: the first. A new key does not change the number; a key that goes, or means something else, does.

_MOST_UNREADABLE = 10
_TONES = {
    State.COMPLETE: Tone.PLAIN,
    State.FAILED: Tone.NO,
    State.INTERRUPTED: Tone.DOUBT,
    State.RUNNING: Tone.PLAIN,
}
_COLUMNS = (
    Column(key="run", title="run", always=True),
    Column(key="job", title="job"),
    Column(key="made", title="made, UTC"),
    Column(key="variants", title="variants"),
    Column(key="repeats", title="repeats", right=True),
    Column(key="on_disk", title="on disk", right=True),
    Column(key="commit", title="commit", meaning="*: tracked files differed from the commit"),
    Column(key="ended", title="ended"),
)


def runs_page(kept: Kept, *, workspace: Path) -> Sheet:
    """Lay out the kept runs of a workspace, the newest first."""
    runs, where = kept.runs, one_line(kept.url or str(workspace))
    jobs = {run.header.job for run in runs}
    title = f"{many(len(runs), 'kept run')} of {many(len(jobs), 'job')}" if runs else "No kept runs"
    return Sheet(
        title=title,
        facts=(where, f"{memory(sum(run.size_bytes for run in runs))} {_place(kept)}") if runs else (where,),
        statements=tuple(not_shown(kept.unreadable)),
        sections=(Section(title="", steps=runs_table(runs, place=_place(kept))),) if runs else (),
        commands=tuple(_commands(kept, workspace)),
    )


def prune_page(kept: Kept, chosen: Sequence[KeptRun]) -> Sheet:
    """Lay out the runs that would go."""
    running = sum(run.state is State.RUNNING for run in kept.runs)
    notes = (f"{many(running, 'run')} still going on: never removed.",) if running else ()
    left_alone = tuple(not_shown(kept.unreadable, ending=" Left alone."))
    if not chosen:
        title = f"Nothing to remove: none of {many(len(kept.runs), 'kept run')} meets what was asked"
        return Sheet(title=title, statements=left_alone, notes=notes)
    return Sheet(
        title=f"{len(chosen)} of {many(len(kept.runs), 'kept run')} may go",
        facts=(f"{memory(sum(run.size_bytes for run in chosen))} would be freed",),
        statements=left_alone,
        sections=(Section(title="", steps=runs_table(chosen, place=_place(kept))),),
        notes=notes,
    )


def removed_text(removed: Removed) -> str:
    """What was removed, in one line."""
    text = f"removed {many(removed.runs, 'run')}, {memory(removed.freed_bytes)} freed"
    if removed.still_running:
        text += f"; still going on, and so left: {', '.join(map(one_line, removed.still_running))}"
    return text


def _place(kept: Kept) -> str:
    return "in the store" if kept.url else "on disk"


def runs_table(runs: Sequence[KeptRun], *, place: str = "on disk") -> Table:
    """A row for each run."""
    several = len({run.header.job for run in runs}) > 1
    repeated = any(run.header.run.settings.repeats > 1 for run in runs)
    columns = tuple(replace(column, title=place) if column.key == "on_disk" else column for column in _COLUMNS)
    return Table(columns=columns, rows=tuple(_row(kept, several_jobs=several, repeated=repeated) for kept in runs))


def _row(kept: KeptRun, *, several_jobs: bool, repeated: bool) -> Row:
    header, settings = kept.header, kept.header.run.settings
    return Row(
        cells=(
            Cell(text=one_line(header.id)),
            Cell(text=one_line(header.job) if several_jobs else ""),
            Cell(text=moment(header.created)),
            Cell(text="both" if len(settings.variants) > 1 else "".join(settings.variants)),
            Cell(text=str(settings.repeats) if repeated else ""),
            Cell(text=memory(kept.size_bytes)),
            Cell(text=commit_text(header.run.commit)),
            Cell(text=_state(kept), tone=_TONES[kept.state]),
        ),
        remarks=(one_line(kept.reason),) if kept.reason else (),
        subject=one_line(header.id),
    )


def _state(run: KeptRun) -> str:
    return f"goes on, {one_line(run.maker.short)}" if run.maker else str(run.state)


def not_shown(files: Sequence[Unreadable], ending: str = "") -> Iterator[Statement]:
    """Name files among the runs that are none, each with what is wrong with it."""
    for file in files[:_MOST_UNREADABLE]:
        yield Statement(label="NOT SHOWN", text=f"{one_line(file.problem)}.{ending}", tone=Tone.DOUBT)
    if len(files) > _MOST_UNREADABLE:
        rest = many(len(files) - _MOST_UNREADABLE, "more file")
        yield Statement(label="NOT SHOWN", text=f"{rest}; --format json names them all.{ending}", tone=Tone.DOUBT)


def _commands(kept: Kept, workspace: Path) -> Iterator[Command]:
    there = workspace_option(one_line(kept.url or str(workspace)))
    if not kept.runs:
        yield Command(line=f"paredown run JOB{there}", purpose="measures a job, and keeps the run")
    else:
        yield Command(line=f"paredown report RUN{there}", purpose="shows one of them again")
    if len(kept.runs) > 1:
        yield Command(line=f"paredown compare RUN RUN{there}", purpose="shows two side by side")
        yield Command(
            line=f"paredown runs --prune --keep 20{there}", purpose="removes all but the newest 20 of each job"
        )


def document(kept: Kept, *, workspace: Path) -> dict[str, Any]:
    """Return the kept runs as plain values."""
    return {
        "schema": SCHEMA,
        "workspace": kept.url or str(workspace),
        "runs": [_run(run) for run in kept.runs],
        "unreadable": [{"path": file.path, "problem": file.problem} for file in kept.unreadable],
    }


def _run(run: KeptRun) -> dict[str, Any]:
    header, made = run.header, run.header.run
    return {
        "id": header.id,
        "path": header.run.path,
        "job": header.job,
        "created": f"{header.created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "paredown": made.version,
        "commit": commit_document(made.commit),
        "variants": [str(variant) for variant in made.settings.variants],
        "repeats": made.settings.repeats,
        "state": str(run.state),
        "reason": run.reason,
        "owner_pid": run.maker.process if run.maker else None,
        "owner_host": run.maker.host if run.maker else "",
        "file_bytes": run.file_bytes,
        "work_bytes": run.work_bytes,
    }
