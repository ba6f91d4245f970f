"""`--prices FILE`: which command takes it, and that whatever it changes is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import profiler
from profiler.cli.main import main
from profiler.errors import FactsError
from profiler.facts import load
from profiler.refresh import Fetched, price_file
from tests.conftest import ROOT
from tests.own_prices import yours_in
from tests.reports import keep
from tests.rules.documents import blocks, commands
from tests.sample_runs import a_fitting_run

PAGE = ROOT / "docs" / "prices.md"
EXAMPLE = next(block.text for block in blocks(PAGE) if block.label == "file: prices.toml")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a kept run and the file of prices that the documents show."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    keep(a_fitting_run())
    Path("prices.toml").write_text(EXAMPLE, encoding="utf-8")
    return tmp_path


def reported(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The report of the kept run, for programs."""
    assert main(["report", "--format", "json", *arguments]) == 0
    document = json.loads(capsys.readouterr().out)
    assert isinstance(document, dict)
    return document


def price(service: str, name: str, unit: str, usd: str, *, arch: str | None = "x86_64", more: str = "") -> str:
    """One price of a file."""
    return f"""
[[prices]]
service = "{service}"
name = "{name}"
unit = "{unit}"
regions = ["us-east-1"]
{f'arch = "{arch}"' if arch else ""}
tiers = [{{ from = 0, usd = {usd} }}]
source = "ours"
retrieved = 2026-11-24
confidence = "high"
{more}
"""


def test_a_report_counts_by_your_prices(capsys: pytest.CaptureFixture[str]) -> None:
    """Both of Lambda's prices are five times the bundled ones, whose tiers the run never leaves."""
    Path("prices.toml").write_text(
        price("lambda", "gb_seconds", "GB-second", "0.0000833335")
        + price("lambda", "requests", "invocation", "0.000001", arch=None)
    )
    before = reported(capsys)["variants"]["decomposed"]["usd_per_day"]
    after = reported(capsys, "--prices", "prices.toml")["variants"]["decomposed"]["usd_per_day"]
    assert after == pytest.approx(5 * before, rel=1e-12)


def test_the_next_commands_keep_to_the_same_prices_and_can_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    file = "prices.toml"
    assert main(["report", "--prices", file]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("    paredown ")]
    judged = [words for words in lines if words[1] in ("report", "budget")]
    assert len(judged) > 1
    assert all(words[-1] == file or f"--prices {file}" in " ".join(words) for words in judged)
    for words in judged:
        assert main(words[1:]) == 0
    capsys.readouterr()
    assert main(["report", "--region", "eu-west-1"]) == 0
    shown = capsys.readouterr().out.split("Next")[1]
    assert "paredown report --region eu-west-1 --format json\n" in shown
    assert "arm64" not in shown, "no price of it is known there"


@pytest.mark.parametrize("free", ["GB-seconds", "everything"])
def test_a_budget_is_not_held_where_nothing_costs_anything(free: str, capsys: pytest.CaptureFixture[str]) -> None:
    requests = price("lambda", "requests", "invocation", "0", arch=None) if free == "everything" else ""
    Path("prices.toml").write_text(price("lambda", "gb_seconds", "GB-second", "0") + requests)
    budget = ["--dollars-per-day", "7", "--requests-per-day", "3000"]
    assert reported(capsys, "--prices", "prices.toml", *budget)["budget"] is None
    assert main(["report", "--prices", "prices.toml", *budget]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "By these prices a GB-second costs nothing in the end, so no budget can run out and none is held." in shown


def test_a_report_says_which_of_its_prices_are_yours(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--prices", "prices.toml"]) == 0
    shown = " ".join(capsys.readouterr().out.split("What this rests on")[1].split())
    assert "note Your own, from prices.toml: lambda.gb_seconds, ec2.m7i.4xlarge. Next" in shown


def test_a_program_is_told_too(capsys: pytest.CaptureFixture[str]) -> None:
    notes = reported(capsys, "--prices", "prices.toml")["assumptions"]["notes"]
    assert notes[-1] == "Your own, from prices.toml: lambda.gb_seconds, ec2.m7i.4xlarge."
    assert reported(capsys)["assumptions"]["notes"] == notes[:-1]


def test_many_machine_types_are_counted_and_not_named(capsys: pytest.CaptureFixture[str]) -> None:
    attributes = "attributes = { vcpus = 2, memory_mib = 8_192 }"
    names = [f"m7i.{number}xlarge" for number in (2, 4, 8, 12)]
    Path("prices.toml").write_text("".join(price("ec2", name, "hour", "1.5", more=attributes) for name in names))
    assert reported(capsys, "--prices", "prices.toml")["assumptions"]["notes"][-1] == (
        "Your own, from prices.toml: 4 EC2 machine types."
    )


def test_a_report_in_a_region_that_only_your_file_knows(capsys: pytest.CaptureFixture[str]) -> None:
    document = reported(capsys, "--prices", "prices.toml", "--region", "sa-east-1")
    assert document["assumptions"]["region"] == "sa-east-1"
    assert document["variants"]["decomposed"]["usd_per_day"] > 0
    assert document["assumptions"]["notes"][-1] == "Your own, from prices.toml: lambda.gb_seconds, lambda.requests."


def test_a_region_that_nobody_knows_is_refused_with_the_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--region", "sa-east-1"]) == 2
    assert "--prices FILE brings others" in capsys.readouterr().err


def test_a_report_that_uses_nothing_of_your_file_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert reported(capsys, "--prices", "prices.toml", "--region", "eu-west-1")["assumptions"]["notes"][-1] == (
        "Nothing from prices.toml is used here: it has no price of Lambda or of a machine in eu-west-1 on x86_64."
    )


@pytest.mark.parametrize("command", [["report"], ["facts"], ["facts", "s3"], ["run", "script.py"]])
def test_a_broken_file_is_trouble_and_nothing_is_measured(
    command: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "script.py").write_text("open('ran', 'w').close()\n")
    (folder / "prices.toml").write_text(EXAMPLE.replace("GB-second", "hour", 1))
    assert main([*command, "--prices", "prices.toml"]) == 2
    shown = capsys.readouterr()
    assert shown.err == "error: prices.toml: price 1 (lambda.gb_seconds): unit is 'hour'; expected GB-second\n"
    assert shown.out == ""
    assert not (folder / "ran").exists()
    assert [path.name for path in (folder / ".paredown" / "runs").iterdir()] == ["a.jsonl"]


def test_the_facts_mark_what_is_yours(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", "lambda", "--prices", "prices.toml"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "$0.0000138 per GB-second; $0.0000125 from 6,000,000,000 a month" in shown
    assert "in us-east-1, sa-east-1 yours, read 2026-11-24, confidence high: our agreement of 2026" in shown
    assert shown.count(" yours, ") == 3


def test_the_facts_speak_of_several_in_the_plural(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts"]) == 0
    shown = capsys.readouterr().out
    for several in (
        "free_requests   1,000,000 invocations",
        "free_gb_seconds   400,000 GB-seconds",
        "max_init   10 s\n",
    ):
        assert several in shown


def test_the_facts_for_a_program_mark_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", "--prices", "prices.toml", "--format", "json"]) == 0
    services = json.loads(capsys.readouterr().out)["services"].values()
    entries = [entry for service in services for entry in (*service["facts"].values(), *service["prices"])]
    assert sum(entry["yours"] for entry in entries) == 4


def test_the_bundled_facts_are_compared_with_current_prices_and_not_yours(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", "--refresh", "--prices", "prices.toml"]) == 2
    assert "--prices goes with the list of facts" in capsys.readouterr().err


def test_what_a_file_says_of_its_source_moves_no_cursor(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "prices.toml").write_text(EXAMPLE.replace("our agreement", r"\u001b[31m\nour agreement"))
    assert main(["facts", "--prices", "prices.toml"]) == 0
    assert r"\x1b[31m\nour agreement of 2026" in capsys.readouterr().out


def test_python_takes_the_same_file() -> None:
    run = profiler.load()
    before = profiler.judge(run, dollars_per_day=7, requests_per_day=3000)
    after = profiler.judge(run, dollars_per_day=7, requests_per_day=3000, prices=Path("prices.toml"))
    assert before.budget is not None
    assert after.budget is not None
    assert after.budget.allowed_gb_s_per_request > before.budget.allowed_gb_s_per_request
    note = json.loads(profiler.render(run, "json", prices="prices.toml"))["assumptions"]["notes"][-1]
    assert note == "Your own, from prices.toml: lambda.gb_seconds, ec2.m7i.4xlarge."
    with pytest.raises(FactsError, match="no such file"):
        profiler.judge(run, prices="nowhere.toml")


def test_the_example_of_the_documents_is_all_yours() -> None:
    assert yours_in(load(prices="prices.toml")) == (
        "lambda.gb_seconds (us-east-1, sa-east-1, x86_64)",
        "lambda.requests (sa-east-1)",
        "ec2.m7i.4xlarge (us-east-1, x86_64)",
        "lambda.free_gb_seconds",
    )


@pytest.mark.parametrize("arguments", commands(PAGE, "paredown"), ids=" ".join)
def test_the_commands_of_the_documents_work(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    if "--refresh" not in arguments:
        assert main(arguments) == 0
        assert capsys.readouterr().out


def test_what_refresh_writes_is_such_a_file(folder: Path) -> None:
    """Every bundled price of us-east-1, written as AWS's of today and read again."""
    bundled = [price for price in load().prices if "us-east-1" in price.regions]
    (folder / "current.toml").write_text(price_file(Fetched(region="us-east-1", prices=tuple(bundled), left_out=())))
    facts = load(prices="current.toml")
    for price in bundled:
        mine = facts.price(price.service, price.name, region="us-east-1", arch=price.arch)
        assert mine.origin.yours
        assert (mine.tiers, mine.attributes, mine.about) == (price.tiers, price.attributes, price.about)
