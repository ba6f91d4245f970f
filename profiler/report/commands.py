"""The commands that are useful after reading a report: the most useful one first, never more than three."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import PurePath

from profiler.model import ENGINES, Run, Variant
from profiler.reasons import ReasonKind
from profiler.report.clean import one_line
from profiler.report.shape import Command, Names
from profiler.urls import is_url, workspace_option
from profiler.verdict import Verdict

MOST = 3


def commands_of(verdict: Verdict, run: Run, names: Names) -> tuple[Command, ...]:
    """What to do next, seen from what this run found."""
    return tuple(_useful(verdict, run, names))[:MOST]


def reference(run_id: str, path: str) -> str:
    """Return how a command finds a run: by its id where runs are kept, by its path elsewhere.

    >>> reference("a", ".paredown/runs/a.jsonl"), reference("a", "history/a.jsonl"), reference("a", "")
    ('a', 'history/a.jsonl', 'a')
    """
    return run_id if path in ("", str(PurePath(".paredown", "runs", f"{run_id}.jsonl"))) else path


def is_kept(run: Run) -> bool:
    """Whether a run's file lies in a workspace, as far as its path tells; others were copied somewhere."""
    return PurePath(run.path).parent.name == "runs"


def workspace_of(run: Run) -> str:
    """The option by which a command of this folder means the workspace that a run is kept in; empty: it needs none."""
    if not is_kept(run):
        return ""
    folder = run.path.rpartition("/runs/")[0] if is_url(run.path) else str(PurePath(run.path).parent.parent)
    return workspace_option(one_line(folder))


def running(run: Run, names: Names) -> str:
    """The command that measures the same job again, on the engine that it was measured on."""
    engine = " --engine dask" if run.settings.engine == "dask" else ""
    scheduler = f" --scheduler {shlex.quote(one_line(run.settings.scheduler))}" if run.settings.scheduler else ""
    return f"paredown run {names.job}{names.workspace}{engine}{scheduler}"


def by_line(step: str, names: Names) -> Command:
    """The command that shows a step's memory line by line, which is done here on any engine."""
    line = f"paredown run {names.job}{names.workspace} --lines {shlex.quote(step)}"
    return Command(line=line, purpose="which of its lines takes the memory")


def resuming(run: Run, names: Names) -> Command:
    """What goes on with a run: of other shards or variants it would be another one."""
    purpose = "measures only what is missing"
    if run.settings.engine not in ENGINES:
        kind = one_line(run.settings.engine)
        return Command(line=_in_python(run, names), purpose=f"{purpose}; in Python, with an executor of {kind}")
    shards, only = _same_again(run)
    split = f" --shards {shards}" if shards else ""
    variant = f" --variant {only}" if only else ""
    return Command(line=f"{running(run, names)}{split}{variant} --resume", purpose=purpose)


def _same_again(run: Run) -> tuple[int | None, Variant | None]:
    """The number of shards and the only variant that have to be given, for it to be the same run."""
    wanted = run.settings.variants
    return (
        run.plan.shards if any(step.fans_out for step in run.plan.decomposed) else None,
        wanted[0] if len(wanted) == 1 and all(map(run.plan.steps, Variant)) else None,
    )


def _in_python(run: Run, names: Names) -> str:
    """The call that goes on with a run whose executor came from Python, all but that executor."""
    job, *_ = shlex.split(names.job)
    made = any(given.made for given in run.plan.inputs)
    shards, only = _same_again(run)
    said = {
        "inputs": {name: list(paths) for name, paths in run.settings.inputs.items()},
        "params": dict(run.plan.params if made else run.settings.params),
        "shards": shards,
        "variants": [str(only)] if only else None,
        "workspace": (shlex.split(names.workspace) or [""])[-1],
    }
    arguments = "".join(f", {name}={value!r}" for name, value in said.items() if value)
    return one_line(f"profiler.run({job!r}{arguments}, executor=executor, resume=True)")


def _useful(verdict: Verdict, run: Run, names: Names) -> Iterator[Command]:
    again = running(run, names)
    prices = f" {names.priced}" if names.priced else ""
    shown = ("paredown report" if names.run == "last" else f"paredown report {names.run}") + prices
    if (not run.ended or run.has_lost_tasks) and not run.maker and not run.is_script:
        yield resuming(run, names)
    elif _to_be_mended(verdict, run):
        yield Command(
            line=f"{again} --variant decomposed --against {names.run}",
            purpose="the decomposed variant alone, after a change",
        )
    if run.is_script:
        yield Command(line=f"paredown init {names.job}", purpose="writes a job file around the script")
    elif not run.plan.decomposed:
        yield Command(line=f"paredown plan {names.job}{names.workspace}", purpose="shows what would run, reading what")
    elif Variant.DECOMPOSED in run.settings.variants and run.ended:
        yield from _other_shards(verdict, run, again)
    largest = _largest_step(verdict, run)
    if largest is not None:
        yield by_line(largest, names)
    if verdict.budget is None:
        yield Command(line=f"{shown} --dollars-per-day 7 --requests-per-day 3000", purpose="holds it against a budget")
    if verdict.decomposed is not None and verdict.decomposed.complete:
        yield Command(
            line=f"paredown budget --run {names.run}{prices}", purpose="what every service of the pipeline costs"
        )
    if verdict.assumptions.arch != "arm64" and names.arm64:
        yield Command(line=f"{shown} --arch arm64", purpose="the same run at Graviton's prices")
    yield Command(line=f"{shown} --format json", purpose="every figure, for a program")


def _to_be_mended(verdict: Verdict, run: Run) -> bool:
    """Whether the decomposed variant needs a change, while the monolith needs no second run."""
    if verdict.decomposed is None or verdict.monolith is None or not verdict.monolith.complete:
        return False
    other_answer = run.comparison is not None and run.comparison.equal is False
    return other_answer or not verdict.decomposed.complete


def _other_shards(verdict: Verdict, run: Run, again: str) -> Iterator[Command]:
    """More shards where a task is too big or too slow, fewer where starting them costs more than they do."""
    decomposed = verdict.decomposed
    if decomposed is None or not any(step.fans_out for step in run.plan.decomposed):
        return
    too_big = {ReasonKind.MEMORY, ReasonKind.TIME, ReasonKind.TEMP}
    fanned = {step.name for step in run.plan.decomposed if step.fans_out}
    steps = [step for step in decomposed.steps if step.name in fanned]
    if any(reason.kind in too_big and step.fits is False for step in steps for reason in step.reasons):
        yield Command(line=f"{again} --shards {run.plan.shards * 2}", purpose="smaller tasks")
    elif run.plan.shards > 1 and decomposed.init_ns * 3 > decomposed.cpu_ns:
        yield Command(line=f"{again} --shards {max(1, run.plan.shards // 2)}", purpose="fewer inits to pay")


def _largest_step(verdict: Verdict, run: Run) -> str | None:
    """The step that holds most, where its size is why something does not fit and its lines can be shown."""
    variant = verdict.decomposed or verdict.monolith
    if variant is None or run.is_script or variant.fits is not False:
        return None
    for step in variant.steps:
        too_big = any(reason.kind is ReasonKind.MEMORY for reason in step.reasons)
        if too_big and step.fits is False and step.kind in ("step", "per_group", "per_shard"):
            return step.name
    return None
