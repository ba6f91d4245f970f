"""Counting the groups by which a query splits its result, before it runs: the query itself, wrapped in a count.

So the sizes are exact, whatever the query filters, joins, adds up or renames: rows of its result are what the steps
after it get. DuckDB drops what the count does not need, so that only the columns are read that say which rows there
are, and nothing is added up or written.
"""

from __future__ import annotations

import os

from profiler.errors import InputError
from profiler.model import Ending, Group, Outcome, PlannedStep, Skew
from profiler.sandbox import frames, lending, queries
from profiler.sandbox.frames import identifier
from profiler.sandbox.sharding import choose
from profiler.work import Answered, Counted, CountGroups

NAMED = 5
"""How many of the largest groups are named."""
MOST_EXACT = 200_000
"""Groups whose shard is looked at; of more, those beyond the largest spread evenly."""
_LONGEST_KEY = 200
_ROWS = queries.SHARD
"""What the count is called: a name that no column of the query has."""


def carry_out(order: CountGroups) -> Answered:
    """Count the groups, and choose a number of shards.

    Raises:
        InputError: If the query cannot be counted: what it meets in the data or in a store, or its memory.
    """
    import duckdb

    step = order.split
    with frames.connect(
        memory_limit_mib=order.memory_limit_mib, threads=order.threads, temp=os.environ.get("TMPDIR")
    ) as connection:
        try:
            for source in order.sources:
                queries.add_view(connection, source)
            keys = ", ".join(map(identifier, step.shard_by))
            connection.execute(
                f"CREATE TEMP TABLE counted AS SELECT {keys}, count(*) AS {_ROWS} "
                f"FROM ({_select(step, order.queries)}\n) GROUP BY ALL"
            )
            groups, rows = connection.execute(f"SELECT count(*), coalesce(sum({_ROWS}), 0) FROM counted").fetchone()
            sized = connection.execute(
                f"SELECT {_ROWS} AS sizes, {queries.hashed(step.shard_by)} AS hashes FROM counted "
                f"ORDER BY sizes DESC, hashes LIMIT {MOST_EXACT}"  # The same ones each time, and so the same number.
            ).fetchnumpy()
            shown = ", ".join(f"left(CAST({identifier(key)} AS VARCHAR), {_LONGEST_KEY})" for key in step.shard_by)
            largest = connection.execute(
                f"SELECT {_ROWS}, {shown} FROM counted ORDER BY {_ROWS} DESC, {keys} LIMIT {NAMED}"
            ).fetchall()
        except duckdb.Error as error:
            told = lending.trouble()
            raise InputError(
                f"shards auto: the groups of {step.name!r} cannot be counted: "
                f"{told.message if told else str(error).strip().splitlines()[0]}",
                hint="the query itself may fail in the same way; a number of shards needs no count: --shards N",
            ) from error
    skew = Skew(
        step=step.name,
        keys=step.shard_by,
        groups=groups,
        rows=int(rows),
        largest=tuple(Group(key=tuple(key), rows=size) for size, *key in largest),
    )
    chosen = choose(sized["sizes"], sized["hashes"], beyond=int(rows) - int(sized["sizes"].sum()), worth=order.worth)
    counted = Counted(skew=skew, shards=chosen.shards, largest_shard=chosen.largest, filled=chosen.filled)
    return Answered(outcome=Outcome(ending=Ending.OK), result=counted)


def _select(step: PlannedStep, known: dict[str, PlannedStep]) -> str:
    """The query, with the queries that it reads as tables before it; each sees only its own."""
    sql = queries.strip(step.sql or "")
    before = [
        f"{identifier(queries.table_name(read))} AS ({_select(known[read], known)}\n)"
        for read in step.reads
        if read in known
    ]
    return f"WITH {', '.join(before)} SELECT * FROM ({sql}\n)" if before else sql
