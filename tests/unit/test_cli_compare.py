"""`paredown compare`: which runs are asked for, where the result goes, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from profiler.cli.main import main
from tests.conftest import ROOT
from tests.factories import a_plan, a_run
from tests.repeated import NOISE, repeated
from tests.reports import keep
from tests.sample_runs import a_fitting_run, a_run_with_failed_tasks


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two runs of a job, and one of another."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    for name in ("a", "b"):
        keep(repeated(replace(a_fitting_run(), id=name), NOISE), f".paredown/runs/{name}.jsonl")
    keep(replace(a_run_with_failed_tasks(), id="failed"), ".paredown/runs/failed.jsonl")
    keep(a_run(id="other", plan=a_plan(job="other")), ".paredown/runs/other.jsonl")
    Path(".paredown/runs/bad.jsonl").write_text("no run\n")
    return tmp_path


def compare(*arguments: str) -> int:
    """Run the command."""
    return main(["compare", *arguments])


def test_runs_stand_side_by_side_by_id_and_by_path(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare("a", ".paredown/runs/b.jsonl") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("cost_anomalies   2 runs side by side")
    assert "  B against A   monolith: as much memory" in shown


def test_a_run_from_elsewhere_is_shown_by_its_path(capsys: pytest.CaptureFixture[str]) -> None:
    keep(repeated(replace(a_fitting_run(), id="c"), NOISE), "history/c.jsonl")
    assert compare("history/c.jsonl", "a") == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    for line in ("paredown report history/c.jsonl shows A by itself", "paredown report a shows B by itself"):
        assert line in lines
        assert main(line.split()[1:3]) == 0


def test_what_is_within_noise_is_not_called_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    run = repeated(replace(a_fitting_run(), id="slower"), [(memory, time + 0.005) for memory, time in NOISE])
    keep(run, ".paredown/runs/slower.jsonl")
    assert compare("a", "slower") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "CPU time within noise" in shown
    assert "as much CPU time" not in shown


@pytest.mark.parametrize("other", ["b", "failed"])
def test_the_comparison_as_json_is_what_the_schema_says(other: str, capsys: pytest.CaptureFixture[str]) -> None:
    schema: dict[str, Any] = json.loads((ROOT / "docs" / "compare.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert compare("a", other, "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    assert [run["id"] for run in document["runs"]] == ["a", other]


def test_other_prices_change_the_dollars_only(capsys: pytest.CaptureFixture[str]) -> None:
    def figures(*arguments: str) -> dict[str, float]:
        assert compare("a", "b", "--format", "json", *arguments) == 0
        lines = json.loads(capsys.readouterr().out)["figures"]
        return {
            line["figure"]: line["values"]["A"]["typical"]
            for line in lines
            if (line["variant"], line["step"]) == ("decomposed", None)
        }

    here, there = figures(), figures("--arch", "arm")
    assert {figure for figure, value in here.items() if there[figure] != value} == {"usd_per_request"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param([], "no run is given; expected two runs or more", id="no run"),
        pytest.param(["a"], "one run is given, and nothing to hold it to; expected two runs or more", id="one run"),
        pytest.param(["a", "a"], "a is given twice", id="twice the same"),
        pytest.param(["a", "other"], "a is a run of cost_anomalies, and other one of other", id="two jobs"),
        pytest.param(["a", "none"], "there is no run 'none'", id="an unknown run"),
        pytest.param(["a", "bad"], "is no run of paredown", id="a damaged run"),
        pytest.param(["a", "b", "--region", "moon-1"], "for 'moon-1'", id="an unknown region"),
        pytest.param(["a", "b", "--prices", "none.toml"], "none.toml", id="no such prices"),
        pytest.param(["a", "b", "-o", "nowhere/x"], "there is no folder nowhere", id="nowhere to write"),
    ],
)
def test_what_is_wrong_is_told(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(*arguments) == 2
    shown = capsys.readouterr()
    assert problem in shown.err
    assert shown.out == ""


@pytest.mark.parametrize("arguments", [["compare", "a", "b"], ["runs"]])
def test_no_data_frame_is_needed(arguments: list[str]) -> None:
    program = f"from profiler.cli.main import main; main({arguments}); import sys; print(*sys.modules, file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert {"duckdb", "pandas", "sklearn"} & set(ended.stderr.split()) == set()
    assert ended.stdout
