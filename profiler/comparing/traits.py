"""What is not the same between runs of a job, each trait in words: commit, machine, data, how it was run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from profiler.checking.likeness import between
from profiler.hosts import kinds, left_here
from profiler.model import Commit, Machine, Run, Variant
from profiler.units import count, memory

_MOST = 8
"""More packages, parameters, inputs or files than these are counted and not named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """Something that is not the same in all runs."""

    name: str
    values: tuple[str, ...]
    """One per run; empty where a run has none."""


def traits(runs: Sequence[Run]) -> tuple[Trait, ...]:
    """Return what differs between runs, what is most likely to explain a figure first."""
    return tuple(trait for trait in _all(runs) if len(set(trait.values)) > 1)


def _all(runs: Sequence[Run]) -> Iterator[Trait]:
    yield _trait("commit", runs, lambda run: _commit(run.commit))
    yield from _by_name("code: ", runs, _code)
    yield from _by_name("", runs, lambda run: {name: _said(value) for name, value in run.plan.params.items()})
    yield from _by_name("", runs, _data)
    yield _trait("shards", runs, lambda run: count(run.plan.shards))
    yield _trait("variants", runs, lambda run: ", ".join(run.settings.variants))
    yield _trait("tasks at a time", runs, lambda run: count(run.settings.jobs))
    yield _trait("threads in a task", runs, lambda run: count(run.settings.task_threads))
    yield _trait("threads in the monolith", runs, lambda run: _said(run.settings.monolith_threads))
    yield _trait("fresh sandboxes", runs, lambda run: _said(run.settings.cold))
    yield _trait("engine", runs, lambda run: run.settings.engine)
    yield _trait("files between steps", runs, between)
    yield _trait("machine", runs, lambda run: _machine(run.machine))
    yield _trait("hosts", runs, _hosts)
    yield _trait("memory", runs, lambda run: memory(run.machine.memory_bytes))
    yield _trait("system", runs, lambda run: run.machine.system)
    yield _trait("Python", runs, lambda run: run.machine.python)
    yield from _by_name("", runs, lambda run: run.machine.packages)
    yield _trait("paredown", runs, lambda run: run.version)


def _trait(name: str, runs: Sequence[Run], of: Callable[[Run], str]) -> Trait:
    return Trait(name=name, values=tuple(map(of, runs)))


def _by_name(prefix: str, runs: Sequence[Run], of: Callable[[Run], dict[str, str]]) -> Iterator[Trait]:
    """A trait for each name that some run has another value for."""
    found = [of(run) for run in runs]
    names = dict.fromkeys(name for values in found for name in values)
    changed = [name for name in names if len({values.get(name, "") for values in found}) > 1]
    for name in changed[:_MOST]:
        yield Trait(name=f"{prefix}{name}", values=tuple(values.get(name, "") for values in found))
    if len(changed) > _MOST:
        more = f"and {count(len(changed) - _MOST)} more"
        # Each run's own text, so that the trait counts as one that differs.
        yield Trait(name=f"{prefix}{more}", values=("differ", *("" for _ in runs[1:])))


def _commit(commit: Commit | None) -> str:
    if commit is None:
        return "none"
    short = commit.id[:9] + ("*" if commit.dirty else "")
    return f"{short} ({commit.branch})" if commit.branch else short


def _code(run: Run) -> dict[str, str]:
    """Files of the job by their names, each with the beginning of its hash: a checkout may lie elsewhere each time."""
    return {PurePath(path).name: digest[:9] for path, digest in run.plan.code.items()}


def _data(run: Run) -> dict[str, str]:
    return {
        item.name: f"{count(item.rows)} rows" if item.rows is not None else memory(item.total_bytes)
        for item in run.plan.inputs
    }


def _hosts(run: Run) -> str:
    """The kinds of host that ran decomposed tasks, where those were others than the harness's own."""
    if not left_here(run):
        return ""
    found = kinds(run, Variant.DECOMPOSED)
    return "not known" if found is None else " and ".join(_kind(*kind) for kind in sorted(found))


def _machine(machine: Machine) -> str:
    return _kind(machine.cpu_model, machine.cores)


def _kind(cpu_model: str, cores: int) -> str:
    return f"{cpu_model or 'an unknown processor'}, {'1 core' if cores == 1 else f'{count(cores)} cores'}"


def _said(value: object) -> str:
    match value:
        case None:
            return "not pinned"
        case bool():
            return "yes" if value else "no"
        case int():
            return count(value)
    return str(value)
