"""The figures of many runs, read from their files by DuckDB: each file once, and no curve or plan with it.

What comes out is what `profiler.series` gives of a loaded run; a test holds both against each other. A file in which
DuckDB cannot read every line, or finds not what it expects, is loaded the slow way, which shows it or says what is
wrong with it: a torn last line is an interrupted run, half a surrogate pair is a strange name, and the rest is damage.
A run whose tasks ran on other hosts is loaded so as well, since what those are stands elsewhere in its file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from profiler.errors import RunFileError
from profiler.hosts import kinds, left_here
from profiler.model import Run, Variant
from profiler.series import Looks, Series, paces_of_step, paces_of_whole, series_of
from profiler.store import load_run

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_COLUMNS = {
    "event": "VARCHAR",
    "variant": "VARCHAR",
    "step": "VARCHAR",
    "index": "BIGINT",
    "repeat": "BIGINT",
    "wall_ns": "BIGINT",
    "cpu_ns": "BIGINT",
    "wait_ns": "BIGINT",
    "init_ns": "BIGINT",
    "init_cpu_ns": "BIGINT",
    "peak": "STRUCT(low BIGINT, high BIGINT)",
    "nested": "BOOLEAN",
    "pace_ns": "BIGINT",
    "paces": "BIGINT",
    "complete": "BOOLEAN",
    "reason": "VARCHAR",
    "from_run": "VARCHAR",
    "host": "VARCHAR",
}
_Row = tuple[str, str, str | None, int, int, int, int, bool, int, int, float, int, int]
"""Of `_FIGURES`."""
_LONGEST_LINE = 256 * 2**20
"""Bytes; a header names every file of its inputs, and a curve may take a megabyte."""

_EVENTS = """
CREATE TEMP TABLE events AS
SELECT row_number() OVER () AS line, filename, event, variant, step, "index", coalesce(repeat, 0) AS repeat, wall_ns,
    cpu_ns, wait_ns, init_ns, init_cpu_ns, coalesce(peak.high, peak.low) AS top, peak.low AS low,
    peak.low IS DISTINCT FROM peak.high AS bounded, coalesce(nested, false) AS nested, complete,
    coalesce(reason, '') AS reason, from_run, coalesce(pace_ns, 0) AS pace_ns, coalesce(paces, 0) AS paces,
    coalesce(host, '') AS host
FROM read_ndjson(?, columns = {columns}, filename = true, ignore_errors = true, maximum_object_size = {longest})
"""

_SUSPECTS = """
SELECT DISTINCT filename FROM events WHERE event IS NULL
    OR (event IN ('measurement', 'variant') AND (variant IS NULL OR variant NOT IN ('monolith', 'decomposed')
        OR wall_ns IS NULL))
    OR (event = 'measurement' AND (step IS NULL OR "index" IS NULL OR cpu_ns IS NULL OR wait_ns IS NULL
        OR init_ns IS NULL OR init_cpu_ns IS NULL OR low IS NULL))
    OR (event = 'variant' AND complete IS NULL)
    OR (event = 'measurement' AND least(wall_ns, cpu_ns, wait_ns, init_ns, init_cpu_ns, low, top, pace_ns, paces) < 0)
    OR (event = 'variant' AND wall_ns < 0)
    OR (event = 'measurement' AND host <> '')
"""

_FIGURES = """
WITH restarts AS (
    SELECT filename, variant, repeat, max(line) AS line FROM events WHERE event = 'restart' GROUP BY ALL
),
measured AS (  -- Where a task was measured again, its last attempt; what a restart took back, not at all.
    SELECT events.* FROM events LEFT JOIN restarts USING (filename, variant, repeat)
    WHERE event = 'measurement' AND events.line > coalesce(restarts.line, 0)
    QUALIFY row_number() OVER (PARTITION BY filename, variant, repeat, step, "index" ORDER BY events.line DESC) = 1
),
ends AS (
    SELECT filename, variant, repeat, arg_max(complete, line) AS complete, arg_max(wall_ns, line) AS wall_ns
    FROM events WHERE event = 'variant' GROUP BY ALL
),
complete AS (
    SELECT measured.*, ends.wall_ns AS elapsed_ns, greatest(0, wait_ns - greatest(0, if(
        least(init_ns, measured.wall_ns) > 0,
        pace_ns::HUGEINT * measured.wall_ns // (measured.wall_ns + init_ns),
        pace_ns
    ))) AS waited
    FROM measured JOIN ends USING (filename, variant, repeat) WHERE ends.complete
),
steps AS (
    SELECT filename, variant, repeat, step, min(line) AS line, count(*) AS tasks, max(top) AS peak,
        bool_or(bounded) AS bounded, sum(wall_ns) AS wall, sum(waited) AS waited,
        sum(pace_ns) AS pace, sum(paces) AS paces,
        sum(cpu_ns) + coalesce(round_even(median(init_cpu_ns) FILTER (WHERE init_ns > 0), 0), 0)
            * if(variant = 'monolith', 1, count(*)) AS cpu
    FROM complete WHERE NOT nested GROUP BY filename, variant, repeat, step
),
wholes AS (
    SELECT filename, variant, repeat, count(*) AS tasks, max(top) AS peak, bool_or(bounded) AS bounded,
        any_value(elapsed_ns) AS wall, coalesce(sum(waited)::DOUBLE / nullif(sum(wall_ns), 0), 0) AS waited,
        sum(pace_ns) AS pace, sum(paces) AS paces
    FROM complete GROUP BY ALL
),
sums AS (
    SELECT filename, variant, repeat, sum(cpu) AS cpu FROM steps GROUP BY ALL
)
SELECT filename, variant, NULL AS step, repeat, 0 AS line, tasks, peak, bounded, coalesce(cpu, 0)::HUGEINT AS cpu, wall,
    waited, pace, paces
FROM wholes LEFT JOIN sums USING (filename, variant, repeat)
UNION ALL
SELECT filename, variant, step, repeat, line, tasks, peak, bounded, cpu::HUGEINT, wall::HUGEINT,
    coalesce(waited::DOUBLE / nullif(wall, 0), 0), pace, paces FROM steps
ORDER BY filename, variant = 'decomposed', step IS NOT NULL, step, repeat
"""

_ENDINGS = """
WITH files AS (SELECT filename, arg_max(event, line) = 'end' AS ended FROM events GROUP BY filename),
ends AS (  -- How each repetition of a variant ended last.
    SELECT filename, variant, complete, reason, from_run, variant = 'decomposed' AS second, repeat
    FROM events WHERE event = 'variant'
    QUALIFY row_number() OVER (PARTITION BY filename, variant, repeat ORDER BY line DESC) = 1
),
failures AS (
    SELECT filename, reason FROM ends WHERE NOT complete
    QUALIFY row_number() OVER (PARTITION BY filename ORDER BY second, repeat) = 1
),
taken AS (SELECT filename, list(DISTINCT variant) AS taken FROM ends WHERE from_run IS NOT NULL GROUP BY filename)
SELECT filename, ended, reason IS NOT NULL AS failed, coalesce(reason, ''), taken
FROM files LEFT JOIN failures USING (filename) LEFT JOIN taken USING (filename)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the file of one run holds."""

    series: tuple[Series, ...] = ()
    """As `series_of` gives them."""
    ended: bool = False
    """False: it was interrupted or killed, or still runs."""
    failed: bool = False
    """A variant did not end well."""
    reason: str = ""
    """Why, in the run's own words."""
    taken: frozenset[Variant] = frozenset()
    """Variants that were taken from another run, and so say nothing new."""
    hosts: frozenset[tuple[str, int]] | None = frozenset()
    """`kinds` of the hosts that ran decomposed tasks; none where that was the harness's own, None: not known."""


def read_figures(paths: Sequence[Path]) -> tuple[dict[Path, Figures], dict[Path, str]]:
    """Return the figures of runs by their files, and what is wrong with those that cannot be shown."""
    found: dict[Path, Figures] = {}
    damaged: dict[Path, str] = {}
    slowly = set(paths)
    if paths:
        import duckdb

        with duckdb.connect(config={"threads": os.cpu_count() or 1}) as connection:
            try:
                found, slowly = _read(connection, paths)
            except (duckdb.IOException, duckdb.InvalidInputException):
                # A file that went away, or a line beyond every bound: one by one it can be told which.
                found = {}
    for path in slowly:
        try:
            found[path] = figures_of(load_run(str(path), folder=path.parent))
        except RunFileError as error:
            damaged[path] = error.message
    return found, damaged


def figures_of(run: Run) -> Figures:
    """Return the same of a run that is loaded already."""
    failed = [end for variant in Variant for end in run.variants if end.variant is variant and not end.complete]
    return Figures(
        series=series_of(run),
        ended=run.ended,
        failed=bool(failed),
        reason=failed[0].reason if failed else "",
        taken=frozenset(end.variant for end in run.variants if end.from_run is not None),
        hosts=kinds(run, Variant.DECOMPOSED) if left_here(run) else frozenset(),
    )


def _read(connection: DuckDBPyConnection, paths: Sequence[Path]) -> tuple[dict[Path, Figures], set[Path]]:
    by_name = {str(path): path for path in paths}
    connection.execute(_EVENTS.format(columns=_COLUMNS, longest=_LONGEST_LINE), [[_escaped(name) for name in by_name]])
    suspects = {by_name[name] for (name,) in connection.execute(_SUSPECTS).fetchall()}
    rows = connection.execute(_FIGURES).fetchall()
    series = {
        by_name[name]: _series(list(of_file))
        for name, of_file in groupby(rows, key=lambda row: row[0])
        if by_name[name] not in suspects
    }
    found = {
        by_name[name]: Figures(
            series=series.get(by_name[name], ()),
            ended=ended,
            failed=failed,
            reason=reason,
            taken=frozenset(map(Variant, taken or ())),
        )
        for name, ended, failed, reason, taken in connection.execute(_ENDINGS).fetchall()
        if by_name[name] not in suspects
    }
    return found, set(paths) - set(found)


def _escaped(name: str) -> str:
    """A file's name where DuckDB expects a pattern."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in name)


def _series(rows: Sequence[_Row]) -> tuple[Series, ...]:
    """The series of one file: of each variant the whole, then its steps as its first repetition began them."""
    found = []
    for name, of_variant in groupby(rows, key=lambda row: row[1]):
        of_step = [list(group) for _, group in groupby(of_variant, key=lambda row: row[2])]
        whole = of_step[0]
        first = min(row[3] for row in whole)
        paces = dict(zip((row[3] for row in whole), paces_of_whole(list(map(_looks, whole))), strict=False))
        steps = [group for group in of_step if group[0][2] is None or group[0][3] == first]
        steps.sort(key=lambda group: (group[0][2] is not None, group[0][4]))
        found += [
            Series(
                variant=Variant(name),
                step=group[0][2],
                tasks=max(row[5] for row in group),
                peak_bytes=tuple(int(row[6]) for row in group),
                bounded=any(row[7] for row in group),
                cpu_ns=tuple(int(row[8]) for row in group),
                wall_ns=tuple(int(row[9]) for row in group),
                waited=tuple(row[10] for row in group),
                pace_ns=tuple(paces.values()) if group is whole else _paces(group, paces),
            )
            for group in steps
        ]
    return tuple(found)


def _paces(rows: Sequence[_Row], of_whole: Mapping[int, float]) -> tuple[float, ...]:
    """The pace of a step's cores, by those of its variant for each repetition."""
    return paces_of_step(list(map(_looks, rows)), [of_whole[row[3]] for row in rows] if of_whole else [])


def _looks(row: _Row) -> Looks:
    return int(row[11]), int(row[12])
