"""How a user declares a job: plain values over plain functions and SQL files.

Nothing here runs, reads a file or imports a library. `Job` checks its own structure when it is built and raises
one `DeclarationError` with every mistake; files, columns and SQL are checked later, by the child that plans.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from types import FunctionType
from typing import Any

from profiler.errors import DeclarationError
from profiler.model import Kind

Names = str | Sequence[str]

DEFAULT_QUERY_MIB = 1024
DEFAULT_PART_MIB = 128
MIN_MEMORY_MIB, MAX_MEMORY_MIB = 128, 10_240


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Files that a job reads. Made by `dataset`."""

    paths: tuple[str, ...]
    make: Callable[..., object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One declared step. Made by `step`, `query`, `per_group`, `per_shard` and `script`; never by hand."""

    kind: Kind
    name: str
    target: Any
    """The user's function, or the path of a SQL file or a script."""
    reads: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    shard_by: tuple[str, ...] = ()
    memory_mib: int | None = None
    combine: str | None = None
    part_mib: int = DEFAULT_PART_MIB
    args: tuple[str, ...] = ()
    writes: str | None = None


def dataset(paths: Names, *, make: Callable[..., object] | None = None) -> Dataset:
    """Name files that a job reads: Parquet or CSV, by path or glob, relative to the job file, or by URL.

    Args:
        paths: One path, glob or URL, or several. `--input NAME=PATH` on the command line replaces them.
        make: `make(folder, *, rows=1_000_000, seed=0)`: writes the files into the given folder when none is
            there yet. Its keyword-only arguments and their defaults are the job's parameters (`--param`).
    """
    return Dataset(paths=_names(paths), make=make)


def step(function: Callable[..., object], *, reads: Names = (), name: str | None = None) -> Step:
    """Run `function` once, on everything: one argument per name in `reads`.

    An input arrives as a list of paths or URLs, an earlier step as its value. Returns a DataFrame or any picklable
    object.
    """
    return Step(kind=Kind.STEP, name=name or _function_name(function), target=function, reads=_names(reads))


def query(
    file: str,
    *,
    reads: Names = (),
    shard_by: Names = (),
    memory_mib: int = DEFAULT_QUERY_MIB,
    combine: str | None = None,
    part_mib: int = DEFAULT_PART_MIB,
    name: str | None = None,
) -> Step:
    """Run one SELECT from a `.sql` file in DuckDB; every name in `reads` is a table there.

    Args:
        file: Path of the SQL file, relative to the job file. The comment on its top describes the step.
        reads: Inputs and earlier steps that the query selects from.
        shard_by: Columns of the result. Rows that share their values stay together in one shard.
        memory_mib: Memory size that the query is run for, in MiB; DuckDB's memory limit and threads follow from it.
        combine: Path of a second SQL file. Then the first input in `reads` is split by file, `file` runs once per
            part, and `combine` selects from all parts (a table named like this step) to make the result.
        part_mib: With `combine`, at most so many MiB of input files per part (one file at least).
        name: The step's name; by default the file's name without its ending.
    """
    return Step(
        kind=Kind.QUERY,
        name=name or PurePath(str(file)).stem,
        target=file,
        reads=_names(reads),
        shard_by=_names(shard_by),
        memory_mib=memory_mib,
        combine=combine,
        part_mib=part_mib,
    )


def per_group(function: Callable[..., object], *, reads: Names, by: Names, name: str | None = None) -> Step:
    """Run `function` once for every group: one argument per name in `reads`, each cut down to that group.

    What was not split by group is given whole. Columns in `by` that a returned DataFrame lacks are added.
    `None` stands for "nothing for this group".
    """
    return Step(
        kind=Kind.PER_GROUP, name=name or _function_name(function), target=function, reads=_names(reads), by=_names(by)
    )


def per_shard(function: Callable[..., object], *, reads: Names, name: str | None = None) -> Step:
    """Run `function` once for every shard: many whole groups in one call, one argument per name in `reads`."""
    return Step(kind=Kind.PER_SHARD, name=name or _function_name(function), target=function, reads=_names(reads))


def script(file: str, *, writes: str | None = None, args: Sequence[str] = (), name: str | None = None) -> Step:
    """Run a Python file as it stands, as `__main__`; its answer is the file that it writes.

    Args:
        file: Path of the script, relative to the job file.
        writes: Path of the CSV or Parquet file that the script leaves, relative to the working directory.
        args: The script's arguments.
        name: The step's name; by default the file's name without its ending.
    """
    return Step(
        kind=Kind.SCRIPT, name=name or PurePath(str(file)).stem, target=file, writes=writes, args=tuple(map(str, args))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to measure: inputs, a monolith, and its decomposed variant.

    Raises:
        DeclarationError: With every structural mistake at once.
    """

    name: str
    inputs: Mapping[str, Dataset] = field(default_factory=dict)
    monolith: Sequence[Step] = ()
    decomposed: Sequence[Step] = ()
    request: str | None = None
    """Column of the answer whose distinct values are counted as requests; without it the whole run is one."""
    answer_key: Names = ()
    """Columns that name a row of the answer."""
    tolerance: float = 1e-6
    """Relative difference up to which two floats of the answer are the same."""
    score: Callable[..., object] | None = None
    """answer -> {"precision": 0.9, ...}"""
    dollars_per_day: float | str | None = None
    requests_per_day: int | None = None

    def __post_init__(self) -> None:
        for name in ("monolith", "decomposed"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "answer_key", _names(self.answer_key))
        problems = tuple(_problems(self))
        if problems:
            raise DeclarationError(problems, job=self)


def _problems(job: Job) -> Iterable[str]:
    """Every structural mistake of a job, each a sentence with its place."""
    where = f"job {job.name!r}"
    if not isinstance(job.name, str) or not job.name.strip():
        yield f"job: name is {job.name!r}; expected a non-empty text"
    elif any(not character.isprintable() for character in job.name):
        yield f"{where}: the name holds a character that cannot be printed"
    if not isinstance(job.inputs, Mapping):
        yield f"{where}: inputs is a {type(job.inputs).__name__}; expected a dict from names to dataset(...)"
    else:
        for name, value in job.inputs.items():
            if not isinstance(value, Dataset):
                yield f"{where}: input {name!r} is a {type(value).__name__}; expected dataset(...)"
            elif not value.paths and value.make is None:
                yield f"{where}: input {name!r} names no file"
            elif value.make is not None:
                yield from _function_problems(value.make, f"{where}: input {name!r}: make")
            yield from _name_problems(name, f"{where}: input")
    if not job.monolith:
        yield f"{where}: monolith has no step"
    tolerance_ok = isinstance(job.tolerance, (int, float)) and not isinstance(job.tolerance, bool)
    if not tolerance_ok or not math.isfinite(job.tolerance) or job.tolerance < 0:
        yield f"{where}: tolerance is {job.tolerance!r}; expected a number from 0"
    if job.decomposed and not job.answer_key:
        yield f"{where}: answer_key is empty; expected the columns that name a row of the answer"
    if job.score is not None:
        yield from _function_problems(job.score, f"{where}: score")
    yield from _budget_problems(job, where)
    for variant in ("monolith", "decomposed"):
        yield from _variant_problems(job, variant)


def _variant_problems(job: Job, variant: str) -> Iterable[str]:
    known = list(job.inputs) if isinstance(job.inputs, Mapping) else []
    split: dict[str, tuple[str, ...]] = {}
    for position, item in enumerate(getattr(job, variant), start=1):
        if not isinstance(item, Step):
            yield (
                f"{job.name}: {variant}: entry {position} is a {type(item).__name__}; "
                "expected step(...), query(...), per_group(...), per_shard(...) or script(...)"
            )
            continue
        where = f"{job.name}: {variant} step {item.name!r}"
        yield from _name_problems(item.name, f"{job.name}: {variant} step")
        if item.name in known:
            taken = "an input" if item.name in job.inputs else "an earlier step"
            yield f"{where} has the name of {taken}; give it another with name=..."
        for read in item.reads:
            if read not in known:
                yield (
                    f"{where} reads {read!r}, which no input or earlier step provides "
                    f"(known at that point: {', '.join(known) or 'nothing'})"
                )
        yield from _step_problems(item, where)
        yield from _split_problems(item, where, variant, job.inputs, split)
        known.append(item.name)
    items = [item for item in getattr(job, variant) if isinstance(item, Step)]
    for item in items:
        if item.kind is Kind.SCRIPT and (variant == "decomposed" or len(items) > 1):
            yield f"{job.name}: {variant} step {item.name!r} is a script; it can only be the one step of a monolith"
        elif item.kind is Kind.SCRIPT and job.decomposed and not item.writes:
            yield f"{job.name}: {variant} step {item.name!r}: writes is missing; expected the file with the answer"


def _step_problems(item: Step, where: str) -> Iterable[str]:
    if item.kind in (Kind.QUERY, Kind.SCRIPT):
        if not isinstance(item.target, str) or not item.target:
            yield f"{where}: the file is {item.target!r}; expected a path"
    else:
        yield from _function_problems(item.target, where)
        yield from _argument_problems(item, where)
    if item.kind in (Kind.QUERY, Kind.PER_GROUP, Kind.PER_SHARD) and not item.reads:
        yield f"{where} reads nothing"
    if item.kind is Kind.PER_GROUP and not item.by:
        yield f"{where}: by is empty; expected the columns that name a group"
    for option in ("reads", "by", "shard_by"):
        values = getattr(item, option)
        for value in values:
            if not isinstance(value, str) or not value:
                yield f"{where}: {option} holds {value!r}; expected names"
        if len(set(map(str, values))) < len(values):
            yield f"{where}: {option} names something twice: {', '.join(map(str, values))}"
    if item.kind is Kind.QUERY:
        size = item.memory_mib
        if not isinstance(size, int) or isinstance(size, bool) or not MIN_MEMORY_MIB <= size <= MAX_MEMORY_MIB:
            yield f"{where}: memory_mib is {size!r}; expected a whole number from {MIN_MEMORY_MIB} to {MAX_MEMORY_MIB}"
        if not isinstance(item.part_mib, int) or isinstance(item.part_mib, bool) or item.part_mib < 1:
            yield f"{where}: part_mib is {item.part_mib!r}; expected a whole number from 1"


def _split_problems(
    item: Step, where: str, variant: str, inputs: Mapping[str, Dataset], split: dict[str, tuple[str, ...]]
) -> Iterable[str]:
    """Follow how results are split into shards; `split` maps a step's name to the keys of its shards."""
    if item.kind is Kind.QUERY:
        if item.shard_by and variant == "decomposed":
            split[item.name] = item.shard_by
        if item.combine and (not item.reads or item.reads[0] not in inputs):
            yield f"{where}: combine splits the first name in reads by file, so that must be an input"
        return
    if item.kind not in (Kind.PER_GROUP, Kind.PER_SHARD):
        return
    for read in item.reads:
        if read in inputs and item.reads[0] == read:
            yield f"{where} reads the input {read!r} first; an input has no groups: read it in a step or a query before"
    if variant != "decomposed":
        return
    keys = {split[read] for read in item.reads if read in split}
    if len(keys) > 1:
        shown = "; ".join(f"{read} by {', '.join(split[read])}" for read in item.reads if read in split)
        yield f"{where} reads results that are split by different keys: {shown}"
    elif keys:
        (shard_by,) = keys
        missing = [key for key in shard_by if key not in item.by]
        if item.kind is Kind.PER_GROUP and missing:
            yield (
                f"{where}: by lacks {', '.join(map(repr, missing))}, by which its input is split "
                f"(shard_by={', '.join(shard_by)}); a group would be cut in two"
            )
        split[item.name] = shard_by


def _function_problems(function: object, where: str) -> Iterable[str]:
    if not callable(function):
        yield f"{where}: {function!r} is no function"
        return
    if not isinstance(function, FunctionType):
        yield (
            f"{where}: {function!r} is a {type(function).__name__}; expected a plain function, "
            "which a fresh process can import by its name"
        )
        return
    if function.__name__ == "<lambda>":
        yield f"{where}: a lambda cannot be imported by its name in a fresh process; write it as a def"
    elif "<locals>" in function.__qualname__:
        yield (
            f"{where}: {function.__qualname__!r} is defined inside a function, so a fresh process cannot import it; "
            "move it to the top of the file"
        )


def _argument_problems(item: Step, where: str) -> Iterable[str]:
    if not isinstance(item.target, FunctionType):
        return
    import inspect  # Dear to import, and a sandbox that only imports a job file still builds its job.

    try:
        inspect.signature(item.target).bind(*item.reads)
    except TypeError as error:
        yield (
            f"{where}: {item.target.__name__}{inspect.signature(item.target)} is called with one argument "
            f"per name in reads ({', '.join(map(str, item.reads)) or 'none'}): {error}"
        )


def _budget_problems(job: Job, where: str) -> Iterable[str]:
    if job.dollars_per_day is not None:
        try:
            usable = math.isfinite(float(job.dollars_per_day)) and float(job.dollars_per_day) > 0
        except (TypeError, ValueError):
            usable = False
        if not usable:
            yield f"{where}: dollars_per_day is {job.dollars_per_day!r}; expected a number above 0"
    requests = job.requests_per_day
    if requests is not None and (not isinstance(requests, int) or isinstance(requests, bool) or requests < 1):
        yield f"{where}: requests_per_day is {requests!r}; expected a whole number from 1"
    if (job.dollars_per_day is None) != (job.requests_per_day is None):
        yield f"{where}: dollars_per_day and requests_per_day go together; only one is given"


def _name_problems(name: object, where: str) -> Iterable[str]:
    if not isinstance(name, str) or not name.strip():
        yield f"{where}: the name {name!r} is empty; expected a text"
    elif any(not character.isprintable() for character in name):
        yield f"{where}: the name {name!r} holds a character that cannot be printed"


def _names(names: object) -> tuple[Any, ...]:
    if isinstance(names, str):
        return (names,)
    if isinstance(names, Iterable):
        return tuple(names)
    return (names,)


def _function_name(function: object) -> str:
    return getattr(function, "__name__", None) or repr(function)
