"""`paredown budget`: what its text says, that its JSON is as documented, and what it refuses."""

from __future__ import annotations

import json
import re
import shlex
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from profiler.cli.budget import command
from profiler.cli.main import main
from tests.conftest import ROOT
from tests.reports import too_wide
from tests.rules.documents import blocks

SEVEN = "--dollars-per-day 7"
ARTICLE = "--share lambda=70,step_functions=10,dynamodb=10,eventbridge=5,s3=5"
QUESTIONS = {
    "table": SEVEN,
    "requests": f"{SEVEN} --requests-per-day 3000",
    "customers": f"{SEVEN} --customers 40 --trainings-per-customer 1 --predictions-per-customer 74 "
    "--price-per-customer 20",
    "loss": "--gb-s-per-request 128 --customers 40 --predictions-per-customer 75 --price-per-customer 1",
    "several": f"{SEVEN} --gb-s-per-request 0.001,128 --gb-s-per-request 2000",
    "several held": f"{SEVEN} --requests-per-day 3000 --gb-s-per-request 0.00001,128,2000",
    "several costs": "--requests-per-month 3000 --gb-s-per-request 1,128",
    "one": f"{SEVEN} --gb-s-per-request 128 --invocations-per-request 2.5",
    "month": "--dollars-per-month 213 --requests-per-month 91250 --arch arm64 --region us-east-1",
    "dollars": "--requests-per-day 3000 --gb-s-per-request 128 --free-tier",
    "all": f"{SEVEN} --requests-per-day 3000 --gb-s-per-request 140",
    "too little": "--dollars-per-day 0.0001 --requests-per-day 3000",
    "not one": "--dollars-per-day 0.0001 --gb-s-per-request 128",
    "shares": f"{SEVEN} {ARTICLE}",
    "shares of requests": f"{SEVEN} --requests-per-day 3000 {ARTICLE}",
    "shares without lambda": f"{SEVEN} --share s3=50,ec2=50 --instance-type t3.2xlarge",
    "elsewhere": f"{SEVEN} --region eu-west-1",
    "shares nowhere sold": f"{SEVEN} --region eu-west-1 --share dynamodb=100",
    "absurdly long": "--dollars-per-month 594668.72 --requests-per-month 1",
    "long and short": "--dollars-per-day 50 --requests-per-day 1 --region us-east-1",
    "wide table": f"{SEVEN} --requests-per-day 23860732 --invocations-per-request 100",
    "wide costs": f"{SEVEN} --requests-per-day 1e12",
    "wide shares": "--dollars-per-month 963328 --requests-per-month 2 --share dynamodb=32,logs=68",
    "shares elsewhere": f"{SEVEN} --region eu-west-1 --share s3=50,lambda=50 --requests-per-day 30",
}
each_question = pytest.mark.parametrize("question", QUESTIONS.values(), ids=list(QUESTIONS))


@pytest.fixture(autouse=True)
def _as_wide_as_80(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def said(question: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command answers."""
    assert main(["budget", *shlex.split(question)]) == 0
    return capsys.readouterr().out


def document(question: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The answer for a program."""
    loaded: dict[str, Any] = json.loads(said(f"{question} --format json", capsys))
    return loaded


@cache
def schema() -> dict[str, Any]:
    """The documented schema."""
    loaded: dict[str, Any] = json.loads((ROOT / "docs" / "budget.schema.json").read_text(encoding="utf-8"))
    return loaded


# --- for people -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("table", "$7 a day buys 3,280 requests of 128 GB-seconds each, or 410 of 1,024."),
        ("requests", "$7 a day for 3,000 requests leaves 140 GB-seconds for each."),
        ("customers", "$7 a day for 3,000 requests leaves 140 GB-seconds for each."),
        ("loss", "3,000 requests a day of 128 GB-seconds each cost $6.40 a day, $194.69 a month."),
        ("several", "$7 a day buys 3,280 requests of 128 GB-seconds each, or 209 of 2,000."),
        ("several held", "$7 a day pays for 3,000 requests of 128 GB-seconds each, but not of 2,000."),
        (
            "several costs",
            "3,000 requests a month cost $0.0506 a month at 1 GB-second each, and $6.40 a month at 128.",
        ),
        ("one", "$7 a day buys 3,280 requests of 128 GB-seconds each."),
        ("month", "$213 a month for 91,250 requests leaves 175 GB-seconds for each."),
        ("dollars", "3,000 requests a day of 128 GB-seconds each cost $6.18 a day, $188.00 a month."),
        ("all", "$7 a day does not pay for 3,000 requests of 140 GB-seconds each: they cost $7.00 a day, just over "),
        (
            "too little",
            "$0.000100 a day does not pay for 3,000 requests: their invocations alone cost $0.000600 a day.",
        ),
        ("not one", "$0.000100 a day does not buy one request of 128 GB-seconds."),
        ("shares", "$4.90 a day on Lambda (70 % of $7) buys 2,296 requests of 128 GB-seconds each, or 287 of 1,024."),
        (
            "shares of requests",
            "$4.90 a day on Lambda (70 % of $7) for 3,000 requests leaves 98.0 GB-seconds for each.",
        ),
        ("shares without lambda", "$7 a day is $3.50 a day for s3 and $3.50 a day for ec2."),
    ],
)
def test_the_answer_comes_first_in_one_sentence(question: str, answer: str, capsys: pytest.CaptureFixture[str]) -> None:
    first = said(QUESTIONS[question], capsys).split("\n\n")[0]
    assert " ".join(first.split()).startswith(answer)


def test_the_table_is_the_articles(capsys: pytest.CaptureFixture[str]) -> None:
    rows = dict(re.findall(r"^ +([\d.,]+) +([\d,]+) +[\d,]+ +[\d.]+ *$", said(SEVEN, capsys), re.MULTILINE))
    assert len(rows) == 14
    assert (rows["128"], rows["0.125"], rows["1,024"]) == ("3,280", "3,065,687", "410")


def test_a_pair_that_lambda_does_not_allow_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(QUESTIONS["requests"], capsys)
    marked = [line for line in text.splitlines() if line.endswith("over 900 s")]
    assert len(marked) == 1
    assert re.match(r" +128 MB +0\.07 +1,120 ", marked[0])


def test_bars_are_as_long_as_their_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(f"{SEVEN} --requests-per-day 9000", capsys)
    bars = {size: len(bar) for size, bar in re.findall(r"^ +([\d,]+) MB .*?(█+)", text, re.MULTILINE)}
    assert [0 <= bars["128"] / times - bars[size] < 1 for size, times in (("256", 2), ("512", 4), ("1,024", 8))] == [
        True
    ] * 3


@each_question
@pytest.mark.parametrize("width", [80, 140])
def test_no_line_is_wider_than_the_terminal(
    question: str, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert too_wide(said(question, capsys), width) == []


@each_question
def test_the_next_commands_can_be_given(question: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(question, capsys).split("\n  Next\n")[1].replace(" \\\n", "").splitlines()
    assert lines
    for line in lines:
        program, name, *arguments = shlex.split(line)
        assert (program, name) == ("paredown", "budget")
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in arguments if word.startswith("--")} - known <= {"--run"}
        if "--run" not in arguments:
            assert main(["budget", *arguments]) == 0


def test_both_a_day_and_a_month_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(QUESTIONS["requests"], capsys)
    assert "$7 a day = $212.92 a month; 3,000 requests a day = 91,250 a month" in text


def test_where_the_requests_are_from_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(QUESTIONS["customers"], capsys)
    assert "40 customers × (1 training + 74 predictions) = 3,000 requests a day" in text
    assert re.search(r"revenue +\$26\.30 +\$800 .*\n +cost +\$7\.00 .*\n +margin +\$19\.30 .*73\.4 %", text)


def test_a_loss_is_called_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert re.search(r"loss +-\$5\.09 +-\$154\.69 ", said(QUESTIONS["loss"], capsys))


def test_what_it_rests_on_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(SEVEN, capsys)
    assert "AWS's prices of us-east-1, x86_64, of 2026-09-19 or later." in text
    assert "Nothing that is always free is taken off; --free-tier does that." in text
    assert "What is always free is taken off" in said(QUESTIONS["dollars"], capsys)


def test_a_price_that_is_not_known_is_said_where_its_figure_would_stand(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(QUESTIONS["shares elsewhere"], capsys)
    assert re.search(r"put_requests: no price of s3.put_requests", text)
    assert "gb_seconds  " in text


def test_a_region_that_sells_nothing_of_a_share_is_known_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(said(QUESTIONS["shares nowhere sold"], capsys).split())
    assert "write_units: no price of dynamodb.write_units is known in region 'eu-west-1'" in text


def test_ones_own_limits_are_named_and_requests_that_cost_nothing_are_paid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    origin = 'source = "our agreement"\nretrieved = 2026-11-24\nconfidence = "high"\n'
    file = tmp_path / "mine.toml"
    file.write_text(
        f'[facts.lambda.max_duration]\nvalue = 60\nunit = "s"\n{origin}'
        f'[facts.lambda.free_requests]\nvalue = 5\nunit = "invocation"\n{origin}'
        + "".join(
            f'[[prices]]\nservice = "lambda"\nname = "{name}"\nunit = "{unit}"\nregions = ["us-east-1"]\n{arch}'
            f"tiers = [{{ from = 0, usd = 0 }}]\n{origin}"
            for name, unit, arch in (
                ("gb_seconds", "GB-second", 'arch = "x86_64"\n'),
                ("requests", "invocation", ""),
            )
        ),
        encoding="utf-8",
    )
    question = f"{QUESTIONS['all']} --prices {file}"
    text = " ".join(said(question, capsys).split())
    assert text.startswith("$7 a day pays for 3,000 requests of 140 GB-seconds each: they cost $0 a day, 0 % of it.")
    assert "over 60 s" in text
    assert "Your own, not AWS's: lambda.gb_seconds, lambda.requests, lambda.max_duration;" in text
    assert document(question, capsys)["rows"][0]["requests_per_day"] is None
    assert "lambda.free_requests" in said(f"{question} --free-tier", capsys)


def test_prices_of_ones_own_are_used_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        """
        [[prices]]
        service = "lambda"
        name = "gb_seconds"
        unit = "GB-second"
        regions = ["us-east-1"]
        arch = "x86_64"
        tiers = [{ from = 0, usd = 0.00001 }]
        source = "our agreement"
        retrieved = 2026-11-24
        confidence = "high"
        """,
        encoding="utf-8",
    )
    question = f"{SEVEN} --gb-s-per-request 128 --prices {file}"
    text = said(question, capsys)
    assert text.startswith("$7 a day buys 5,467 requests of 128 GB-seconds each.")
    assert "Your own, not AWS's: lambda.gb_seconds." in text
    assert f"--prices {file}" in text.split("\n  Next\n")[1].replace(" \\\n ", "")
    assert document(question, capsys)["own_prices"] == ["lambda.gb_seconds"]


def test_a_file_of_prices_that_is_missing_is_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["budget", *shlex.split(SEVEN), "--prices", "nowhere.toml"]) == 2
    assert "nowhere.toml" in capsys.readouterr().err


def test_the_documents_show_what_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    shown = [block.text for block in blocks(ROOT / "docs" / "budget.md") if block.language == "console"]
    of_this_machine = [text for text in shown if "--run " in text.splitlines()[0]]
    assert len(shown) - len(of_this_machine) == 4
    for text in shown:
        if text in of_this_machine:  # What a run used is another thing on every machine.
            continue
        call, *lines = text.splitlines()
        if "|" not in call:
            answer = said(call.removeprefix("$ paredown budget "), capsys).splitlines()
            expected = [line for line in lines if line.strip() not in ("", "…")]
            assert expected == [line for line in answer if line in expected]


# --- for programs ---------------------------------------------------------------------------------------------------


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@each_question
def test_the_json_is_as_documented(question: str, capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema.validate(document(question, capsys), schema(), jsonschema.Draft202012Validator)


def test_the_json_carries_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["gb_s_per_request"]: row["requests_per_day"] for row in document(SEVEN, capsys)["rows"]}
    assert rows["128"] == 3280
    assert list(rows)[:4] == ["0.125", "0.25", "0.5", "1"]


def test_the_json_carries_what_was_solved(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(QUESTIONS["requests"], capsys)
    assert found["solved"]["unknown"] == "gb_s_per_request"
    assert round(Decimal(found["solved"]["gb_s_per_request"]), 3) == Decimal("139.988")
    assert found["target"]["requests_per_day"] == "3000"
    assert found["prices_date"] == "2026-09-19"


def test_amounts_have_no_exponents(capsys: pytest.CaptureFixture[str]) -> None:
    found = document("--dollars-per-day 1e-9 --gb-s-per-request 1e-8 --requests-per-day 1e3", capsys)
    assert found["target"]["usd_per_day"] == "0.000000001"
    assert found["target"]["gb_s_per_request"] == ["0.00000001"]


def test_what_a_day_costs_is_told_to_the_digit(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(f"{SEVEN} --customers 40 --trainings-per-customer 1 --price-per-customer 12", capsys)
    assert (found["lambda_usd_per_day"], found["margin"]["cost_usd_per_day"]) == ("7", "7")
    assert document(f"{SEVEN} --share lambda=70,s3=30", capsys)["lambda_usd_per_day"] == "4.9"
    assert document(QUESTIONS["requests"], capsys)["solved"]["invocations_usd_per_day"] == "0.0006"


@pytest.mark.parametrize(
    "question",
    [
        "--dollars-per-day 1 --requests-per-day 1",
        "--dollars-per-month 0.31 --share lambda=1,s3=99",
        f"{SEVEN} --gb-s-per-request 400000",
    ],
)
def test_one_is_never_spoken_of_as_several(question: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(said(question, capsys).split())
    assert re.search(r"(?<![\d.,])1 request (a day|of)", text)
    assert not re.search(r"(?<![\d.,])1 requests|1 request of \S+ GB-seconds each", text)


@pytest.mark.parametrize(
    ("dollars", "answer"),
    [
        ("0.000003", "$0.00000300 a day buys 1 request of 0.125 GB-seconds, but none of 128."),
        ("0.0001", "$0.000100 a day buys 1 request of 4 GB-seconds, but none of 128."),
        ("0.000001", "$0.00000100 a day does not buy one request of even 0.125 GB-seconds."),
        ("0.0022", "$0.00220 a day buys 1 request of 128 GB-seconds, or none of 1,024."),
    ],
)
def test_few_dollars_buy_what_they_can(dollars: str, answer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert " ".join(said(f"--dollars-per-day {dollars}", capsys).split("\n\n")[0].split()) == answer


def test_a_single_share_is_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(f"{SEVEN} --share s3=100", capsys).startswith("$7 a day is all for s3.\n")


def test_the_answer_can_be_kept_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "budget.json"
    said(f"{SEVEN} --format json -o {file}", capsys)
    assert json.loads(file.read_text(encoding="utf-8"))["schema"] == "paredown.budget/1"
    assert main(["budget", *shlex.split(SEVEN), "-o", str(file)]) == 2


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("-1", "expected a"),
        ("0", "expected a"),
        ("NaN", "is no amount"),
        ("inf", "is no amount"),
        ("1e400", "expected a"),
        ("1e-400", "expected a"),
        ("3,000", "a"),
        ("3_000", "is no number; .*without separators of thousands"),
        ("7USD", "'7USD' is no number"),
        ("$7", "is no number"),
        ("\uff17", "is no number"),
        ("", "is no number"),
    ],
)
@pytest.mark.parametrize(
    "option",
    [
        "--dollars-per-day",
        "--dollars-per-month",
        "--requests-per-day",
        "--requests-per-month",
        "--gb-s-per-request",
        "--customers",
        "--price-per-customer",
        "--invocations-per-request",
    ],
)
def test_a_number_that_is_none_names_its_option(
    option: str, value: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["budget", "--dollars-per-day", "7", f"{option}={value}"]) == 2
    error = capsys.readouterr().err.splitlines()[0]
    assert error.startswith(f"error: invalid value for '{option}': ")
    assert re.search(why, error)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param("", "nothing is known", id="nothing"),
        pytest.param("--requests-per-day 3000", "only the requests are known", id="only requests"),
        pytest.param("--gb-s-per-request 1", "only the GB-seconds are known", id="only GB-seconds"),
        pytest.param(f"{SEVEN} --dollars-per-month 213", "dollars are given per day and per month", id="twice"),
        pytest.param(f"{SEVEN} --customers 40", "customers alone make no requests", id="customers alone"),
        pytest.param(
            f"{SEVEN} --customers 4 --predictions-per-customer 0.1", "come to 0.4 requests a day", id="not one request"
        ),
        pytest.param(f"{SEVEN} --gb-s-per-request 1,000", "a thousand is 1000", id="a list that is none"),
        pytest.param(f"{SEVEN} --gb-s-per-request 1,024", "a thousand is 1000", id="a list that looks like one"),
        pytest.param(f"{SEVEN} --gb-s-per-request 1,,2", "'' is no number", id="a hole in a list"),
        pytest.param(f"{SEVEN} --share lambda=60,s3=30", "the shares add up to 90; expected exactly 100", id="90 %"),
        pytest.param(f"{SEVEN} --share lambda=50 --share lambda=50", "lambda is given twice", id="share twice"),
        pytest.param(f"{SEVEN} --share lambda", "'lambda' is no share", id="share of nothing"),
        pytest.param(f"{SEVEN} --share lambda=100%", "'100%' is no number", id="percent sign"),
        pytest.param(f"{SEVEN} --share lambda=NaN", "NaN is no amount", id="share that is no number"),
        pytest.param(f"{SEVEN} --share lamda=100", "there is no such service", id="unknown service"),
        pytest.param(f"{SEVEN} --share ec2=100", "ec2.hours needs", id="which machine"),
        pytest.param(
            f"{SEVEN} --share ec2=100 --instance-type t3.2xlarg", "type 't3.2xlarg' is known", id="unknown machine"
        ),
        pytest.param(f"{SEVEN} --region us-est-1", "region 'us-est-1' is unknown", id="unknown region"),
        pytest.param(f"{SEVEN} --region af-south-1", "is known in region 'af-south-1'", id="region without a price"),
        pytest.param(f"{SEVEN} --arch x68", "did you mean x86_64?", id="unknown architecture"),
    ],
)
def test_what_is_refused_says_why(arguments: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["budget", *shlex.split(arguments)]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        (f"{SEVEN} --region us-est-1", "us-east-1"),
        (f"{SEVEN} --share step-function=100", "step_functions"),
        (f"{SEVEN} --share ec2=100 --instance-type t3.2xlarg", "t3.2xlarge"),
    ],
)
def test_the_near_ones_are_named(arguments: str, near: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["budget", *shlex.split(arguments)]) == 2
    assert re.search(rf"hint: did you mean .*{near}", capsys.readouterr().err)
