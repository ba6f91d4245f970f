"""`paredown bill`: what its text says, that its JSON is as documented, and what it refuses."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest

from profiler.cli.bill import command
from profiler.cli.main import COMMANDS, main
from profiler.facts import load
from profiler.pricing.charges import bill
from profiler.pricing.tariffs import quantities_of
from profiler.report.bill_text import bill_text
from tests.conftest import ROOT
from tests.rules.documents import blocks

ARTICLE = "lambda.gb_seconds=61440000000 lambda.requests=15000000000"
QUANTITIES = [name for name in quantities_of(load()) if name != "ec2.hours"]
EVERYTHING = " ".join(f"{name}=123456789" for name in QUANTITIES) + " ec2.hours=730.5 --instance-type t3.2xlarge"
CALLS = {
    "tiers": ARTICLE,
    "everything": EVERYTHING,
    "everything with the free tier": f"{EVERYTHING} --free-tier",
    "small": "lambda.requests=1 lambda.gb_seconds=0.000001",
    "large": "lambda.gb_seconds=1e15",
    "free": "lambda.requests=3 --free-tier",
    "elsewhere": "lambda.requests=3 lambda.gb_seconds=7e9 --region eu-west-1",
    "arm": "lambda.gb_seconds=8e9 fargate.vcpu_hours=1 --arch arm",
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


def said(call: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command answers."""
    assert main(["bill", *shlex.split(call)]) == 0
    return capsys.readouterr().out


def document(call: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The answer for a program."""
    loaded: dict[str, Any] = json.loads(said(f"{call} --format json", capsys))
    return loaded


def refused(call: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of an error."""
    assert main(["bill", *shlex.split(call)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err.splitlines()


@cache
def schema() -> dict[str, Any]:
    """What docs/ says of the JSON."""
    loaded: dict[str, Any] = json.loads((ROOT / "docs" / "bill.schema.json").read_text(encoding="utf-8"))
    return loaded


def text(call: str, width: int) -> str:
    """A bill as its text, for a width."""
    words = shlex.split(call)
    quantities = dict(word.split("=") for word in words if "=" in word)
    named = {"--region": "region", "--arch": "arch", "--instance-type": "instance_type"}
    asked = {named[word]: after for word, after in pairwise(words) if word in named}
    asked = {name: "arm64" if value == "arm" else value for name, value in asked.items()}
    return bill_text(bill(quantities, free_tier="--free-tier" in words, **asked), width=width)


# --- for people -----------------------------------------------------------------------------------------------------


def test_the_article_s_month_is_four_lines_and_their_sum(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(ARTICLE, capsys).splitlines()
    assert lines[0] == "A month costs $857,203.30 in us-east-1."
    charges = [line.split()[-1] for line in lines if re.search(r"  \$[\d,.]+$", line)]
    assert charges == ["$100,000.20", "$135,000.00", "$619,203.10", "$3,000.00", "$857,203.30"]


def test_a_price_of_a_millionth_is_shown_in_all_its_digits(capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(EVERYTHING, capsys)
    for digits in ("$0.0000166667", "$0.0000002 ", "$0.0000000309", "$0.000000625", "$0.04048"):
        assert digits in shown


def test_what_costs_less_than_a_cent_does_not_disappear(capsys: pytest.CaptureFixture[str]) -> None:
    shown = said("lambda.requests=3", capsys)
    assert shown.startswith("A month costs $0.0000006 in us-east-1.")
    assert "budget" not in shown, "nobody has a budget of $0.00 a day"


@each_call
@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_is_longer_than_the_terminal_or_ends_in_spaces(call: str, width: int) -> None:
    lines = text(call, width).splitlines()
    assert [line for line in lines if len(line) > width or line != line.rstrip()] == []


@each_call
@pytest.mark.parametrize("width", [80, 140])
def test_the_decimal_points_of_the_charges_stand_below_each_other(call: str, width: int) -> None:
    table = text(call, width).split("\n\n")[1].splitlines()
    charges = [line.rindex("$") + line[line.rindex("$") :].index(".") for line in table if "$" in line]
    assert len(charges) > 1
    assert len(set(charges)) == 1


@pytest.mark.parametrize("width", [80, 100])
def test_figures_without_room_for_columns_are_told_as_sums(width: int) -> None:
    call = (
        "lambda.gb_seconds=999999999999999 s3.storage_gb_months=0.0751732262 athena.scanned_tb=1e15 s3.put_requests=1"
    )
    shown = text(call, width)
    assert max(map(len, shown.splitlines())) <= width
    assert "    1 of 3: 6,000,000,000 GB-second × $0.0000166667 = $100,000.20\n" in shown


def test_no_budget_follows_that_the_command_would_refuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert "paredown budget" not in said("athena.scanned_tb=1e15", capsys)
    assert "paredown budget" in said("athena.scanned_tb=1e12", capsys)


def test_a_quantity_s_name_stands_over_its_lines_where_there_is_no_room_beside_them() -> None:
    assert "  eventbridge.scheduler_invocations\n    free " in text(CALLS["everything with the free tier"], 80)
    assert "  eventbridge.scheduler_invocations  free " in text(CALLS["everything with the free tier"], 140)


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("name", ["tiers", "everything with the free tier", "elsewhere"])
def test_a_whole_bill_is_as_it_was(name: str, width: int, golden: Any) -> None:
    golden(f"bill-{name.replace(' ', '-')}-{width}.txt", text(CALLS[name], width))


def test_it_says_whether_the_free_tier_is_taken_off(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Nothing that is free every month is taken off" in " ".join(said(ARTICLE, capsys).split())
    assert "What is always free every month is taken off" in " ".join(said(CALLS["free"], capsys).split())


def test_a_price_of_low_confidence_and_tiers_that_are_not_known_are_flagged(capsys: pytest.CaptureFixture[str]) -> None:
    shown = " ".join(said(CALLS["elsewhere"], capsys).split())
    assert "! The price of lambda.requests is of low confidence: public cost tools" in shown
    assert "! Only the first tier of lambda.gb_seconds is known in eu-west-1." in shown


def test_the_next_commands_are_there_and_keep_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(f"{CALLS['elsewhere']} --free-tier", capsys)
    commands = [line.split() for line in shown.splitlines() if line.startswith("  paredown ")]
    assert [words[1] for words in commands] == ["budget", "facts"]
    assert {words[1] for words in commands} <= set(COMMANDS)
    assert " --region eu-west-1 --free-tier " in shown


def test_the_help_names_every_quantity_and_no_other() -> None:
    with click.Context(command, info_name="bill") as context:
        shown = command.get_help(context)
    services = "|".join(load().services)
    assert set(re.findall(rf"\b(?:{services})\.\w+(?!\w|=)", shown)) - {"ec2.hours"} == set(QUANTITIES)
    assert "ec2.hours" in shown


def test_the_documents_show_what_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    shown = [block.text for block in blocks(ROOT / "docs" / "bill.md") if block.language == "console"]
    table, lines = (block.splitlines() for block in shown)
    answer = said(table[0].removeprefix("$ paredown bill "), capsys).splitlines()
    assert table[1:-1] == answer[: len(table) - 2]
    found = document(lines[0].removeprefix("$ paredown bill ").split(" --format")[0], capsys)["lines"]
    keys = ("tier", "unit_price_usd", "usd")
    assert lines[1:] == [json.dumps([line[key] for key in keys], separators=(",", ":")) for line in found]


# --- for programs ---------------------------------------------------------------------------------------------------


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@each_call
def test_the_json_is_as_documented(call: str, capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema.validate(document(call, capsys), schema(), jsonschema.Draft202012Validator)


@each_call
def test_the_total_is_the_sum_of_its_lines_to_the_digit(call: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(call, capsys)
    assert sum(Decimal(line["usd"]) for line in found["lines"]) == Decimal(found["total_usd"])


def test_the_json_has_what_a_program_needs(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(f"{ARTICLE} --free-tier", capsys)
    assert (found["schema"], found["region"], found["arch"]) == ("paredown.bill/1", "us-east-1", "x86_64")
    assert (found["free_tier"], found["instance_type"], found["total_usd"]) == (True, None, "857197.76264")
    assert found["lines"][1] == {
        "service": "lambda",
        "quantity": "lambda.gb_seconds",
        "tier": "1 of 3",
        "amount": "6000000000",
        "unit": "GB-second",
        "unit_price_usd": "0.0000166667",
        "usd": "100000.2",
        "source": "AWS Price List API, offer AWSLambda, published 2026-09-19; infracost golden files 2024-07",
        "dated": "2026-09-19",
        "retrieved": "2026-11-23",
        "confidence": "high",
        "yours": False,
    }


def test_amounts_have_no_exponent(capsys: pytest.CaptureFixture[str]) -> None:
    (small,) = document("lambda.gb_seconds=1e-18", capsys)["lines"]
    large = document(CALLS["large"], capsys)["lines"][2]
    assert (small["amount"], small["usd"]) == ("0.000000000000000001", "0.0000000000000000000000166667")
    assert large["amount"] == "999985000000000"


# --- the user's own prices, files -----------------------------------------------------------------------------------

OWN = """
[[prices]]
service = "lambda"
name = "requests"
unit = "invocation"
regions = ["us-east-1"]
tiers = [{ from = 0, usd = 0.00000018 }]
source = "our contract"
retrieved = 2026-11-01
confidence = "low"
"""


def test_the_users_own_prices_go_first_and_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(OWN)
    first, second = document(f"{ARTICLE} --prices {file}", capsys)["lines"][-2:]
    assert (first["yours"], second["yours"]) == (False, True)
    assert (second["unit_price_usd"], second["usd"], second["source"]) == ("0.00000018", "2700", "our contract")
    shown = said(f"{ARTICLE} --prices {file}", capsys)
    assert "· Your own prices: lambda.requests.\n" in shown
    assert "low confidence" not in shown, "of their own prices they know more than we do"
    budget, facts = (line for line in shown.split("Next")[1].splitlines() if line)
    assert f"--prices {file}" in budget
    assert f"paredown facts lambda --prices {file} " in facts


def test_a_free_tier_of_ones_own_is_told_where_it_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    origin = 'source = "ours"\nretrieved = 2026-11-01\nconfidence = "high"\n'
    file.write_text(f'[facts.lambda.free_requests]\nvalue = 5\nunit = "invocation"\n{origin}', encoding="utf-8")
    own = "What is free of lambda.requests every month is your own figure, not AWS's"
    assert f"! {own}." in " ".join(said(f"lambda.requests=7 --free-tier --prices {file}", capsys).split())
    assert document(f"lambda.requests=7 --prices {file}", capsys)["remarks"] == []


def test_prices_that_cannot_be_read_are_trouble(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (problem,) = refused(f"{ARTICLE} --prices {tmp_path / 'none.toml'}", capsys)
    assert "there is no such file of prices" in problem


def test_a_bill_goes_into_a_file_and_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bill.json"
    assert said(f"{ARTICLE} --format json -o {file}", capsys) == ""
    assert json.loads(file.read_text())["total_usd"] == "857203.296"
    assert "is there already" in refused(f"{ARTICLE} -o {file}", capsys)[0]
    assert said(f"{ARTICLE} -f -o {file}", capsys) == ""
    assert file.read_text().startswith("A month costs ")


def test_a_file_without_a_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(f"{ARTICLE} -o ''", capsys) == [
        "error: '' is no name of a file; expected one, or - for standard output"
    ]
    assert refused(f"{ARTICLE} --prices ''", capsys) == ["error: '' is no name of a file of prices"]


def test_a_closed_standard_output_is_trouble_and_no_bug() -> None:
    program = "import sys; from profiler.cli.main import main; sys.exit(main())"
    call = [sys.executable, "-c", program, "bill", *shlex.split(ARTICLE)]
    ended = subprocess.run(
        ["sh", "-c", f"{shlex.join(call)} >&-"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: standard output is closed, so there is nowhere to write\n")


# --- what goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        pytest.param("lambda.requests=-5", "lambda.requests is '-5'; expected a whole number above 0", id="negative"),
        pytest.param("lambda.requests=0", "lambda.requests is '0'; expected a whole number above 0", id="zero"),
        pytest.param("lambda.requests=NaN", "lambda.requests is 'NaN'; expected a whole number", id="not a number"),
        pytest.param("lambda.requests=inf", "lambda.requests is 'inf'; expected a whole number", id="infinite"),
        pytest.param("lambda.requests=1e400", "and at most 1,000,000,000,000,000", id="absurd"),
        pytest.param("lambda.gb_seconds=1e-400", "and not below 1e-18", id="absurdly small"),
        pytest.param("lambda.requests=1,000", "is '1,000'; expected a whole number above 0, in plain", id="commas"),
        pytest.param("lambda.requests=1_000", "is '1_000'; expected a whole number above 0, in", id="underscores"),
        pytest.param("logs.ingested_gb=5GB", "is '5GB'; expected a number above 0, in plain digits", id="a unit"),
        pytest.param("lambda.requests=", "lambda.requests has no amount; expected a whole number", id="no amount"),
        pytest.param("lambda.requests", "'lambda.requests': expected QUANTITY=AMOUNT", id="no equals sign"),
        pytest.param("=5", "'=5': expected QUANTITY=AMOUNT", id="no quantity"),
        pytest.param("lambda.requests=1.5", "there is no part of one invocation", id="a part of what is counted"),
        pytest.param("lambda.requests=\uff15", "is '\uff15'; expected a whole number", id="full-width digits"),
        pytest.param("lambda.requests=1 lambda.requests=1", "lambda.requests is given twice", id="twice"),
        pytest.param("lambda.requets=1", "quantity 'lambda.requets' is unknown", id="unknown quantity"),
        pytest.param("lambada.requests=1", "quantity 'lambada.requests' is unknown", id="unknown service"),
        pytest.param("lambda=1", "quantity 'lambda' is unknown", id="a service alone"),
        pytest.param(f"{ARTICLE} --arch arm46", "'arm46' is unknown; expected x86_64 or arm64", id="architecture"),
        pytest.param("ec2.hours=1", "ec2.hours needs --instance-type TYPE", id="no machine type"),
        pytest.param("ec2.hours=1 --instance-type m7i.2xlarge", "instance type 'm7i.2xlarge' is known", id="no price"),
        pytest.param(f"{ARTICLE} --instance-type t3.large", "'t3.large' goes with ec2.hours", id="no machine"),
        pytest.param("lambda.requests=1 --format xml", "'xml'", id="unknown format"),
    ],
)
def test_what_means_nothing_is_refused_by_name(call: str, problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = refused(call, capsys)
    assert shown[0].startswith("error: ")
    assert problem in shown[0]


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        pytest.param("lambda.requets=1", "did you mean lambda.requests?", id="quantity"),
        pytest.param("lambada.requests=1", "did you mean lambda.requests", id="service"),
        pytest.param("s3.objects=1", "known of that service: s3.get_requests, s3.put_requests, s3.st", id="not near"),
        pytest.param("sqs.messages=1", "expected SERVICE.NAME, of the services athena, dynamodb, ec2,", id="nowhere"),
        pytest.param("lambda=1", "known of that service: lambda.ephemeral_gb_seconds", id="a service alone"),
        pytest.param(f"{ARTICLE} --region us-est-1", "known in: us-east-1, us-west-2", id="region"),
        pytest.param("ec2.hours=1 --instance-type t3.2xlrge", "did you mean t3.2xlarge", id="machine type"),
        pytest.param("ec2.hours=1", "known: t3.large, t3.xlarge", id="no machine type"),
        pytest.param("ec2.hours=1 --instance-type t3.large --region eu-west-1", "known in: us-east-1", id="elsewhere"),
    ],
)
def test_a_name_that_is_unknown_is_answered_with_the_near_ones(
    call: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hint in " ".join(refused(call, capsys))


def test_every_mistake_of_a_command_line_is_told_in_one_go(capsys: pytest.CaptureFixture[str]) -> None:
    shown = refused("lambda.requests=1 lambda.requests=2 s3 logs.ingested_gb=5GB lamda.gb_seconds=1", capsys)
    assert shown == [
        "error: lambda.requests is given twice; expected each quantity once",
        "error: 's3': expected QUANTITY=AMOUNT, as lambda.requests=1000000",
        "error: logs.ingested_gb is '5GB'; expected a number above 0, in plain digits, without separators or a unit",
        "error: quantity 'lamda.gb_seconds' is unknown; did you mean lambda.gb_seconds?",
    ]


def test_nothing_to_bill_lists_the_quantities(capsys: pytest.CaptureFixture[str]) -> None:
    shown = refused("", capsys)
    assert shown[0] == "error: there is nothing to bill; expected QUANTITY=AMOUNT, as lambda.requests=1000000"
    assert {*QUANTITIES, "ec2.hours"} <= set(" ".join(shown).replace(",", "").split())
    assert shown[-1].strip() == "'paredown facts SERVICE' says what they count"
