"""Checking queries before anything runs: syntax, tables, columns, and the keys that results are split by."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

from profiler.model import InputFiles, Kind, PlannedStep
from profiler.sandbox import frames, queries
from profiler.sandbox.frames import identifier
from profiler.sandbox.remote import Remote

Columns = dict[str, str]
"""Column names to DuckDB types."""


class Checker:
    """Follows the columns from the inputs through every query; what Python returns is not known before it runs."""

    def __init__(self, found: dict[str, InputFiles], remote: Remote, *, skip: set[str]) -> None:
        self.connection = frames.connect(threads=1)
        self.inputs: dict[str, Columns | None] = dict.fromkeys(skip)
        for name, item in found.items():
            if name not in skip:
                looked_at = list(map(remote.local, item.paths))
                self.inputs[name] = self._describe(f"SELECT * FROM {frames.scan(looked_at)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def _describe(self, select: str) -> Columns:
        return {row[0]: row[1] for row in self.connection.execute(f"DESCRIBE {select}\n").fetchall()}

    def check(
        self, where: str, steps: Sequence[PlannedStep], answer_key: Sequence[str], request: str | None
    ) -> list[str]:
        """Every mistake in a variant's queries and in the columns that its steps go by."""
        known = dict(self.inputs)
        keys: dict[str, tuple[str, ...]] = {}
        problems: list[str] = []
        for step in steps:
            place = f"{where} step {step.name!r}"
            columns: Columns | None = None
            if step.kind in (Kind.QUERY, Kind.COMBINE):
                columns, complaints = self._query(place, step, known)
                problems += complaints
                problems += _key_problems(place, step, columns, keys)
            elif step.kind == Kind.PER_GROUP:
                problems += _by_problems(place, step, known)
            known[step.name] = columns
        if steps:
            columns = known[steps[-1].name]
            for name in (*answer_key, *([request] if request else ())):
                if columns is not None and name not in columns:
                    problems.append(f"{where}: its answer has no column {name!r}; it has {', '.join(columns)}")
        return problems

    def with_order(self, step: PlannedStep) -> PlannedStep:
        """A step that knows whether its query orders its rows."""
        if step.sql is None or not queries.is_ordered(self.connection, queries.strip(step.sql)):
            return step
        return replace(step, ordered=True)

    def _query(
        self, place: str, step: PlannedStep, known: dict[str, Columns | None]
    ) -> tuple[Columns | None, list[str]]:
        import duckdb

        sql = step.sql or ""
        if step.file is None or not os.path.isfile(step.file):
            return None, []  # Told already.
        try:
            statements = self.connection.extract_statements(sql)
        except duckdb.Error as error:
            return None, [f"{place}: {queries.message(error, sql, step.file or '')}"]
        kinds = [str(statement.type).rsplit(".", 1)[-1] for statement in statements]
        if kinds != ["SELECT"]:
            return None, [f"{place}: {step.file}: expected one SELECT, found {', '.join(kinds) or 'no statement'}"]
        if any(known.get(read) is None for read in step.reads):
            return None, []
        try:
            for read in step.reads:
                self._stand_in(queries.table_name(read), known[read] or {})
            columns = self._describe(queries.strip(sql))
        except duckdb.Error as error:
            return None, [f"{place}: {queries.message(error, sql, step.file or '')}{_known_to(step, known, error)}"]
        if queries.SHARD in columns:
            return columns, [f"{place}: a column is called {queries.SHARD}, a name that paredown uses itself"]
        return columns, []

    def _stand_in(self, name: str, columns: Columns) -> None:
        """An empty table with the right columns, so that a query can be bound without its data."""
        listed = ", ".join(f"CAST(NULL AS {kind}) AS {identifier(column)}" for column, kind in columns.items())
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {identifier(name)} AS SELECT {listed} WHERE false")


def _known_to(step: PlannedStep, known: dict[str, Columns | None], error: Exception) -> str:
    """What a query could have meant: the tables that it reads, or their columns."""
    tables = {queries.table_name(read): known[read] or {} for read in step.reads}
    if "does not exist" in str(error):
        return f"\n(reads: {', '.join(tables)})"
    if "not found" in str(error):
        return "".join(f"\n({name} has {', '.join(columns)})" for name, columns in tables.items())
    return ""


def _key_problems(
    place: str, step: PlannedStep, columns: Columns | None, keys: dict[str, tuple[str, ...]]
) -> list[str]:
    """Keys have to be columns of the result, and of one type wherever they split something."""
    if columns is None:
        return []
    missing = [name for name in step.shard_by if name not in columns]
    if missing:
        return [
            f"{place}: shard_by names {', '.join(map(repr, missing))}, which the query does not return; "
            f"it returns {', '.join(columns)}"
        ]
    problems = []
    for name in step.shard_by:
        kind, first = keys.setdefault(name, (columns[name], step.name))
        if kind != columns[name]:
            problems.append(
                f"{place}: the key {name!r} is {columns[name]} here and {kind} in step {first!r}; equal keys would "
                "land in different shards; cast one of them"
            )
    return problems


def _by_problems(place: str, step: PlannedStep, known: dict[str, Columns | None]) -> list[str]:
    tables = {read: known.get(read) for read in step.reads}
    if any(columns is None for columns in tables.values()):
        return []
    if any(set(step.by) <= set(columns or {}) for columns in tables.values()):
        return []
    shown: list[Any] = [f"{read} has {', '.join(columns or {})}" for read, columns in tables.items()]
    return [f"{place}: goes by {', '.join(step.by)}, which nothing that it reads has: {'; '.join(shown)}"]
