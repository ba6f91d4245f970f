"""What passes between steps: tables as Parquet through DuckDB, other objects as joblib files.

What changes type on the way is refused, or told by column name. Files appear under their name only when whole.
"""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from profiler.errors import InputError, OutputError, PareDownError
from profiler.sandbox import leaving, lending
from profiler.stores import objects
from profiler.urls import is_url

if TYPE_CHECKING:
    import pandas as pd

TABLE, OBJECT, PICKLE = ".parquet", ".joblib", ".pickle"
threads: int | None = None
"""How many threads DuckDB may use for reading and writing; set by the sandbox's first order."""
COLUMN_GAP_BYTES = 2 << 20
"""Between two columns that it needs, DuckDB reads up to so much that it does not need rather than ask twice.

By itself it takes what pays off on this disk at this moment, so that the same query was seen to read 111 to 591 MB,
depending on what the page cache held. Here it is what pays off on S3: the median request is answered after some tens of
milliseconds (AWS, best practices for S3 performance, timeouts and retries), in which Lambda's network brings 2 MB.
"""
_tables: Any = None


@dataclass(frozen=True, slots=True)
class GroupedObjects:
    """One object per group, as `per_group` returns them when the user's function makes no DataFrame."""

    by: tuple[str, ...]
    items: dict[tuple[Any, ...], Any]


class StepError(PareDownError):
    """A step returned something that cannot be kept."""


def connect(*, memory_limit_mib: int | None = None, threads: int | None = None, temp: str | None = None) -> Any:
    """A fresh in-memory DuckDB that keeps to its limits and asks no network for anything."""
    import duckdb

    config: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    if memory_limit_mib:
        config["memory_limit"] = f"{memory_limit_mib}MiB"
    if threads:
        config["threads"] = threads
    config["temp_directory"] = temp or os.environ.get("TMPDIR") or "/tmp"
    connection = duckdb.connect(":memory:", config=config)
    _settle(connection)
    with suppress(duckdb.CatalogException):  # DuckDB before 2.0 has no such setting: it reads one column after another.
        connection.execute(f"SET GLOBAL parquet_prefetch_column_gap = {COLUMN_GAP_BYTES}")
    return connection


def _settle(connection: Any) -> None:
    """Set what belongs to one connection, which a cursor does not take over."""
    connection.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")


def open_tables() -> None:
    """Open the DuckDB that `tables` lends; once per process, since that takes 13 ms of CPU.

    Called while a sandbox prepares, where that is known to need it: what every cold task pays is then in its init.
    """
    global _tables
    if _tables is None:
        _tables = connect(threads=threads)
        _tables.execute("SET enable_external_file_cache = false")  # What a task has read is not kept for the next one.


@contextmanager
def tables() -> Iterator[Any]:
    """A connection to read and write tables with; what it holds goes when the block ends."""
    open_tables()
    with _tables.cursor() as connection:
        _settle(connection)
        yield connection


def literal(text: str) -> str:
    """Text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def scan(files: Sequence[str]) -> str:
    """SQL that reads these files: Parquet, or CSV by its ending."""
    listed = "[" + ", ".join(literal(file) for file in files) + "]"
    if files and all(is_csv(file) for file in files):
        return f"read_csv({listed}, union_by_name = true)"
    return f"read_parquet({listed}, hive_partitioning = false, union_by_name = {str(len(files) > 1).lower()})"


def is_csv(file: str) -> bool:
    """Whether a file is read as CSV."""
    name = file.lower()
    return name.endswith((".csv", ".csv.gz", ".csv.zst", ".tsv", ".txt"))


def read_table(files: Sequence[str], *, any_order: bool) -> pd.DataFrame:
    """Read a kept table. Rows come in the order that they were written in, or sorted where they had none."""
    import duckdb

    with tables() as connection:
        lending.attach(connection, files)
        order = "ORDER BY ALL" if any_order else ""
        try:
            return connection.execute(f"SELECT * FROM {scan(files)} {order}").df()
        except duckdb.Error as error:
            raise lending.trouble() or error from None


def write_table(frame: pd.DataFrame, path: str, step: str) -> tuple[str, ...]:
    """Keep a DataFrame as Parquet, rows in order.

    Returns:
        What changes on the way, a sentence for each column.

    Raises:
        StepError: If a column cannot be kept.
        OutputError: If the file cannot be written.
    """
    warnings = tuple(_changes(frame, step))
    import duckdb

    with tables() as connection:
        try:
            connection.register("kept", frame)
            with leaving.whole(path) as partial:
                connection.execute(f"COPY (SELECT * FROM kept) TO {literal(partial)} (FORMAT parquet)")
        except duckdb.IOException as error:
            raise OutputError(f"{step}: cannot write {leaving.written_to(path)}: {error}") from error
        except duckdb.Error as error:
            raise StepError(f"{step}: the returned DataFrame cannot be kept as Parquet: {error}") from error
    return warnings


def _changes(frame: pd.DataFrame, step: str) -> Iterable[str]:
    """Refuse what cannot be kept; name what changes its type."""
    import numpy as np
    import pandas as pd

    if not len(frame.columns):
        raise StepError(f"{step}: returned a DataFrame without columns; expected at least one")
    seen: dict[str, object] = {}
    for name in frame.columns:
        if not isinstance(name, str):
            raise StepError(f"{step}: column {name!r} has a name of type {type(name).__name__}; expected text")
        if name.lower() in seen:
            raise StepError(
                f"{step}: columns {seen[name.lower()]!r} and {name!r} have the same name where upper and lower case "
                "do not count, as in Parquet read by DuckDB"
            )
        seen[name.lower()] = name
    if any(name is not None for name in frame.index.names):
        shown = ", ".join(map(repr, frame.index.names))
        yield f"{step}: the index {shown} is not kept; use reset_index() to make it a column"
    for name in frame.columns:
        column = frame[name]
        kind = column.dtype
        if isinstance(kind, (pd.PeriodDtype, pd.IntervalDtype)) or getattr(kind, "kind", "") == "c":
            raise StepError(f"{step}: column {name!r} is of type {kind}, which Parquet by DuckDB cannot keep")
        if isinstance(kind, pd.CategoricalDtype):
            yield f"{step}: column {name!r} is categorical; it becomes plain values, and its order is lost"
        elif isinstance(kind, pd.DatetimeTZDtype) and str(kind.tz) not in ("UTC", "Etc/UTC"):
            yield f"{step}: column {name!r} is in time zone {kind.tz}; it comes back in UTC"
        elif isinstance(kind, np.dtype) and kind.hasobject:
            yield from _object_changes(column, name, step)


def _object_changes(column: pd.Series[Any], name: str, step: str) -> Iterable[str]:
    import numpy as np
    import pandas as pd

    inferred = pd.api.types.infer_dtype(column, skipna=True)
    kinds = {type(value) for value in column.head(1000) if value is not None and value is not pd.NA}
    if len(kinds) == 1 and kinds <= {list, dict, tuple, bytes, np.ndarray}:
        return  # Lists, structs and bytes come back as such.
    told = {
        "mixed": "mixed objects; they become text",
        "mixed-integer": "mixed objects; they become text",
        "decimal": "Decimal; it comes back as float64",
        "date": "date; it comes back as a timestamp",
    }
    if inferred in told:
        yield f"{step}: column {name!r} holds {told[inferred]}"


def write_object(value: object, target: str, step: str) -> str:
    """Keep any picklable object beside the tables; returns the path, whose ending says how it was kept.

    joblib where arrays may be inside; plain pickle where numpy was never imported, so that nothing is.
    """
    path = target + (OBJECT if "numpy" in sys.modules else PICKLE)
    try:
        with leaving.whole(path) as partial, open(partial, "wb") as file:
            if path.endswith(OBJECT):
                import joblib

                joblib.dump(value, file)
            else:
                pickle.dump(value, file)
    except OSError as error:
        raise OutputError(f"{step}: cannot write {leaving.written_to(path)}: {error.strerror or error}") from error
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise StepError(
            f"{step}: returned a {_type_name(value)}, which cannot be kept: {error}; "
            "expected a DataFrame or an object that can be pickled"
        ) from error
    return path


def read_object(path: str) -> Any:
    """Read an object that a step before has kept."""
    if is_url(path):
        with tempfile.NamedTemporaryFile(suffix=os.path.splitext(path)[1]) as file:
            objects.get(path, file.name)
            return read_object(file.name)
    if path.endswith(OBJECT):
        import joblib

        return joblib.load(path)
    with open(path, "rb") as file:
        return pickle.load(file)


def _type_name(value: object) -> str:
    if isinstance(value, GroupedObjects) and value.items:
        value = next(iter(value.items.values()))
    return type(value).__name__


def is_table(value: object) -> bool:
    """Whether a value is a pandas DataFrame, without importing pandas to know."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def keep(value: object, target: str, step: str) -> tuple[str, tuple[str, ...]]:
    """Keep what a step returned; returns the file and what changed on the way."""
    if is_table(value):
        path = target + TABLE
        return path, write_table(value, path, step)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.Series):
        raise StepError(f"{step}: returned a Series; expected a DataFrame (use .to_frame() or .reset_index())")
    return write_object(value, target, step), ()


def load(files: Sequence[str], *, any_order: bool, name: str) -> Any:
    """Bring back what a step has kept: one table, one object, or the objects of all its groups together."""
    tables = [file for file in files if file.endswith(TABLE)]
    if len(tables) == len(files) and tables:
        return read_table(tables, any_order=any_order)
    values = [read_object(file) for file in files if not file.endswith(TABLE)]
    if all(isinstance(value, GroupedObjects) for value in values) and values:
        items = {key: item for value in values for key, item in value.items.items()}
        if not tables:
            return GroupedObjects(values[0].by, items)
        if all(item is None for item in items.values()):
            return read_table(tables, any_order=any_order)
        raise InputError(f"{name}: some groups returned a DataFrame and some another object; expected one or the other")
    if len(values) != 1 or tables:
        raise InputError(f"{name}: {len(files)} files of different kinds; expected one table or one object")
    return values[0]


def tables_of(files: Sequence[str]) -> tuple[str, ...]:
    """The tables among what a step has left, without the shards in which every group came to nothing.

    Raises:
        StepError: If something else is among them.
    """
    tables = tuple(file for file in files if file.endswith(TABLE) or is_csv(file))
    for file in files:
        if file not in tables:
            value = read_object(file)
            if not isinstance(value, GroupedObjects) or any(item is not None for item in value.items.values()):
                raise StepError(f"expected a DataFrame, found {_article(_type_name(value))}")
    return tables


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def file_bytes(files: Iterable[str], sizes: Sequence[int] = ()) -> int:
    """Sizes of files, added up: as they are known of files behind URLs, else as the disk says."""
    return sum(sizes) if sizes else sum(map(size_of, files))


def size_of(file: str) -> int:
    """Bytes of a file, wherever it is."""
    return lending.size_of(file) if is_url(file) else os.path.getsize(file)


def sizes_of(files: Sequence[str]) -> tuple[int, ...]:
    """Bytes of each of these files, where they lie in a store; else nothing."""
    return tuple(map(size_of, files)) if files and is_url(files[0]) else ()
