"""How a baseline differs from the checked run: what forbids to compare them, and what may explain a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import PurePath

from profiler.hosts import kinds, left_here
from profiler.model import FunctionRef, InputFiles, Machine, PlannedStep, Run, Settings, Variant
from profiler.units import count, memory

_NEARLY = 0.01
"""Files of the same rows may differ by so much of their size: the same data, written by another version."""
_MOST_PACKAGES = 5
_MOST_FILES = 5
_SETTINGS = {
    "jobs": "tasks at a time",
    "task_threads": "threads in a task",
    "monolith_threads": "threads in the monolith",
    "cold": "fresh sandboxes",
    "engine": "engine",
}


def same_machine(before: Machine, now: Machine) -> bool:
    """Whether time can be compared: the same processor with as many cores; its kernel may be another."""
    return (before.cpu_model, before.cores) == (now.cpu_model, now.cores)


def same_machines(before: Run, now: Run, variant: Variant) -> bool:
    """Whether time of a variant can be compared: hosts with the same processors and as many cores ran it."""
    found = kinds(before, variant)
    return found is not None and found == kinds(now, variant)


def same_place(before: Run, now: Run) -> bool:
    """Whether time of both variants can be compared."""
    return all(same_machines(before, now, variant) for variant in Variant)


def same_between(before: Run, now: Run, variant: Variant) -> bool:
    """Whether what passed between steps lay in a store both times, or neither: moving it is work of the tasks."""
    return variant is Variant.MONOLITH or bool(before.settings.workspace) == bool(now.settings.workspace)


def same_pace(before: Run, now: Run) -> bool:
    """Whether the pace of the cores was looked at in both runs, with the same work on the same Python."""
    return now.settings.pace > 0 and (before.settings.pace, before.machine.python) == (
        now.settings.pace,
        now.machine.python,
    )


def between(run: Run) -> str:
    """Where what passed between decomposed steps lay, in words."""
    return run.settings.workspace or "a folder"


def other_data(before: Run, now: Run) -> str:
    """Why two runs measured other work, in words that follow "its"; empty: they measured the same."""
    if before.plan.params != now.plan.params:
        names = sorted(before.plan.params.keys() | now.plan.params.keys())
        changed = [name for name in names if before.plan.params.get(name) != now.plan.params.get(name)]
        said = ", ".join(_from_to(name, before.plan.params.get(name), now.plan.params.get(name)) for name in changed)
        return f"parameters were different: {said}"
    olds, news = ({given.name: given for given in run.plan.inputs} for run in (before, now))
    if olds.keys() != news.keys():
        return f"inputs were different: {', '.join(olds) or 'none'} then, {', '.join(news) or 'none'} now"
    return next((said for name, old in olds.items() if (said := _other_input(old, news[name]))), "")


def differences(before: Run, now: Run) -> Iterator[str]:
    """What else is not as it was then, in words: each may be why a figure changed."""
    old, new = before.machine, now.machine
    if not same_machine(old, new):
        yield f"another machine: {_machine(old)} then, {_machine(new)} now"
    if (left_here(before) or left_here(now)) and not same_machines(before, now, Variant.DECOMPOSED):
        yield f"another machine: decomposed tasks on {_kinds(before)} then, on {_kinds(now)} now"
    if before.version != now.version:
        yield _from_to("paredown", before.version, now.version)
    if old.python != new.python:
        yield _from_to("Python", old.python, new.python)
    yield from _packages(old.packages, new.packages)
    if before.plan.shards != now.plan.shards:
        yield _from_to("shards", before.plan.shards, now.plan.shards)
    yield from _settings(before.settings, now.settings)
    if before.of(Variant.DECOMPOSED) and now.of(Variant.DECOMPOSED) and between(before) != between(now):
        yield f"files between steps in {between(before)} then, in {between(now)} now"
    yield from _code(before.plan.code, now.plan.code)
    for old_input, new_input in zip(before.plan.inputs, now.plan.inputs, strict=False):
        if old_input.name == new_input.name and old_input.total_bytes != new_input.total_bytes:
            sizes = memory(old_input.total_bytes), memory(new_input.total_bytes)
            if sizes[0] != sizes[1]:
                yield f"{old_input.name} has the same rows in {sizes[1]} of files, {sizes[0]} then"


def renamed(before: Run, now: Run, variant: Variant) -> dict[str, str]:
    """Steps of a variant that have another name now while their code is the same: the name then, by the name now."""
    old_steps, new_steps = before.plan.steps(variant), now.plan.steps(variant)
    old_names, new_names = {step.name for step in old_steps}, {step.name for step in new_steps}
    gone = [step for step in old_steps if step.name not in new_names]
    found = {}
    for step in new_steps:
        code = None if step.name in old_names else _code_of(step, now.plan.code)
        same = [old for old in gone if code is not None and _same_code(code, _code_of(old, before.plan.code))]
        if len(same) == 1:
            found[step.name] = same[0].name
            gone.remove(same[0])
    return found


def _other_input(before: InputFiles, now: InputFiles) -> str:
    if before.rows != now.rows and before.rows is not None and now.rows is not None:
        return f"data was different: {now.name} had {count(before.rows)} rows then, and has {count(now.rows)} now"
    if abs(before.total_bytes - now.total_bytes) > _NEARLY * max(before.total_bytes, now.total_bytes):
        sizes = memory(before.total_bytes), memory(now.total_bytes)
        return f"data was different: {now.name} had {sizes[0]} of files then, and has {sizes[1]} now"
    return ""


def _packages(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    changed = [name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)]
    for name in changed[:_MOST_PACKAGES]:
        yield _from_to(name, before.get(name), now.get(name))
    if len(changed) > _MOST_PACKAGES:
        yield f"{count(len(changed) - _MOST_PACKAGES)} more packages"


def _settings(before: Settings, now: Settings) -> Iterator[str]:
    for item in fields(Settings):
        old, new = getattr(before, item.name), getattr(now, item.name)
        if item.name in _SETTINGS and old != new:
            yield _from_to(_SETTINGS[item.name], *("not pinned" if value is None else value for value in (old, new)))


def _code(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """Files of the job whose text changed, by their names: a checkout may lie elsewhere each time."""
    olds, news = ({(PurePath(path).name, hash_) for path, hash_ in code.items()} for code in (before, now))
    names = sorted({name for name, _ in olds ^ news})
    if names:
        more = f" and {count(len(names) - _MOST_FILES)} more" if len(names) > _MOST_FILES else ""
        yield f"the job's own code changed: {', '.join(names[:_MOST_FILES])}{more}"


def _from_to(what: str, before: object, now: object) -> str:
    return f"{what} {_said(before)} then, {_said(now)} now"


def _said(value: object) -> str:
    match value:
        case None:
            return "not there"
        case bool():
            return "yes" if value else "no"
        case int():
            return count(value)
    return str(value)


def _machine(machine: Machine) -> str:
    return _kind(machine.cpu_model, machine.cores)


def _kind(cpu_model: str, cores: int) -> str:
    return f"{cpu_model or 'an unknown processor'} with {count(cores)} cores"


def _kinds(run: Run) -> str:
    """The machines that ran decomposed tasks."""
    found = kinds(run, Variant.DECOMPOSED)
    return "hosts that nobody described" if found is None else " and ".join(_kind(*kind) for kind in sorted(found))


def _code_of(step: PlannedStep, code: Mapping[str, str]) -> tuple[str, frozenset[str]] | None:
    """What a step runs, and the files that it may be in: by name and by what they hold."""
    if step.sql is not None:
        return step.sql.strip(), frozenset({"sql"})
    function: FunctionRef | None = step.function
    file = step.file if function is None else function.file
    if file is None:
        return None
    where = {PurePath(file).name, code.get(file, "")} - {""}
    return ("" if function is None else function.qualname), frozenset(where)


def _same_code(one: tuple[str, frozenset[str]], other: tuple[str, frozenset[str]] | None) -> bool:
    return other is not None and one[0] == other[0] and bool(one[1] & other[1])
