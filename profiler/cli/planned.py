"""A plan as text: inputs, parameters, and each variant's steps with what they read and how they fan out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from profiler import units
from profiler.model import InputFiles, Kind, Plan, PlannedStep, Variant
from profiler.report.clean import one_line
from profiler.report.plain import many, wrapped
from profiler.report.skew import skew_notes
from profiler.work import Planned

_WIDEST_NAME = 24
"""A longer name has a line of its own."""
_BETWEEN = " · "


def describe(planned: Planned, *, width: int, next_line: str) -> str:
    """Lay a plan out: each input and each step with what is to be known of it beside its name.

    Args:
        planned: What would run.
        width: Cells of the terminal.
        next_line: The command that runs it.
    """
    plan = planned.plan
    lines = [f"{one_line(plan.job)}   {one_line(os.path.relpath(plan.file))}", "", "Inputs"]
    lines += _named([(item.name, [_input(item, planned)]) for item in plan.inputs], width)
    if plan.params:
        shown = "  ".join(f"{one_line(name)}={one_line(str(value))}" for name, value in plan.params.items())
        lines += ["", _headed("Parameters", shown, width)]
    lines += ["", _headed("Shards", f"{plan.shards}, {one_line(plan.shards_reason)}", width)]
    lines += [_headed(" " * len("Shards"), note, width) for note in skew_notes(plan)]
    for variant in Variant:
        lines += ["", variant.value.capitalize()]
        lines += _named([(step.name, _step(step, plan)) for step in plan.steps(variant)], width)
    lines += ["", _headed("Answer", _answer(plan), width), "", f"Next:  {next_line}"]
    return "\n".join(lines)


def _input(item: InputFiles, planned: Planned) -> str:
    making = next((making for making in planned.to_make if making.name == item.name), None)
    if making is not None:
        return f"will be made by {one_line(making.function.qualname)}"
    rows = many(item.rows, "row") if item.rows is not None else "rows not counted"
    return _BETWEEN.join([many(len(item.paths), "file"), units.memory(item.total_bytes), rows, one_line(_place(item))])


def _place(item: InputFiles) -> str:
    if item.sizes:
        scheme = item.paths[0].split("://")[0]
        folders = [path.partition("://")[2].rpartition("/")[0] for path in item.paths]
        return f"{scheme}://{os.path.commonpath(folders)}/"
    place = os.path.relpath(os.path.commonpath(item.paths))
    return ("made: " if item.made else "") + place


def _step(step: PlannedStep, plan: Plan) -> list[str]:
    reads = f"reads {one_line(', '.join(step.reads))}" if step.reads else "reads nothing of the job's"
    parts = [_tasks(step, plan), reads, one_line(_how(step))]
    return [_BETWEEN.join(filter(None, parts)), one_line(step.description)]


def _tasks(step: PlannedStep, plan: Plan) -> str:
    if step.parts:
        return many(len(step.parts), "task")
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


def _answer(plan: Plan) -> str:
    key = f"one row per {', '.join(plan.answer_key)}" if plan.answer_key else "not compared"
    return one_line(key) + (f"; a request is one {one_line(plan.request)}" if plan.request else "")


def _headed(head: str, text: str, width: int) -> str:
    """Prose behind the word that it is about."""
    return wrapped(text, width, first=f"{head}  ", margin=" " * (len(head) + 2))


def _named(entries: Sequence[tuple[str, Iterable[str]]], width: int) -> Iterator[str]:
    """Names, and beside each of them its texts, wrapped, below one another."""
    from rich.cells import cell_len

    if not entries:
        yield "  none"
    names = [one_line(name) for name, _ in entries]
    widest = max((wide for wide in map(cell_len, names) if wide <= _WIDEST_NAME), default=0)
    margin = " " * (2 + widest + 3)
    for name, (_, texts) in zip(names, entries, strict=True):
        lines = [
            line for text in texts if text for line in wrapped(text, width, first=margin, margin=margin).split("\n")
        ]
        if cell_len(name) > widest:
            yield f"  {name}"
        else:
            lines[0] = f"  {name}{' ' * (widest - cell_len(name))}   {lines[0].strip()}"
        yield from lines
