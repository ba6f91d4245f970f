"""One SELECT in DuckDB: within a memory limit, spilling into the run's folder, whole groups into shards."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from profiler.errors import PareDownError
from profiler.model import Ending, Outcome
from profiler.sandbox import frames, leaving, lending
from profiler.sandbox.frames import identifier, literal
from profiler.work import Answered, RunQuery, Source

SHARD = "__paredown_shard"
PARTS = ".parts"
"""Ending of the name of the step that runs a query part by part, before `combine` makes the step itself."""


class QueryError(PareDownError):
    """A query that DuckDB does not take, or cannot finish."""


def carry_out(order: RunQuery) -> Answered:
    """Run the query and leave `order.target/part-*.parquet`, or one folder per shard below it."""
    import duckdb

    connection = frames.connect(
        memory_limit_mib=order.memory_limit_mib, threads=order.threads, temp=os.environ.get("TMPDIR")
    )
    try:
        for source in order.sources:
            add_view(connection, source)
        with leaving.whole_folder(order.target) as partial:
            rows = _copy(connection, order, partial)
            files = leaving.below(order.target, partial)
    except duckdb.OutOfMemoryException as error:
        raise MemoryError(
            f"{order.name}: DuckDB ran out of its {order.memory_limit_mib} MiB: {_first(error)}; "
            "give the query a larger memory_mib, or aggregate earlier"
        ) from error
    except duckdb.Error as error:
        raise lending.trouble() or QueryError(message(error, order.sql, order.file)) from error
    finally:
        connection.close()
    return Answered(
        outcome=Outcome(ending=Ending.OK),
        files=files,
        file_bytes=frames.sizes_of(files),
        rows_out=rows,
        input_bytes=sum(frames.file_bytes(source.files, source.sizes) for source in order.sources),
        stored_bytes=sum(sum(source.sizes) for source in order.sources),
        input_files=sum(len(source.files) for source in order.sources),
        output_bytes=frames.file_bytes(files),
    )


def add_view(connection: Any, source: Source) -> None:
    """Make a source a table of the query."""
    try:
        files = source.files if source.is_input else frames.tables_of(source.files)
    except frames.StepError as error:
        raise QueryError(f"{source.name}: a query cannot select from it; {error.message}") from error
    if not files:
        raise QueryError(f"{source.name}: came to nothing for every group, so a query cannot select from it")
    if source.sizes and not source.is_input:
        lending.know(source.files, source.sizes)
    lending.attach(connection, files)
    connection.execute(f"CREATE VIEW {identifier(table_name(source.name))} AS SELECT * FROM {frames.scan(files)}")


def table_name(read: str) -> str:
    """What a query calls something that it reads: its name; the parts of a query split by file, the query's name."""
    return read.removesuffix(PARTS)


def _copy(connection: Any, order: RunQuery, folder: str) -> int:
    """Write the result; returns its rows."""
    select = strip(order.sql)
    if not order.shard_by:
        file = literal(os.path.join(folder, "part-0.parquet"))
        return int(connection.execute(f"COPY ({select}\n) TO {file} (FORMAT parquet)").fetchone()[0])
    connection.execute(f"CREATE TEMP TABLE result AS {select}\n")
    keys = ", ".join(identifier(name) for name in order.shard_by)
    if is_ordered(connection, select):
        rows = _copy_in_order(connection, order, folder, keys)
    else:
        rows = connection.execute(
            f"COPY (SELECT result.*, shards.{SHARD} FROM result JOIN ({_shards(order, keys)}) AS shards "
            f"ON {_same(order.shard_by)}) TO {literal(folder)} "
            f"(FORMAT parquet, PARTITION_BY ({SHARD}), FILENAME_PATTERN 'part-{{i}}', OVERWRITE_OR_IGNORE)"
        ).fetchone()[0]
    if not rows:
        file = literal(os.path.join(folder, "empty.parquet"))
        connection.execute(f"COPY (SELECT * FROM result) TO {file} (FORMAT parquet)")
    return int(rows)


def _copy_in_order(connection: Any, order: RunQuery, folder: str, keys: str) -> int:
    """Shard by shard, so that the rows of each keep the query's own order."""
    connection.execute(f"CREATE TEMP TABLE shards AS {_shards(order, keys)}")
    rows = 0
    for (shard,) in connection.execute(f"SELECT DISTINCT {SHARD} FROM shards ORDER BY 1").fetchall():
        inner = os.path.join(folder, f"{SHARD}={shard}")
        os.makedirs(inner)
        rows += connection.execute(
            f"COPY (SELECT result.* FROM result JOIN shards ON {_same(order.shard_by)} WHERE {SHARD} = {shard} "
            f"ORDER BY result.rowid) TO {literal(os.path.join(inner, 'part-0.parquet'))} (FORMAT parquet)"
        ).fetchone()[0]
    return rows


def _shards(order: RunQuery, keys: str) -> str:
    """Every group with its shard."""
    shard = f"({hashed(order.shard_by)} % {order.shards})::INTEGER"
    return f"SELECT {keys}, {shard} AS {SHARD} FROM (SELECT DISTINCT {keys} FROM result)"


def hashed(keys: Sequence[str]) -> str:
    """SQL of the hash of a group: md5 of its keys as typed JSON, so that NULL and 1.0 are unmistakable.

    md5 is dear, so once per group and after the aggregation; DuckDB's own hash() changes between its releases.
    """
    packed = ", ".join(f"{literal(name)}: {identifier(name)}" for name in keys)
    return f"md5_number_lower(CAST(to_json({{{packed}}}) AS VARCHAR))"


def _same(names: Sequence[str]) -> str:
    return " AND ".join(f"result.{identifier(name)} IS NOT DISTINCT FROM shards.{identifier(name)}" for name in names)


def strip(sql: str) -> str:
    """A query without the semicolon at its end."""
    return sql.rstrip().rstrip(";").rstrip()


def is_ordered(connection: Any, select: str) -> bool:
    """Whether the query orders its own rows."""
    import json

    (text,) = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [select]).fetchone()
    try:
        node = json.loads(text)["statements"][0]["node"]
    except (KeyError, IndexError):
        return False
    return any(modifier.get("type") == "ORDER_MODIFIER" for modifier in node.get("modifiers", ()))


_AROUND = ("DESCRIBE ", "CREATE TEMP TABLE result AS ", "COPY (")
"""What paredown puts before a query on its first line; a complaint shows the line as the user wrote it."""


def message(error: Exception, sql: str, file: str) -> str:
    """DuckDB's complaint with the file, and the line and caret that DuckDB gives."""
    lines = str(error).strip().split("\n")
    for number, line in enumerate(lines[:-1]):
        around = next((words for words in _AROUND if line.startswith(f"LINE 1: {words}")), "")
        if around and lines[number + 1].startswith(" " * len(around)):
            lines[number] = line.replace(around, "", 1)
            lines[number + 1] = lines[number + 1][len(around) :]
    return f"{file}: " + "\n".join(line for line in lines if line.strip())


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
