"""Holding two answers against each other: what counts as the same, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from profiler.model import Comparison
from profiler.sandbox import answers
from profiler.work import CompareAnswers


def compare(folder: Path, monolith: str, decomposed: str) -> Comparison:
    """Compare the rows of two SELECTs that are named by the column k."""
    paths = []
    for name, select in (("m", monolith), ("d", decomposed)):
        paths.append(str(folder / f"{name}.parquet"))
        duckdb.sql(f"COPY ({select}) TO '{paths[-1]}' (FORMAT parquet)")
    order = CompareAnswers(monolith=paths[0], decomposed=paths[1], key=("k",), tolerance=1e-6)
    result = answers.carry_out(order).result
    assert isinstance(result, Comparison)
    return result


@pytest.mark.parametrize(
    ("monolith", "decomposed"),
    [
        pytest.param(
            "SELECT 1 AS k, 0.1::DOUBLE AS v", "SELECT 1 AS k, 0.10000001::DOUBLE AS v", id="within tolerance"
        ),
        pytest.param("SELECT 1 AS k, 7::INTEGER AS v", "SELECT 1 AS k, 7::BIGINT AS v", id="wider integers"),
        pytest.param("SELECT 1 AS k, 'nan'::DOUBLE AS v", "SELECT 1 AS k, NULL::DOUBLE AS v", id="NaN and NULL"),
        pytest.param("SELECT 1 AS k, 'inf'::DOUBLE AS v", "SELECT 1 AS k, 'inf'::DOUBLE AS v", id="infinite"),
        pytest.param(
            "SELECT NULL::INTEGER AS k, 1 AS v", "SELECT NULL::VARCHAR AS k, 1 AS v", id="a key of NULL alone"
        ),
        pytest.param(
            "SELECT * FROM (VALUES (1, 900.0::DOUBLE), (2, 0.0::DOUBLE)) AS t(k, v)",
            "SELECT * FROM (VALUES (1, 900.0::DOUBLE), (2, 1e-12::DOUBLE)) AS t(k, v)",
            id="nothing beside much",
        ),
        pytest.param(
            "SELECT 1 AS k, DATE '2026-01-01' AS v", "SELECT 1 AS k, TIMESTAMP '2026-01-01' AS v", id="a date as a time"
        ),
    ],
)
def test_these_answers_are_the_same(tmp_path: Path, monolith: str, decomposed: str) -> None:
    assert compare(tmp_path, monolith, decomposed).equal is True


@pytest.mark.parametrize(
    ("monolith", "decomposed", "equal_rows"),
    [
        pytest.param("SELECT 1 AS k, 10_000_000 AS v", "SELECT 1 AS k, 10_000_001 AS v", 0, id="integers are exact"),
        pytest.param(
            "SELECT 1 AS k, 1.0::DOUBLE AS v", "SELECT 1 AS k, 1.00001::DOUBLE AS v", 0, id="beyond tolerance"
        ),
        pytest.param(
            "SELECT 1 AS k, 'inf'::DOUBLE AS v", "SELECT 1 AS k, 1e300::DOUBLE AS v", 0, id="infinite or large"
        ),
        pytest.param("SELECT 1 AS k, NULL AS v", "SELECT 1 AS k, 0 AS v", 0, id="NULL is not zero"),
        pytest.param("SELECT 1 AS k, 'a' AS v", "SELECT 1 AS k, 'b' AS v", 0, id="text"),
    ],
)
def test_these_answers_differ(tmp_path: Path, monolith: str, decomposed: str, equal_rows: int) -> None:
    comparison = compare(tmp_path, monolith, decomposed)
    assert (comparison.equal, comparison.equal_rows, comparison.rows) == (False, equal_rows, 1)
    assert [row[1] for row in comparison.first_differing] == ["v"]


def test_columns_of_other_types_are_named(tmp_path: Path) -> None:
    comparison = compare(tmp_path, "SELECT 'x' AS k, 1 AS v", "SELECT 3 AS k, 1 AS v")
    assert comparison.equal is False
    assert comparison.reason == (
        "the answers have columns of different types: 'k' is VARCHAR in the monolith's and INTEGER in the other"
    )


def test_an_infinite_difference_is_no_figure(tmp_path: Path) -> None:
    comparison = compare(
        tmp_path,
        "SELECT * FROM (VALUES (1, 'inf'::DOUBLE), (2, 1.0)) AS t(k, v)",
        "SELECT * FROM (VALUES (1, 5.0::DOUBLE), (2, 2.0)) AS t(k, v)",
    )
    assert (comparison.equal, comparison.equal_rows, comparison.largest_difference) == (False, 0, 0.5)
