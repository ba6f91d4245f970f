"""`paredown runs`: what is listed, and what is removed after asking."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from profiler.cli.main import main
from tests.conftest import ROOT
from tests.factories import a_run
from tests.reports import keep
from tests.sample_runs import a_run_with_failed_tasks

PRUNE = ("--prune", "--keep", "1")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and no terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    return tmp_path


@pytest.fixture
def three_runs() -> list[Path]:
    """Three runs of one job, the newest first."""
    return [
        keep(a_run(id=f"a-{day}", created=f"2026-11-{day}T12:00:00Z"), f".paredown/runs/a-{day}.jsonl")
        for day in (24, 23, 22)
    ]


def schema() -> dict[str, Any]:
    return json.loads((ROOT / "docs" / "runs.schema.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def runs(*arguments: str) -> int:
    """Run the command."""
    return main(["runs", *arguments])


def test_without_a_run_it_says_how_to_measure_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert runs() == 0
    assert capsys.readouterr().out.startswith("No kept runs   .paredown\n")


def test_the_kept_runs_are_listed(three_runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert runs() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("3 kept runs of 1 job   .paredown · ")
    assert [line.split()[0] for line in lines[3:6]] == ["a-24", "a-23", "a-22"]


def test_the_list_as_json_is_what_the_schema_says(three_runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_run_with_failed_tasks(), ".paredown/runs/failed.jsonl")
    Path(".paredown/runs/bad.jsonl").write_text("no run\n")
    assert runs("--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(document, schema(), jsonschema.Draft202012Validator)
    assert [run["state"] for run in document["runs"] if run["id"] == "failed"] == ["failed"]
    assert [file["path"] for file in document["unreadable"]] == [".paredown/runs/bad.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param(["--prune"], "expected --older-than AGE, --keep N, or both", id="no criteria"),
        pytest.param(["--prune", "--older-than", "30"], "30 has no unit", id="no unit"),
        pytest.param(["--prune", "--older-than", "soon"], "'soon' is no age", id="a word"),
        pytest.param(["--prune", "--older-than", "-3d"], "'-3d' is no age", id="negative"),
        pytest.param(["--prune", "--older-than", "0d"], "0d is out of range", id="no age"),
        pytest.param(["--prune", "--older-than", "999999999w"], "999999999w is out of range", id="beyond all dates"),
        pytest.param(["--prune", "--keep", "0"], "0 is out of range; expected a whole number from 1", id="keep none"),
        pytest.param(["--older-than", "3d"], "--older-than only goes with --prune", id="age alone"),
        pytest.param(["--keep", "3"], "--keep only goes with --prune", id="count alone"),
        pytest.param(["--yes"], "--yes only goes with --prune", id="yes alone"),
        pytest.param([*PRUNE, "--format", "json"], "goes with the list of runs", id="json"),
        pytest.param([*PRUNE], "nothing is removed where nobody can be asked", id="nobody to ask"),
    ],
)
def test_what_is_refused_removes_nothing(
    arguments: list[str], problem: str, three_runs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert runs(*arguments) == 2
    assert problem in capsys.readouterr().err
    assert all(path.exists() for path in three_runs)


def test_yes_removes_without_asking(three_runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert runs(*PRUNE, "--yes") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("2 of 3 kept runs may go")
    assert shown.splitlines()[-1].startswith("removed 2 runs, ")
    assert [path.exists() for path in three_runs] == [True, False, False]


def test_nothing_that_meets_the_criteria_is_said(three_runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert runs("--prune", "--keep", "3") == 0
    assert capsys.readouterr().out == "Nothing to remove: none of 3 kept runs meets what was asked\n"


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        pytest.param("y\n", [True, False, False], id="yes"),
        pytest.param("n\n", [True, True, True], id="no"),
        pytest.param("\n", [True, True, True], id="only enter"),
    ],
)
def test_it_asks_in_a_terminal(answer: str, left: list[bool], three_runs: list[Path]) -> None:
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", f"from profiler.cli.main import main; raise SystemExit(main({['runs', *PRUNE]}))"],
            stdin=theirs,
            stdout=subprocess.PIPE,
            text=True,
        )
        os.write(ours, answer.encode())
        shown, _ = process.communicate(timeout=60)
    finally:
        os.close(ours)
        os.close(theirs)
    assert "Remove them? [y/N]" in shown
    assert process.returncode == 0
    assert [path.exists() for path in three_runs] == left
    assert ("nothing was removed" in shown) is all(left)
