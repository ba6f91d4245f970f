"""Every claim has a script that says it, a result that holds it against its target, and a line that nobody typed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import report
from benchmarks.evidence import Result, Table, as_json, as_text, figure

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
RESULTS = sorted((BENCHMARKS / "results").glob("*.json"))
SCRIPTS = [path for path in sorted(BENCHMARKS.glob("*.py")) if "__main__" in path.read_text(encoding="utf-8")]


def a_result(**changes: Any) -> Result:
    values: dict[str, Any] = {
        "name": "speed",
        "claim": "It is fast.",
        "method": "Ten times in a row.",
        "runs": 3,
        "figures": (figure("ours ÷ theirs", [1, 2, 4], "times", at_most=3), figure("ours", 7.0, "ms")),
    }
    return Result(**values | changes)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_says_how_it_is_run(script: Path) -> None:
    documentation = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    assert f"python benchmarks/{script.name}" in documentation


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_kept_result_is_of_a_script_and_says_what_was_found(path: Path) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["schema"] == 1
    assert found["name"] == path.stem
    assert (BENCHMARKS / f"{path.stem}.py") in SCRIPTS
    assert found["claim"]
    assert found["method"]
    assert found["figures"]
    assert "host" not in found.get("machine", {})


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_kept_figure_is_met_exactly_where_it_reaches_its_target(path: Path) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))
    for item in found["figures"]:
        assert item["low"] <= item["value"] <= item["high"], item["name"]
        if item["at_most"] is not None:
            assert item["met"] == (item["value"] <= item["at_most"]), item["name"]
        elif item["at_least"] is not None:
            assert item["met"] == (item["value"] >= item["at_least"]), item["name"]
        else:
            assert item["met"] is None, item["name"]
    assert found["met"] == all(item["met"] is not False for item in found["figures"])


def test_the_results_page_is_what_the_result_files_say() -> None:
    assert report.TARGET.read_text(encoding="utf-8") == report.report(report.read(report.RESULTS))


def test_a_figure_is_the_median_with_its_range_and_how_much_of_the_limit_it_uses() -> None:
    first, second = as_json(a_result())["figures"]
    assert (first["value"], first["low"], first["high"]) == (2, 1, 4)
    assert (first["met"], first["part_of_limit"]) == (True, 0.66667)
    assert (second["met"], second["part_of_limit"]) == (None, None)


def test_a_missed_target_says_by_how_much() -> None:
    missed = a_result(figures=(figure("monolith ÷ ours", 20.0, "times", at_least=80),))
    assert "MISSED: 4 times the limit" in as_text(as_json(missed))
    assert "1 targets, 0 met, 1 missed" in report.report([as_json(missed)])


def test_a_target_of_nothing_is_missed_by_anything() -> None:
    assert figure("rows that differ", 0.0, at_most=0).met is True
    assert figure("rows that differ", 1.0, at_most=0).met is False


def test_the_report_shows_tables_and_where_it_was_measured() -> None:
    table = Table(title="More.", columns=("", "ms"), rows=(("a | b", "3"),))
    text = report.report([as_json(a_result(tables=(table,), settings={"--runs": 3}))])
    assert "| a \\| b | 3 |" in text
    assert "`python benchmarks/speed.py`, --runs 3; 3 runs" in text


def test_a_benchmark_runs_and_leaves_its_result(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "start.py"), "--runs", "2", "--results", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    found = json.loads((tmp_path / "start.json").read_text(encoding="utf-8"))
    assert done.returncode == (0 if found["met"] else 1), done.stdout + done.stderr
    assert found["runs"] == 2
    assert found["claim"] in done.stdout
