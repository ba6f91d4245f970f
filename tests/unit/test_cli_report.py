"""`paredown report` and `paredown facts`: what is asked for, where it goes, and what is refused."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from profiler.cli.main import main
from profiler.cli.output import colour_of, shown_on, width_of
from tests.reports import keep
from tests.sample_runs import a_fitting_run, a_script_run, an_interrupted_run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and no terminal."""
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def report(*arguments: str) -> int:
    """Run the command."""
    return main(["report", *arguments])


def test_the_last_run_is_shown_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_fitting_run())
    assert report() == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("cost_anomalies\n")
    assert "  FITS    " in shown.out
    assert "\x1b" not in shown.out
    assert shown.err == ""


def test_a_run_is_found_by_its_path_and_named_like_that_in_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_fitting_run(), "my runs/a.jsonl")
    assert report("my runs/a.jsonl") == 0
    assert "paredown report 'my runs/a.jsonl' --arch arm64" in capsys.readouterr().out


@pytest.mark.parametrize("named", ["last", "20261124-120000-abcd"])
def test_a_run_of_another_workspace_is_named_by_its_path_in_the_commands(
    named: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(a_fitting_run(), "elsewhere/runs/20261124-120000-abcd.jsonl")
    assert main(["report", named, "--workspace", "elsewhere"]) == 0
    assert "paredown report elsewhere/runs/20261124-120000-abcd.jsonl" in capsys.readouterr().out


def test_a_verdict_that_says_no_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_script_run())
    assert report() == 0
    assert "DOES NOT FIT" in capsys.readouterr().out


def test_an_interrupted_run_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    path = keep(an_interrupted_run())
    with path.open("a") as file:
        file.write('{"event":"measurement","varia')
    assert report() == 0
    shown = capsys.readouterr().out
    assert "INTERRUPTED" in shown
    assert "29 bytes" in shown


def test_the_same_run_is_judged_by_other_options(capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_fitting_run())
    arguments = ["--arch", "arm", "--headroom", "2", "--warm", "--dollars-per-day", "0.01", "--requests-per-day", "9e3"]
    assert report("--format", "json", *arguments) == 0
    document = json.loads(capsys.readouterr().out)
    assumptions = document["assumptions"]
    assert (assumptions["arch"], assumptions["headroom"], assumptions["warm"]) == ("arm64", 2, True)
    assert (document["budget"]["usd_per_day"], document["budget"]["requests_per_day"]) == (0.01, 9000)
    assert document["verdict"]["fits"] is False


def test_half_a_budget_is_completed_by_the_job(capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_fitting_run())
    assert report("--format", "json", "--dollars-per-day", "14") == 0
    budget = json.loads(capsys.readouterr().out)["budget"]
    assert (budget["usd_per_day"], budget["requests_per_day"]) == (14, 3000)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param(["--headroom", "nan"], "nan is no amount; expected a number from 1", id="not a number"),
        pytest.param(["--headroom", "0.9"], "0.9 is too small; expected a number from 1", id="headroom below 1"),
        pytest.param(["--headroom", "much"], "'much' is no number; expected a number from 1", id="a word"),
        pytest.param(["--dollars-per-day", "0"], "0 is too small; expected a number above 0", id="no money"),
        pytest.param(["--dollars-per-day", "-7"], "-7 is too small; expected a number above 0", id="negative"),
        pytest.param(["--dollars-per-day", "1e400"], "1e400 is too large", id="beyond all floats"),
        pytest.param(["--dollars-per-day", "inf"], "inf is no amount", id="infinite"),
        pytest.param(["--requests-per-day", "2.5"], "2.5 is out of range; expected a whole number from 1", id="a part"),
        pytest.param(["--requests-per-day", "0"], "0 is out of range; expected a whole number from 1", id="none"),
        pytest.param(["--arch", "arm46"], "expected x86_64 or arm64; did you mean arm64?", id="near an architecture"),
        pytest.param(["--format", "xml"], "'xml'", id="unknown format"),
        pytest.param(["--region", "us-east-11"], "for 'us-east-11'", id="unknown region"),
    ],
)
def test_a_wrong_option_says_what_was_expected(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(a_fitting_run())
    assert report(*arguments) == 2
    shown = capsys.readouterr()
    assert problem in shown.err
    assert shown.out == ""


def test_an_unknown_region_names_the_near_ones(capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_fitting_run())
    assert report("--region", "us-east-11") == 2
    assert " hint: did you mean us-east-1" in capsys.readouterr().err


def test_half_a_budget_alone_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_script_run())
    assert report("--dollars-per-day", "7") == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: --dollars-per-day alone is no budget, and the job names none",
        " hint: a budget is both: add --requests-per-day NUMBER",
    ]


def test_without_a_run_it_says_how_to_measure_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert report() == 2
    assert "paredown run JOB" in capsys.readouterr().err


def test_a_report_goes_into_a_file_and_nothing_is_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_fitting_run())
    assert report("--format", "json", "-o", "report.json") == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "wrote report.json\n")
    first = (folder / "report.json").read_text()
    assert json.loads(first)["job"] == "cost_anomalies"
    assert report("-o", "report.json") == 2
    assert "is there already" in capsys.readouterr().err
    assert (folder / "report.json").read_text() == first
    assert report("-o", "report.json", "--force") == 0
    assert (folder / "report.json").read_text().startswith("cost_anomalies\n")
    assert sorted(path.name for path in folder.iterdir()) == [".paredown", "report.json"]


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        pytest.param("nowhere/a.json", "there is no folder nowhere", id="no such folder"),
        pytest.param(".paredown", "is a folder", id="a folder"),
        pytest.param("file/a.json", "cannot be written: Not a directory", id="below a file"),
        pytest.param("/dev/full", "cannot be written: No space left on device", id="a full disk"),
        pytest.param("x" * 300, "cannot be written: File name too long", id="a name that is too long"),
    ],
)
def test_a_file_that_cannot_be_written_is_trouble(
    output: str, problem: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(a_fitting_run())
    (folder / "file").write_text("")
    assert report("-o", output, "--force") == 2
    assert problem in capsys.readouterr().err
    assert list(folder.glob("**/*.part")) == []


def test_a_link_is_written_through(folder: Path) -> None:
    keep(a_fitting_run())
    (folder / "there.txt").write_text("old")
    (folder / "link.txt").symlink_to("there.txt")
    assert report("-o", "link.txt", "-f") == 0
    assert (folder / "link.txt").is_symlink()
    assert (folder / "there.txt").read_text().startswith("cost_anomalies")


def test_the_width_is_the_terminals_or_eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    assert width_of(None) == 80
    monkeypatch.setenv("COLUMNS", "133")
    assert width_of(None) == 133


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    main_end, other_end = os.openpty()
    with os.fdopen(other_end, "w") as terminal, os.fdopen(main_end, "rb"):
        assert colour_of(terminal)
        monkeypatch.setenv("NO_COLOR", "1")
        assert not colour_of(terminal)
        monkeypatch.setenv("NO_COLOR", "")
        assert colour_of(terminal)
        monkeypatch.setenv("TERM", "dumb")
        assert not colour_of(terminal)
    assert not colour_of(None)


def test_a_terminal_without_our_signs_gets_plain_ones() -> None:
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert shown_on(ascii_only, "5 × 3 · ██▌ ≥ 400–649") == "5 x 3 - ### > 400-649"
    assert shown_on(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), "5 × 3") == "5 × 3"


def test_facts_stand_beside_source_date_and_confidence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", "lambda"]) == 0
    shown = capsys.readouterr().out
    assert "  max_memory   10,240 MiB\n" in shown
    assert "$0.0000166667 per GB-second; $0.000015 from 6,000,000,000 a month" in " ".join(shown.split())
    assert "confidence high: AWS documentation" in shown
    assert "t3.2xlarge" not in shown


def test_all_facts_are_listed_by_default_also_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "paredown.facts/1"
    assert {"ec2", "lambda"} <= set(document["services"])
    price = document["services"]["lambda"]["prices"][0]
    assert price["tiers"][0] == {"from": 0, "usd": "0.0000166667"}
    assert document["services"]["lambda"]["facts"]["max_memory"]["value"] == 10_240


def test_an_unknown_service_names_the_near_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", "lamda"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: there are no facts of a service 'lamda'",
        " hint: did you mean lambda?",
    ]
