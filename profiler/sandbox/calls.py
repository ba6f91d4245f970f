"""A step's function, called once, once per group, or once per shard; the same way in both variants."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from profiler.model import Ending, Kind, Outcome
from profiler.sandbox import frames, lending, loading
from profiler.sandbox.frames import GroupedObjects, StepError
from profiler.stores import objects
from profiler.urls import is_url
from profiler.work import Answered, CallFunction, Source

if TYPE_CHECKING:
    import pandas as pd

GroupKey = tuple[Any, ...]


def carry_out(order: CallFunction) -> Answered:
    """Read the sources, call the function, keep what it returns: all of it measured, since Lambda bills it."""
    function, table = with_lines(loading.find(order.function), order.lines)
    step = order.function.qualname
    if is_url(order.target):
        objects.connect(order.target)  # Before the function may change what is in the environment.
    values = [_read(source) for source in order.sources]
    result, groups = call(function, order.kind, values, order.by, step)
    path, warnings = frames.keep(result, order.target, step)
    return Answered(
        outcome=Outcome(ending=Ending.OK),
        result=table(),
        files=(path,),
        file_bytes=frames.sizes_of((path,)),
        rows_in=rows(values),
        rows_out=len(result) if frames.is_table(result) else None,
        groups=groups,
        input_bytes=sum(frames.file_bytes(source.files, source.sizes) for source in order.sources),
        stored_bytes=sum(sum(source.sizes) for source in order.sources),
        input_files=sum(len(source.files) for source in order.sources),
        output_bytes=frames.file_bytes([path]),
        warnings=warnings,
    )


def _read(source: Source) -> Any:
    if source.is_input:
        return list(source.files)
    if source.sizes:
        lending.know(source.files, source.sizes)
    value = frames.load(source.files, any_order=source.any_order, name=source.name)
    if not source.empty:
        return value
    return GroupedObjects(value.by, {}) if isinstance(value, GroupedObjects) else value.iloc[:0]


def rows(values: Sequence[object]) -> int | None:
    """Rows of the largest table among the arguments; None where there is none."""
    counts = [len(value) for value in values if frames.is_table(value)]  # type: ignore[arg-type]
    return max(counts, default=None)


def call(
    function: Callable[..., Any], kind: str, values: Sequence[Any], by: tuple[str, ...], step: str
) -> tuple[Any, int | None]:
    """Call a step's function in its way; returns its value and how many groups there were, if any."""
    if kind == Kind.PER_GROUP:
        return per_group(function, values, by, step)
    given = [value.items if isinstance(value, GroupedObjects) else value for value in values]
    return function(*given), None


def per_group(function: Callable[..., Any], values: Sequence[Any], by: tuple[str, ...], step: str) -> tuple[Any, int]:
    """Call `function` for every group of the first argument that has groups.

    Returns:
        The tables in one, with the group's columns added where they lack; or the objects, one per group.

    Raises:
        StepError: If no argument has the columns in `by`, or the function returns now a table and now an object.
    """
    import pandas as pd

    leader = next((value for value in values if _is_grouped(value, by)), None)
    if leader is None:
        raise StepError(f"{step}: goes by {', '.join(by)}, but none of its arguments has these columns")
    cuts = [_cut(value, by, step) for value in values]
    if frames.is_table(leader):
        heads = leader.drop_duplicates(list(by))[list(by)].reset_index(drop=True)
        keys = [_key(row) for row in heads.itertuples(index=False, name=None)]
    else:
        heads = pd.DataFrame(list(leader.items), columns=list(by))
        keys = list(leader.items)
    results = [_call_for(function, cuts, key, by) for key in keys]
    tables = [frames.is_table(result) for result in results]
    if not any(tables):
        series = next((result for result in results if isinstance(result, pd.Series)), None)
        if series is not None:
            raise StepError(f"{step}: returned a Series; expected a DataFrame (use .to_frame() or .reset_index())")
        return GroupedObjects(by, dict(zip(keys, results, strict=True))), len(keys)
    for key, result, table in zip(keys, results, tables, strict=True):
        if not table and result is not None:
            raise StepError(
                f"{step}: returned a {type(result).__name__} for group {shown(by, key)} and a DataFrame for another; "
                "expected one or the other, or None for nothing"
            )
    kept = [position for position, table in enumerate(tables) if table]
    return _together([results[position] for position in kept], heads.iloc[kept], by, step), len(keys)


def _call_for(
    function: Callable[..., Any], cuts: Sequence[Callable[[GroupKey], Any]], key: GroupKey, by: tuple[str, ...]
) -> Any:
    """Call it for one group; what it raises says which group that was."""
    try:
        return function(*(cut(key) for cut in cuts))
    except Exception as error:
        error.add_note(f"in group {shown(by, key)}")
        raise


def shown(by: tuple[str, ...], key: GroupKey) -> str:
    """A group as a reader knows it."""
    return "(" + ", ".join(f"{name}={value!r}" for name, value in zip(by, key, strict=True)) + ")"


def _together(results: list[pd.DataFrame], heads: pd.DataFrame, by: tuple[str, ...], step: str) -> pd.DataFrame:
    """All groups' tables in one, group columns first where the function left them out."""
    import numpy as np
    import pandas as pd

    filled = [position for position, result in enumerate(results) if len(result)] or [0]
    results, heads = [results[position] for position in filled], heads.iloc[filled]
    missing = [name for name in by if name not in results[0].columns]
    for result in results:
        if [name for name in by if name not in result.columns] != missing:
            raise StepError(f"{step}: returned DataFrames with different columns for different groups")
    together = pd.concat(results, ignore_index=True)
    repeats = np.repeat(np.arange(len(results)), [len(result) for result in results])
    for position, name in enumerate(missing):
        together.insert(position, name, heads[name].iloc[repeats].reset_index(drop=True))
    return together


def _is_grouped(value: object, by: tuple[str, ...]) -> bool:
    if isinstance(value, GroupedObjects):
        return set(value.by) == set(by)
    return frames.is_table(value) and set(by) <= set(value.columns)  # type: ignore[attr-defined]


def _cut(value: Any, by: tuple[str, ...], step: str) -> Callable[[GroupKey], Any]:
    """How to take one group's part out of an argument: a table's rows, a group's object, or all of it."""
    if isinstance(value, GroupedObjects):
        lacking = [name for name in value.by if name not in by]
        if lacking:
            raise StepError(
                f"{step}: goes by {', '.join(by)}, but reads one object per {', '.join(value.by)}; "
                f"add {', '.join(lacking)} to by"
            )
        positions = [by.index(name) for name in value.by]
        return lambda key: value.items.get(tuple(key[position] for position in positions))
    if not frames.is_table(value) or not set(by) <= set(value.columns):
        return lambda key: value
    return _cut_table(value, by)


def _cut_table(table: pd.DataFrame, by: tuple[str, ...]) -> Callable[[GroupKey], pd.DataFrame]:
    """Cut a table group by group, as a loop over `groupby` does: no more than one group's rows stand beside it.

    The table is put in the order of its groups once, where it is in another, and each group is a slice of it.
    """
    import numpy as np

    number = table.groupby(list(by), sort=False, dropna=False).ngroup().to_numpy()
    if len(number) and (np.diff(number) < 0).any():
        order = np.argsort(number, kind="stable")
        table, number = table.take(order), number[order]
    begins = np.flatnonzero(np.diff(number, prepend=-1))
    ends = [*begins[1:], len(number)][: len(begins)]
    heads = table[list(by)].iloc[begins].itertuples(index=False, name=None)
    places = {_key(head): (begin, end) for head, begin, end in zip(heads, begins, ends, strict=True)}
    return lambda key: table.iloc[slice(*places.get(key, (0, 0)))]


def _key(values: tuple[Any, ...]) -> GroupKey:
    """A group's values, every kind of missing value as None, so that a key is found again."""
    return tuple(None if _is_missing(value) else value for value in values)


def _is_missing(value: object) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return bool(getattr(value, "is_integer", None)) and value != value  # Floats, Python's own and numpy's.


def with_lines(function: Callable[..., Any], lines: bool) -> tuple[Callable[..., Any], Callable[[], str | None]]:
    """Wrap a function in memory-profiler's line view, if asked; the second value makes its table afterwards."""
    if not lines:
        return function, lambda: None
    import memory_profiler

    profile = memory_profiler.LineProfiler(backend="psutil")

    def table() -> str:
        text = io.StringIO()
        memory_profiler.show_results(profile, text, precision=1)
        return text.getvalue()

    return profile(function), table
