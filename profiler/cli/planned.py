"""A plan as text: inputs, parameters, and each variant's steps with what they read and how they fan out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from profiler import units
from profiler.model import InputFiles, Kind, Plan, PlannedStep, Variant
from profiler.report.clean import one_line
from profiler.report.plain import wrapped
from profiler.report.skew import skew_notes
from profiler.work import Planned

_PROSE = 80


def describe(planned: Planned) -> str:
    """Lay a plan out, one line per input and step."""
    plan = planned.plan
    lines = [f"{one_line(plan.job)}   {one_line(os.path.relpath(plan.file))}", ""]
    lines += ["Inputs", *_table([_input_row(item, planned) for item in plan.inputs] or [["none"]])]
    if plan.params:
        shown = "  ".join(f"{one_line(name)}={one_line(str(value))}" for name, value in plan.params.items())
        lines += ["", f"Parameters  {shown}"]
    lines += ["", wrapped(f"{plan.shards}, {one_line(plan.shards_reason)}", _PROSE, first="Shards  ", margin=" " * 8)]
    lines += [wrapped(note, _PROSE, first=" " * 8, margin=" " * 8) for note in skew_notes(plan)]
    for variant in Variant:
        steps = plan.steps(variant)
        lines += ["", variant.value.capitalize()]
        lines += _table([_step_row(step, plan) for step in steps]) if steps else ["  none"]
    lines += ["", *_answer(plan), "", f"Next:  paredown run {one_line(os.path.relpath(plan.file))}"]
    return "\n".join(lines)


def _input_row(item: InputFiles, planned: Planned) -> list[str]:
    making = next((making for making in planned.to_make if making.name == item.name), None)
    if making is not None:
        return [one_line(item.name), f"will be made by {one_line(making.function.qualname)}"]
    files = f"{units.count(len(item.paths))} file{'s' if len(item.paths) != 1 else ''}"
    rows = f"{units.count(item.rows)} rows" if item.rows is not None else "rows not counted"
    return [one_line(item.name), files, units.memory(item.total_bytes), rows, one_line(_place(item))]


def _place(item: InputFiles) -> str:
    if item.sizes:
        scheme = item.paths[0].split("://")[0]
        folders = [path.partition("://")[2].rpartition("/")[0] for path in item.paths]
        return f"{scheme}://{os.path.commonpath(folders)}/"
    place = os.path.relpath(os.path.commonpath(item.paths))
    return ("made: " if item.made else "") + place


def _step_row(step: PlannedStep, plan: Plan) -> list[str]:
    return [
        one_line(step.name),
        _tasks(step, plan),
        f"reads {one_line(', '.join(step.reads))}" if step.reads else "reads nothing of the job's",
        one_line(_how(step)),
        one_line(step.description),
    ]


def _tasks(step: PlannedStep, plan: Plan) -> str:
    if step.parts:
        return f"{len(step.parts)} task{'s' if len(step.parts) != 1 else ''}"
    return f"up to {plan.shards} tasks" if step.fans_out and plan.shards > 1 else "1 task"


def _how(step: PlannedStep) -> str:
    parts = {
        Kind.PER_GROUP.value: f"per group of {', '.join(step.by)}",
        Kind.PER_SHARD.value: "per shard",
        Kind.SCRIPT.value: "a script",
    }
    text = parts.get(step.kind, "")
    if step.memory_mib is not None:
        text = f"SQL in {step.memory_mib:,} MB"
        if step.shard_by:
            text += f", split by {', '.join(step.shard_by)}"
    return text


def _answer(plan: Plan) -> Iterable[str]:
    key = f"one row per {', '.join(plan.answer_key)}" if plan.answer_key else "not compared"
    yield f"Answer  {one_line(key)}" + (f"; a request is one {one_line(plan.request)}" if plan.request else "")


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows with their columns below one another."""
    from rich.cells import cell_len

    most = max(len(row) for row in rows)
    widths = [max((cell_len(row[column]) for row in rows if column < len(row)), default=0) for column in range(most)]
    return [
        "  " + "   ".join(text + " " * (widths[column] - cell_len(text)) for column, text in enumerate(row)).rstrip()
        for row in rows
    ]
