"""The answers of both variants: put together, held against each other row by row, scored."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from profiler.model import Answer, Comparison, Ending, Outcome, Score
from profiler.sandbox import findings, frames, items, leaving, lending, loading
from profiler.sandbox.frames import identifier, literal
from profiler.work import Answered, CollectAnswer, CompareAnswers, ScoreAnswer

MONOLITH, DECOMPOSED = "__paredown_monolith", "__paredown_decomposed"
SHOWN = 10
"""How many differing rows a run keeps."""


class AnswerError(frames.StepError):
    """An answer that cannot be compared: no table, missing key columns, the same key twice."""


def carry_out(order: CollectAnswer | CompareAnswers | ScoreAnswer) -> Answered:
    """Do one of the three."""
    import duckdb

    try:
        match order:
            case CollectAnswer():
                result: object = _collect(order)
            case CompareAnswers():
                result = _compare(order)
            case ScoreAnswer():
                result = _score(order)
    except duckdb.Error as error:
        raise lending.trouble() or error from None
    return Answered(outcome=Outcome(ending=Ending.OK), result=result)


def _collect(order: CollectAnswer) -> Answer:
    """Put a variant's last files together, and check that `answer_key` names its rows."""
    variant = order.variant.value
    try:
        files = frames.tables_of(order.files)
    except frames.StepError as error:
        raise AnswerError(f"{variant}: the last step's result is the answer; {error.message}") from error
    if not files:
        raise AnswerError(f"{variant}: the last step returned nothing for any group, so there is no answer")
    with _connected(*files, order.target) as connection:
        if not (len(files) == 1 and _same_file(files[0], order.target)):
            with leaving.whole(order.target) as partial:
                connection.execute(f"COPY (SELECT * FROM {frames.scan(files)}) TO {literal(partial)} (FORMAT parquet)")
        columns = _columns(connection, order.target)
        for name, what in [*((key, "answer_key") for key in order.answer_key), (order.request, "request")]:
            if name is not None and name not in columns:
                raise AnswerError(
                    f"{variant}: the answer has no column {name!r}, which {what} names; it has {', '.join(columns)}"
                )
        table = frames.scan([order.target])
        if order.answer_key:
            _refuse_duplicates(connection, table, order.answer_key, variant)
        rows = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        requests = None
        if order.request is not None:
            column = identifier(order.request)
            requests = connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT {column} FROM {table})").fetchone()[0]
        sizes = items.sizes(connection, table)
    return Answer(
        variant=order.variant,
        path=order.target,
        rows=rows,
        requests=requests,
        columns=tuple(columns),
        item_bytes=None if sizes is None else sizes.total_bytes,
        largest_item_bytes=None if sizes is None else sizes.largest_bytes,
        write_units=None if sizes is None else sizes.write_units,
    )


def _same_file(one: str, other: str) -> bool:
    return one == other or (os.path.exists(other) and os.path.samefile(one, other))


def _connected(*files: str) -> Any:
    """A DuckDB that reads these files, wherever they are."""
    connection = frames.connect(threads=1)
    lending.attach(connection, files)
    return connection


def _columns(connection: Any, path: str) -> dict[str, str]:
    rows = connection.execute(f"DESCRIBE SELECT * FROM {frames.scan([path])}").fetchall()
    return {row[0]: row[1] for row in rows}


def _refuse_duplicates(connection: Any, table: str, key: Sequence[str], variant: str) -> None:
    listed = ", ".join(map(identifier, key))
    twice = connection.execute(
        f"SELECT {listed}, count(*) AS times FROM {table} GROUP BY {listed} HAVING count(*) > 1 ORDER BY ALL LIMIT 3"
    ).fetchall()
    if twice:
        many = connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {table} GROUP BY {listed} HAVING count(*) > 1)"
        ).fetchone()[0]
        rows = "; ".join(f"({', '.join(map(str, row[:-1]))}) {row[-1]} times" for row in twice)
        raise AnswerError(
            f"{variant}: answer_key ({', '.join(key)}) does not name the rows of the answer: "
            f"{many:,} keys come more than once, first {rows}"
        )


def _compare(order: CompareAnswers) -> Comparison:
    """Join both answers on the key; floats may differ by the tolerance, everything else must be the same."""
    with _connected(order.monolith, order.decomposed) as connection:
        ours, theirs = _columns(connection, order.monolith), _columns(connection, order.decomposed)
        if set(ours) != set(theirs):
            return Comparison(equal=False, reason=_column_difference(ours, theirs))
        other_types = [name for name in ours if _family(ours[name]) != _family(theirs[name])]
        sides = (order.monolith, order.decomposed)
        conflicts = [name for name in other_types if all(_holds(connection, side, name) for side in sides)]
        if conflicts:
            return Comparison(equal=False, reason=_type_difference(conflicts, ours, theirs))
        empty = [name for name in other_types if not _holds(connection, order.monolith, name)]
        _join(
            connection,
            order,
            ours={name: theirs[name] for name in empty},
            theirs={name: ours[name] for name in other_types if name not in empty},
        )
        values = [name for name in ours if name not in order.key]
        floats = [name for name in values if {ours[name], theirs[name]} & {"FLOAT", "DOUBLE"}]
        conditions = {name: _same_value(name, name in floats, order.tolerance, connection) for name in values}
        every = " AND ".join(conditions.values()) or "true"
        counts = connection.execute(
            f"SELECT count(*), count(*) FILTER (WHERE in_m AND in_d AND {every}), "
            f"count(*) FILTER (WHERE in_m AND in_d IS NULL), "
            f"count(*) FILTER (WHERE in_d AND in_m IS NULL) FROM both_sides"
        ).fetchone()
        return Comparison(
            equal=counts[0] == counts[1],
            rows=counts[0],
            equal_rows=counts[1],
            only_monolith=counts[2],
            only_decomposed=counts[3],
            largest_difference=_largest(connection, floats, order.tolerance),
            columns=(*order.key, "column", "monolith", "decomposed"),
            first_differing=_first_differing(connection, conditions, order.key),
            first_only_monolith=_first_only(connection, "in_m AND in_d IS NULL", order.key),
            first_only_decomposed=_first_only(connection, "in_d AND in_m IS NULL", order.key),
            reason="" if counts[0] else "both answers are empty",
        )


def _column_difference(ours: dict[str, str], theirs: dict[str, str]) -> str:
    parts = []
    for name, mine, other in (("monolith", ours, theirs), ("decomposed", theirs, ours)):
        extra = [column for column in mine if column not in other]
        if extra:
            parts.append(f"only the {name} variant's answer has {', '.join(map(repr, extra))}")
    return "the answers have different columns: " + "; ".join(parts)


def _cast(path: str, types: dict[str, str]) -> str:
    """SQL that reads an answer, with columns that hold only NULL as the other answer's types."""
    casts = ", ".join(f"CAST(NULL AS {kind}) AS {identifier(name)}" for name, kind in types.items())
    return f"SELECT * {f'REPLACE ({casts})' if casts else ''} FROM {frames.scan([path])}"


def _join(connection: Any, order: CompareAnswers, ours: dict[str, str], theirs: dict[str, str]) -> None:
    """The table `both_sides`: key columns, and every other column twice, as m_NAME and d_NAME.

    Args:
        connection: Where the table is made.
        order: The answers and their key.
        ours: Types to give to columns of the monolith's answer that hold only NULL.
        theirs: The same for the decomposed variant's.
    """
    monolith, decomposed = _cast(order.monolith, ours), _cast(order.decomposed, theirs)
    on = " AND ".join(f"a.{identifier(name)} IS NOT DISTINCT FROM b.{identifier(name)}" for name in order.key)
    listed = ", ".join(
        f"coalesce(a.{identifier(name)}, b.{identifier(name)}) AS {identifier('k_' + name)}" for name in order.key
    )
    columns = _columns(connection, order.monolith)
    pairs = "".join(
        f", a.{identifier(name)} AS {identifier('m_' + name)}, b.{identifier(name)} AS {identifier('d_' + name)}"
        for name in columns
        if name not in order.key
    )
    connection.execute(
        f"CREATE TEMP TABLE both_sides AS SELECT a.{MONOLITH} AS in_m, b.{DECOMPOSED} AS in_d, {listed}{pairs} "
        f"FROM (SELECT *, true AS {MONOLITH} FROM ({monolith})) AS a "
        f"FULL JOIN (SELECT *, true AS {DECOMPOSED} FROM ({decomposed})) AS b ON {on}"
    )


def _type_difference(names: Sequence[str], ours: dict[str, str], theirs: dict[str, str]) -> str:
    shown = "; ".join(f"{name!r} is {ours[name]} in the monolith's and {theirs[name]} in the other" for name in names)
    return f"the answers have columns of different types: {shown}"


def _family(kind: str) -> str:
    """What a type can be compared with: numbers with numbers, times with times, else only its like."""
    name = kind.split("(")[0]
    if name.removeprefix("U") in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT") or name in (
        "FLOAT",
        "DOUBLE",
        "DECIMAL",
    ):
        return "number"
    return "time" if name == "DATE" or name.startswith("TIMESTAMP") else kind


def _holds(connection: Any, path: str, name: str) -> bool:
    """Whether a column holds anything but NULL; a column of NULLs alone takes whatever type its writer gives it."""
    (count,) = connection.execute(f"SELECT count({identifier(name)}) FROM {frames.scan([path])}").fetchone()
    return bool(count)


def _numbers(name: str) -> tuple[str, str]:
    """Both sides as doubles, with NaN as NULL: pandas cannot tell them apart."""
    sides = (f"CAST({identifier(side + name)} AS DOUBLE)" for side in ("m_", "d_"))
    first, second = (f"(CASE WHEN isnan({side}) THEN NULL ELSE {side} END)" for side in sides)
    return first, second


def _difference(name: str, floor: float) -> str:
    """Relative difference of two numbers; below `floor`, a millionth of a millionth of the column, zero is zero."""
    a, b = _numbers(name)
    return f"(CASE WHEN {a} = {b} THEN 0 ELSE abs({a} - {b}) / greatest(abs({a}), abs({b}), {floor!r}) END)"


def _floor(connection: Any, name: str, tolerance: float) -> float:
    """What counts as zero in a column: the tolerance times its largest value, so that 1e-17 equals 0 among dollars."""
    a, _ = _numbers(name)
    largest = connection.execute(f"SELECT max(abs({a})) FILTER (WHERE NOT isinf({a})) FROM both_sides").fetchone()[0]
    return max(float(largest or 0.0) * tolerance, 5e-324)


def _same_value(name: str, is_float: bool, tolerance: float, connection: Any) -> str:
    if not is_float:
        return f"{identifier('m_' + name)} IS NOT DISTINCT FROM {identifier('d_' + name)}"
    a, b = _numbers(name)
    difference = _difference(name, _floor(connection, name, tolerance))
    return f"(({a} IS NULL AND {b} IS NULL) OR coalesce({difference} <= {tolerance!r}, false))"


def _largest(connection: Any, floats: Sequence[str], tolerance: float) -> float | None:
    """Largest relative difference over all floats of rows that both sides have; None where there is no float."""
    largest: float | None = None
    for name in floats:
        difference = _difference(name, _floor(connection, name, tolerance))
        measured = f"max({difference}) FILTER (WHERE isfinite({difference}))"  # Infinity differs beyond any measure.
        value = connection.execute(f"SELECT {measured} FROM both_sides WHERE in_m AND in_d").fetchone()[0]
        if value is not None:
            largest = max(largest or 0.0, float(value))
    return largest


def _first_differing(connection: Any, conditions: dict[str, str], key: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    listed = ", ".join(identifier("k_" + name) for name in key)
    found: list[tuple[str, ...]] = []
    for name, condition in conditions.items():
        rows = connection.execute(
            f"SELECT {listed}, {identifier('m_' + name)}, {identifier('d_' + name)} FROM both_sides "
            f"WHERE in_m AND in_d AND NOT {condition} ORDER BY {listed} LIMIT {SHOWN}"
        ).fetchall()
        found += [(*map(_text, row[:-2]), name, _text(row[-2]), _text(row[-1])) for row in rows]
    return tuple(sorted(found)[:SHOWN])


def _first_only(connection: Any, where: str, key: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    listed = ", ".join(identifier("k_" + name) for name in key)
    rows = connection.execute(
        f"SELECT {listed} FROM both_sides WHERE {where} ORDER BY {listed} LIMIT {SHOWN}"
    ).fetchall()
    return tuple(tuple(map(_text, row)) for row in rows)


def _text(value: object) -> str:
    return "NULL" if value is None else str(value)


def _score(order: ScoreAnswer) -> Score:
    """The user's own judgement of an answer; what it raises is told, and fails nothing."""
    answer = frames.read_table([order.answer], any_order=False)
    try:
        values = loading.find(order.function)(answer)
    except Exception as error:
        return Score(variant=order.variant, values={}, problem=findings.user_traceback(error))
    if not isinstance(values, dict):
        return Score(
            variant=order.variant,
            values={},
            problem=f"score returned a {type(values).__name__}; expected a dict from names to numbers or texts",
        )
    return Score(variant=order.variant, values={str(name): _plain(value) for name, value in values.items()})


def _plain(value: Any) -> float | int | str:
    """A number as Python's own, whatever library it comes from; anything else as text."""
    if hasattr(value, "item"):
        value = value.item()
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
