"""The monolith: step after step in one process, live objects between them, as the research script did."""

from __future__ import annotations

import os
from typing import Any

from profiler.model import Ending, Outcome
from profiler.sandbox import calls, frames, lending, loading, queries
from profiler.sandbox.frames import GroupedObjects, StepError
from profiler.work import Answered, KeepAnswer, MonolithStep, Source

_held: dict[str, Any] = {}
"""What each step so far has returned: the one state of this process, and the point of measuring it."""


def carry_out(order: MonolithStep | KeepAnswer) -> Answered:
    """Run the next step, or write the last one's answer."""
    if isinstance(order, KeepAnswer):
        return _keep_answer(order)
    if order.function is None:
        result, groups, table = _query(order), None, None
    else:
        function, lines = calls.with_lines(loading.find(order.function), order.lines)
        values = [list(order.inputs[name]) if name in order.inputs else _held[name] for name in order.reads]
        result, groups = calls.call(function, order.kind, values, order.by, order.name)
        table = lines()
        del values
    _held[order.name] = result
    return Answered(
        outcome=Outcome(ending=Ending.OK),
        result=table,
        rows_out=len(result) if frames.is_table(result) else None,
        groups=groups,
        input_bytes=sum(
            frames.file_bytes(order.inputs[name], order.sizes.get(name, ()))
            for name in order.reads
            if name in order.inputs
        ),
        stored_bytes=sum(map(sum, order.sizes.values())),
        input_files=sum(len(order.inputs[name]) for name in order.reads if name in order.inputs),
    )


def _query(order: MonolithStep) -> Any:
    import duckdb

    connection = frames.connect(
        memory_limit_mib=order.memory_limit_mib, threads=order.threads, temp=os.environ.get("TMPDIR")
    )
    try:
        for name in order.reads:
            if name in order.inputs:
                queries.add_view(connection, Source(name=name, files=order.inputs[name], is_input=True))
            elif frames.is_table(_held[name]):
                connection.register(queries.table_name(name), _held[name])
            else:
                raise queries.QueryError(f"{name}: is no table, so a query cannot select from it; expected a DataFrame")
        return connection.execute(queries.strip(order.sql or "")).df()
    except duckdb.OutOfMemoryException as error:
        raise MemoryError(
            f"{order.name}: DuckDB ran out of its {order.memory_limit_mib} MiB: {str(error).splitlines()[0]}"
        ) from error
    except duckdb.Error as error:
        told = queries.message(error, order.sql or "", order.file or order.name)
        raise lending.trouble() or queries.QueryError(told) from error
    finally:
        connection.close()


def _keep_answer(order: KeepAnswer) -> Answered:
    result = _held[order.name]
    if isinstance(result, GroupedObjects):
        raise StepError(
            f"{order.name}: is the last step, so its result is the answer; expected DataFrames, got objects"
        )
    if not frames.is_table(result):
        raise StepError(
            f"{order.name}: is the last step, so its result is the answer; "
            f"expected a DataFrame, got {type(result).__name__}"
        )
    path, warnings = frames.keep(result, order.target, order.name)
    return Answered(outcome=Outcome(ending=Ending.OK), files=(path,), rows_out=len(result), warnings=warnings)
