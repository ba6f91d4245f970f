"""Whether both variants give the same answer, with the rows that show where they do not; and the score."""

from __future__ import annotations

import math

from profiler.model import Comparison, Score
from profiler.report.clean import one_line
from profiler.report.shape import Cell, Column, Row, Statement, Table, Tone
from profiler.units import count, significant


def same_statement(comparison: Comparison | None) -> Statement | None:
    """Say how many rows agree; None where a run has nothing to compare."""
    if comparison is None:
        return None
    if comparison.equal is None:
        why = one_line(comparison.reason) or "the comparison did not end"
        return Statement(
            label="NOT COMPARED", text=f"Whether both answers are the same is not known: {why}.", tone=Tone.DOUBT
        )
    agree = "agrees" if comparison.rows == 1 else "agree"
    sentences = []
    if comparison.rows or not comparison.reason:
        sentences = [f"{count(comparison.equal_rows)} of {_rows(comparison.rows)} {agree}{_difference(comparison)}"]
    alone = [
        f"{_rows(number)} only in the {answer}"
        for number, answer in (
            (comparison.only_monolith, "monolith's answer"),
            (comparison.only_decomposed, "decomposed answer"),
        )
        if number
    ]
    sentences += [", ".join(alone)] if alone else []
    sentences += [one_line(comparison.reason).rstrip(".")] if comparison.reason else []
    text = " ".join(f"{sentence[:1].upper()}{sentence[1:]}." for sentence in sentences)
    if comparison.equal:
        return Statement(label="SAME", text=text, tone=Tone.YES)
    return Statement(label="DIFFERENT", text=text, tone=Tone.NO)


def difference_tables(comparison: Comparison | None) -> tuple[Table, ...]:
    """The first rows that differ, and the first that only one answer has."""
    if comparison is None:
        return ()
    tables = (
        ("First rows that differ", comparison.first_differing),
        ("First rows that only the monolith's answer has", comparison.first_only_monolith),
        ("First rows that only the decomposed answer has", comparison.first_only_decomposed),
    )
    return tuple(_table(title, comparison.columns, rows) for title, rows in tables if rows)


def score_statement(scores: tuple[Score, ...]) -> Statement | None:
    """The score of each answer; once, where both are the same."""
    texts = {score.variant.value: _score(score) for score in scores if score.values or score.problem}
    if not texts:
        return None
    if len(set(texts.values())) == 1:
        return Statement(label="SCORE", text=next(iter(texts.values())))
    return Statement(label="SCORE", text=" · ".join(f"{variant}: {text}" for variant, text in texts.items()))


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{count(number)} rows"


def _difference(comparison: Comparison) -> str:
    if comparison.largest_difference is None:
        return ""
    if comparison.largest_difference == 0:
        return ", to the last digit" if comparison.equal else ""
    return f"; the largest difference is {_float(comparison.largest_difference)} of the value"


def _float(value: float) -> str:
    return significant(value, 2) if math.isfinite(value) else str(value)


def _table(title: str, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Table:
    wide = max(map(len, rows))
    titles = [*columns, *("" for _ in range(wide))][:wide]
    return Table(
        title=title,
        columns=tuple(
            Column(key=f"column {place}", title=one_line(name), always=True) for place, name in enumerate(titles)
        ),
        rows=tuple(
            Row(cells=tuple(Cell(text=one_line(text)) for text in (*row, *[""] * (wide - len(row))))) for row in rows
        ),
    )


def _score(score: Score) -> str:
    if score.problem:
        return f"none: {one_line(score.problem)}"
    return ", ".join(f"{one_line(name)} {_value(value)}" for name, value in score.values.items())


def _value(value: float | int | str) -> str:
    match value:
        case bool() | str():
            return one_line(str(value))
        case int():
            return count(value)
        case float() if value.is_integer() and abs(value) >= 2:
            return count(int(value))  # A count that came out of a DataFrame; no ratio is 2 or more.
        case float():
            return significant(value) if math.isfinite(value) else str(value)
