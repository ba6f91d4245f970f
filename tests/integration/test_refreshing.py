"""`paredown facts --refresh` as a user types it, with boto3 as it is and a price list that is served from here."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from profiler.cli.main import main
from tests.integration.place import Ended, Place
from tests.price_list import EXPECTED, MACHINE, product, us_east_1
from tests.price_server import PriceServer, served


@pytest.fixture
def prices(monkeypatch: pytest.MonkeyPatch) -> Iterator[PriceServer]:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    ireland = product("AmazonEC2", "EU-BoxUsage:t3.2xlarge", "0.3648", "Hrs", region="eu-west-1", **MACHINE)
    with served([*us_east_1(), ireland]) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def facts(place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """`paredown facts` in this process: a command of its own would import boto3 again each time."""
    monkeypatch.chdir(place.folder)

    def facts(*arguments: str, **environment: str) -> Ended:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        code = main(["facts", *arguments])
        out, err = capsys.readouterr()
        return Ended(code=code, out=out, err=err, workspace=place.workspace, newest=None)

    return facts


def files(place: Place) -> list[str]:
    return sorted(path.name for path in place.folder.iterdir())


def as_expected(path: Path) -> dict[str, str]:
    """The prices of a file, as `EXPECTED` writes them."""
    found = {}
    for price in tomllib.loads(path.read_text(), parse_float=Decimal)["prices"]:
        quantity = f"{price['service']}.{price['name']} {price.get('arch', '')}".strip()
        found[quantity] = " ".join(f"{tier['from']}:{tier['usd'].normalize():f}" for tier in price["tiers"])
    return found


def test_current_prices_are_shown_and_written_and_the_next_command_is_named(place: Place, prices: PriceServer) -> None:
    ended = place.paredown("facts", "--refresh")
    assert ended.code == 0, ended.said
    assert files(place) == ["prices-us-east-1.toml"]
    assert as_expected(place.folder / "prices-us-east-1.toml") == EXPECTED
    assert ended.err == "wrote prices-us-east-1.toml\n"
    assert "Prices in us-east-1" in ended.out
    assert ended.out.endswith("next: paredown bill --prices prices-us-east-1.toml lambda.gb_seconds=1000000\n")
    assert any("NextToken" in asked for asked in prices.asked)


def test_another_region_and_one_service_alone(place: Place, facts: Callable[..., Ended], prices: PriceServer) -> None:
    ended = facts("--refresh", "ec2", "--region", "eu-west-1", "-o", "mine.toml")
    assert ended.code == 0, ended.said
    assert as_expected(place.folder / "mine.toml") == {"ec2.t3.2xlarge x86_64": "0:0.3648"}
    assert "ec2.unlimited_vcpu_hours" in ended.out
    assert "--region eu-west-1 --prices mine.toml ec2.hours=730 --instance-type t3.2xlarge" in ended.out
    assert {asked["ServiceCode"] for asked in prices.asked if "Filters" in asked} == {"AmazonEC2"}


def test_prices_go_to_standard_output_alone(place: Place, facts: Callable[..., Ended], prices: PriceServer) -> None:
    ended = facts("--refresh", "s3", "-o", "-")
    assert ended.code == 0, ended.said
    assert len(tomllib.loads(ended.out)["prices"]) == 3
    assert "Prices in us-east-1" in ended.err
    assert files(place) == []


def test_a_file_is_overwritten_only_when_told_and_nothing_is_asked_before(
    place: Place, facts: Callable[..., Ended], prices: PriceServer
) -> None:
    place.write("prices-us-east-1.toml", "mine")
    ended = facts("--refresh")
    assert (ended.code, prices.asked) == (2, []), ended.said
    assert "prices-us-east-1.toml: is there already" in ended.err
    assert (place.folder / "prices-us-east-1.toml").read_text() == "mine"
    assert facts("--refresh", "--force").code == 0
    assert as_expected(place.folder / "prices-us-east-1.toml") == EXPECTED


def test_what_aws_refuses_for_a_moment_is_asked_again(
    place: Place, facts: Callable[..., Ended], prices: PriceServer
) -> None:
    prices.refusals = [(400, "ThrottlingException"), (500, "InternalErrorException")]
    ended = facts("--refresh", "s3")
    assert ended.code == 0, ended.said
    assert len(prices.asked) > 2


def fails(ended: Ended, place: Place, message: str) -> None:
    """It ended with one error line, and perhaps a hint, and left nothing behind."""
    assert (ended.code, ended.out) == (2, ""), ended.said
    lines = ended.err.splitlines()
    assert lines[0].startswith("error: "), ended.said
    assert message in lines[0], ended.said
    assert all(line.startswith(" hint: ") for line in lines[1:]), ended.said
    assert files(place) == []


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", "may not read the price list: as the test wants it"),
        ("ExpiredTokenException", "the AWS credentials have expired"),
        ("InvalidSignatureException", "does not accept the credentials"),
    ],
)
def test_credentials_that_do_not_do_are_told(
    place: Place, facts: Callable[..., Ended], prices: PriceServer, code: str, message: str
) -> None:
    prices.refusals = [(400, code)]
    fails(facts("--refresh"), place, message)


def test_an_error_in_the_middle_writes_nothing(place: Place, facts: Callable[..., Ended], prices: PriceServer) -> None:
    prices.products = [*us_east_1(), product("AmazonECS", "USE1-Other", "1", "hours", currency="CNY")]
    assert facts("--refresh").code == 0  # Whatever is not asked for may cost what it wants.
    (place.folder / "prices-us-east-1.toml").unlink()
    prices.products = [
        product("AmazonECS", "USE1-Fargate-GB-Hours", "1", "hours", currency="CNY"),
        *(item for item in us_east_1() if item["serviceCode"] != "AmazonECS"),
    ]
    fails(facts("--refresh"), place, "the price is in CNY; expected USD")


def test_no_credentials(place: Place, facts: Callable[..., Ended], prices: PriceServer) -> None:
    environment = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    fails(facts("--refresh", **environment), place, "no AWS credentials were found")


def test_half_of_the_credentials(place: Place, facts: Callable[..., Ended], prices: PriceServer) -> None:
    fails(facts("--refresh", AWS_SECRET_ACCESS_KEY=""), place, "AWS_SECRET_ACCESS_KEY")


def test_a_profile_that_is_not_there(place: Place, facts: Callable[..., Ended], prices: PriceServer) -> None:
    fails(facts("--refresh", AWS_PROFILE="nobody"), place, "(nobody) could not be found")


def test_no_network(place: Place, facts: Callable[..., Ended], prices: PriceServer) -> None:
    """Nothing listens on port 1 of this machine."""
    ended = facts("--refresh", AWS_ENDPOINT_URL_PRICING="http://127.0.0.1:1")
    fails(ended, place, "cannot be reached: Could not connect")


def test_an_endpoint_that_is_no_address(place: Place, facts: Callable[..., Ended], prices: PriceServer) -> None:
    fails(facts("--refresh", AWS_ENDPOINT_URL_PRICING="nonsense"), place, "Invalid endpoint: nonsense")


def test_an_answer_that_is_no_answer(place: Place, facts: Callable[..., Ended], prices: PriceServer) -> None:
    prices.garbage = True
    fails(facts("--refresh"), place, "the answer holds no PriceList")


def test_an_unknown_region(place: Place, facts: Callable[..., Ended], prices: PriceServer) -> None:
    ended = facts("--refresh", "--region", "eu-west-11")
    fails(ended, place, "knows no region 'eu-west-11'")
    assert "did you mean eu-west-1?" in ended.err


def test_a_region_for_which_no_price_is_found(place: Place, facts: Callable[..., Ended], prices: PriceServer) -> None:
    fails(facts("--refresh", "athena", "--region", "eu-west-1"), place, "no price was found in eu-west-1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--region", "eu-west-1"), "--region goes with --refresh"),
        (("--refresh", "--region", "../mars"), "'../mars' is no name of a region; expected one such as eu-west-1"),
        (("--refresh", "--region", ""), "'' is no name of a region"),
        (("--refresh", "--format", "json"), "--format goes with the list"),
        (("--refresh", "s33"), "there are no facts of a service 's33'"),
    ],
)
def test_options_that_do_not_go_together(
    place: Place, facts: Callable[..., Ended], arguments: tuple[str, ...], message: str
) -> None:
    fails(facts(*arguments), place, message)


def test_without_boto3_the_extra_is_named(place: Place) -> None:
    code = (
        "import sys\nsys.modules['boto3'] = None\nfrom profiler.cli.main import main\n"
        "sys.exit(main(['facts', '--refresh']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=place.folder, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "error: current prices are fetched with boto3, which is not installed",
        " hint: pip install 'paredown[aws]'",
    ]
    assert files(place) == []


def test_boto3_is_not_imported_for_the_list(place: Place) -> None:
    code = (
        "import sys\nfrom profiler.cli.main import main\nmain(['facts', 'lambda', '-o', 'facts.txt'])\n"
        "print(sorted({'boto3', 'botocore', 'tomli_w'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=place.folder, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stderr
