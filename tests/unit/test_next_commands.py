"""What pages beside the report say to do next: every command works in the folder that the page was asked for in."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from profiler.cli.main import main
from profiler.comparing.build import side_by_side
from profiler.comparing.figures import Terms
from profiler.history.build import history_of
from profiler.judging import Judging, facts_for, platform_for
from profiler.kept.listing import list_runs
from profiler.report.compare_page import compare_page
from profiler.report.history_page import history_page
from profiler.report.runs_page import runs_page
from profiler.report.sheet import Sheet
from profiler.store import load_run
from tests.repeated import NOISE, repeated
from tests.reports import keep
from tests.sample_runs import a_fitting_run


@pytest.fixture(params=[".paredown", "../kept runs/of the team", "absolute"])
def workspace(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with two runs of a job, as a command is told of it."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    folder = tmp_path / "absolute" if request.param == "absolute" else Path(request.param)
    for name in ("a", "b"):
        keep(repeated(replace(a_fitting_run(), id=name), NOISE), str(folder / "runs" / f"{name}.jsonl"))
    return folder


def pages(workspace: Path) -> Iterator[Sheet]:
    terms = Terms(platform=platform_for(facts_for(Judging()), Judging()))
    yield history_page(history_of(None, root=workspace), cells=16, steps=False)
    yield compare_page(side_by_side([load_run(name, folder=workspace) for name in ("a", "b")], terms))
    yield runs_page(list_runs(workspace), workspace=workspace)


def test_every_next_command_works_as_it_stands(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [command.line for page in pages(workspace) for command in page.commands]
    assert len(lines) == 8
    for line in lines:
        words = shlex.split(line.replace("RUN", "a", 1).replace("RUN", "b"))
        assert main(words[1:]) == 0, (line, capsys.readouterr().err)
        assert "--workspace" not in words or str(workspace) != ".paredown"


def test_an_empty_workspace_is_answered_with_a_command_for_the_same_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["history", "--workspace", "kept"]) == 2
    assert "paredown run JOB --workspace kept\n" in capsys.readouterr().err


def test_runs_that_were_copied_somewhere_are_of_no_workspace_to_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        keep(repeated(replace(a_fitting_run(), id=name), NOISE), f"copies/{name}.jsonl")
    terms = Terms(platform=platform_for(facts_for(Judging()), Judging()))
    page = compare_page(side_by_side([load_run(f"copies/{name}.jsonl") for name in ("a", "b")], terms))
    assert [command.line for command in page.commands] == [
        "paredown report copies/a.jsonl",
        "paredown report copies/b.jsonl",
    ]
