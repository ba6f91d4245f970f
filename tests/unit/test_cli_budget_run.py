"""`paredown budget --run`: which options go with a run, what the next command says, and what is refused."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from profiler.cli.main import main
from profiler.model import Run
from tests.reports import keep
from tests.sample_runs import a_fitting_run, a_script_run, an_interrupted_run
from tests.unit.test_pipeline import a_priced_reference_run

OWN_MACHINE = """
[[prices]]
service = "ec2"
name = "t3.2xlarge"
unit = "hour"
regions = ["us-east-1"]
arch = "x86_64"
tiers = [{ from = 0, usd = 0.25 }]
source = "our agreement"
retrieved = 2026-11-24
confidence = "high"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and no terminal."""
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def budget(*arguments: str) -> int:
    """Run the command on the last run."""
    return main(["budget", "--run", "last", *arguments])


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    """What it writes for a program."""
    assert budget("--format", "json", *arguments) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_target_and_requests_are_the_job_s_own(capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_priced_reference_run())
    found = document(capsys)
    assert (found["target_usd_per_day"], found["requests_per_day"]) == ("7", 3000)


def test_what_is_given_goes_before_the_job_s_own(capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_priced_reference_run())
    customers = ("--customers", "40", "--trainings-per-customer", "1", "--predictions-per-customer", "9")
    found = document(capsys, "--dollars-per-month", "365", *customers)
    assert (found["target_usd_per_day"], found["requests_per_day"]) == ("12", 400)


def test_every_option_of_a_run_is_heard(capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_priced_reference_run())
    plain = document(capsys)
    for option in (
        ("--store", "s3"),
        ("--athena",),
        ("--kept-days", "90"),
        ("--headroom", "3"),
        ("--warm",),
        ("--free-tier",),
        ("--arch", "arm64"),
    ):
        assert document(capsys, *option)["usd_per_day"] != plain["usd_per_day"], option


def test_the_first_line_is_the_claim(capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_priced_reference_run())
    assert budget("--store", "s3") == 0
    text = " ".join(capsys.readouterr().out.split("\n\n")[0].split())
    assert text.startswith("cost_anomalies: $0.2")
    assert "as one process it was $7.99 on an always-on t3.2xlarge" in text
    assert text.endswith("times less.")


def next_commands(text: str) -> list[list[str]]:
    """The words of each command that a bill ends with, as a shell takes them."""
    lines = [
        line.strip() for line in text.replace(" \\\n    ", " ").splitlines() if line.strip().startswith("paredown ")
    ]
    return [shlex.split(line.split("   ")[0]) for line in lines]


def test_the_next_commands_ask_for_the_same_money_and_work(capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_priced_reference_run())
    assert budget("--dollars-per-day", "5", "--requests-per-day", "100", "--arch", "arm64") == 0
    commands = next_commands(capsys.readouterr().out)
    assert commands
    for words in commands:
        assert words[:4] == ["paredown", "budget", "--run", "last"]
        assert main(words[1:]) == 0
        assert "--dollars-per-day 5 --requests-per-day 100 --arch arm64" in " ".join(words)


def test_the_next_commands_name_the_same_run_and_hold_it_against_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(a_priced_reference_run(), "my runs/runs/a.jsonl")
    (folder / "my prices.toml").write_text(OWN_MACHINE)
    own = ["--headroom", "1.5", "--warm", "--kept-days", "7", "--workspace", "my runs", "--prices", "my prices.toml"]
    assert budget(*own) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    for words in next_commands(shown):
        assert {*own} <= {*words}, words
        if "--format" not in words:
            assert main(words[1:]) == 0
            promised = shown.split("answers as files on S3: ")[1].split()[0]
            if "s3" in words:
                assert f"cost_anomalies: {promised} a day" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        pytest.param(("--dollars-per-month", "100"), ["--requests-per-day"], id="dollars"),
        pytest.param((), ["--dollars-per-day", "--requests-per-day"], id="neither"),
    ],
)
def test_the_next_command_adds_only_what_is_not_known(
    given: tuple[str, ...], missing: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run = a_priced_reference_run()
    keep(replace(run, plan=replace(run.plan, dollars_per_day=None, requests_per_day=None)))
    assert budget(*given) == 0
    words = next_commands(capsys.readouterr().out)[-1]
    assert main(words[1:]) == 0
    assert [word for word in words if word.endswith("-per-day")] == missing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("--share", "lambda=100"), "--share does not go with --run", id="a share"),
        pytest.param(("--gb-s-per-request", "3"), "--gb-s-per-request does not go with --run", id="GB-seconds"),
        pytest.param(("--price-per-customer", "3"), "--price-per-customer does not go with --run", id="a price"),
        pytest.param(("--store", "redis"), "'redis' is not one of", id="another store"),
        pytest.param(("--kept-days", "0"), "out of range", id="no days"),
        pytest.param(("--headroom", "0.9"), "too small", id="less than what is needed"),
        pytest.param(("--region", "us-esat-1"), "'us-esat-1'", id="a region"),
        pytest.param(("--requests-per-day", "3,000"), "without separators", id="separators"),
        pytest.param(("--dollars-per-day", "1e400"), "too large", id="absurd"),
        pytest.param(("--customers", "40"), "customer", id="half of what customers need"),
        pytest.param(("--prices", "nowhere.toml"), "nowhere.toml", id="no such prices"),
    ],
)
def test_what_means_nothing_is_refused(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(a_priced_reference_run())
    assert budget(*arguments) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.out == ""


@pytest.mark.parametrize("option", [("--store", "s3"), ("--athena",), ("--warm",), ("--kept-days", "3")])
def test_an_option_of_a_run_needs_one(option: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["budget", "--dollars-per-day", "7", *option]) == 2
    assert f"{option[0]} only goes with --run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("run", "message"),
    [
        pytest.param(a_script_run(), "is of a plain script", id="a script"),
        pytest.param(an_interrupted_run(), "did not end well", id="interrupted"),
    ],
)
def test_a_run_without_a_whole_decomposed_variant_is_refused(
    run: Run, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(run)
    assert budget() == 2
    assert message in capsys.readouterr().err


def test_a_file_that_is_no_run_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.jsonl").write_text("{}\n")
    assert main(["budget", "--run", "a.jsonl"]) == 2
    assert "a.jsonl" in capsys.readouterr().err


def test_no_run_at_all_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert budget() == 2
    assert "no run" in capsys.readouterr().err


def test_without_dollars_and_requests_a_run_alone_is_priced(capsys: pytest.CaptureFixture[str]) -> None:
    run = a_priced_reference_run()
    keep(replace(run, plan=replace(run.plan, dollars_per_day=None, requests_per_day=None)))
    assert budget() == 0
    assert "one run costs" in capsys.readouterr().out


def test_an_older_run_says_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    keep(a_fitting_run())
    assert budget() == 0
    assert "run it again" in capsys.readouterr().out
