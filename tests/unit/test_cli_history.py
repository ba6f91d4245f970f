"""`paredown history`: which job is asked for, in which format, and what is refused."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from profiler.cli.main import main
from profiler.cli.output import shown_on
from tests.conftest import ROOT
from tests.factories import a_plan, a_run
from tests.repeated import NOISE, repeated
from tests.reports import keep
from tests.sample_runs import a_fitting_run, a_run_with_failed_tasks, an_interrupted_run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with runs of a job: two good ones, a failed and an interrupted one, and a file that is none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    for day in (20, 21):
        run = repeated(replace(a_fitting_run(), id=f"r{day}", created=f"2026-11-{day}T12:00:00Z"), NOISE)
        keep(run, f".paredown/runs/r{day}.jsonl")
    keep(replace(a_run_with_failed_tasks(), id="failed"), ".paredown/runs/failed.jsonl")
    keep(replace(an_interrupted_run(), id="stopped"), ".paredown/runs/stopped.jsonl")
    Path(".paredown/runs/bad.jsonl").write_text("no run\n")
    return tmp_path


def history(*arguments: str) -> int:
    """Run the command."""
    return main(["history", *arguments])


def test_the_only_job_needs_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert history() == 0
    shown = capsys.readouterr().out
    assert shown.startswith("cost_anomalies   4 kept runs")
    assert "bad.jsonl: is no run of paredown" in shown
    assert "failed" in shown
    assert "interrupted" in shown
    assert "    train" not in shown


def test_steps_have_their_own_way(capsys: pytest.CaptureFixture[str]) -> None:
    assert history("cost_anomalies", "--steps") == 0
    assert "    train" in capsys.readouterr().out


def test_the_history_as_json_is_what_the_schema_says(capsys: pytest.CaptureFixture[str]) -> None:
    schema: dict[str, Any] = json.loads((ROOT / "docs" / "history.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert history("--format", "json", "--last", "3") == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    assert (len(document["runs"]), document["older_runs"]) == (3, 1)
    assert {run["ending"] for run in document["runs"]} == {"complete", "failed", "interrupted"}


def test_it_goes_into_a_file_and_nothing_is_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history("-o", "history.txt") == 0
    assert (folder / "history.txt").read_text().startswith("cost_anomalies")
    assert history("-o", "history.txt") == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param(["cost_anomaly"], "did you mean cost_anomalies?", id="near a job"),
        pytest.param(["x"], "kept are runs of cost_anomalies (4)", id="an unknown job"),
        pytest.param(["--last", "0"], "expected a whole number from 1", id="no run at all"),
        pytest.param(["--format", "xml"], "'xml'", id="unknown format"),
        pytest.param(["--workspace", "none"], "there is no run in none/runs", id="no workspace"),
    ],
)
def test_what_is_wrong_is_told(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert history(*arguments) == 2
    shown = capsys.readouterr()
    assert problem in shown.err
    assert shown.out == ""


def test_of_several_jobs_one_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_run(plan=a_plan(job="other")), ".paredown/runs/other.jsonl")
    assert history() == 2
    assert "cost_anomalies (4), other (1); expected the name of one" in capsys.readouterr().err
    assert history("other") == 0


def test_a_terminal_without_our_bars_gets_plain_ones() -> None:
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert shown_on(ascii_only, "▁▂▃▄▅▆▇█·") == "_.-=+*%#-"
