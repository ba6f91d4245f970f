"""The facts that come with paredown are whole, and a file that is not is refused with its place."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal

import pytest

from profiler.duration import MIB_PER_VCPU
from profiler.errors import FactsError
from profiler.facts import ARCHITECTURES, load, platform_of, read
from profiler.fit import DEFAULT_HEADROOM
from profiler.querysize import HEADROOM, RUNTIME_MIB

FACT = """
service = "lambda"
about = "AWS Lambda"

[facts.max_memory]
about = "Largest memory size"
value = 10_240
unit = "MiB"
source = "AWS documentation"
dated = 2026-06-22
retrieved = 2026-11-23
confidence = "high"

[[prices]]
name = "gb_seconds"
about = "One GB-second"
unit = "GB-second"
regions = ["us-east-1"]
arch = "arm64"
tiers = [{ from = 0, usd = 0.0000133334 }, { from = 10, usd = 0.00001 }]
source = "AWS Price List API"
retrieved = 2026-11-23
confidence = "high"
"""


def test_a_price_keeps_every_digit() -> None:
    prices = platform_of(load()).prices
    assert [str(tier.usd) for tier in prices.gb_seconds] == ["0.0000166667", "0.000015", "0.0000133334"]
    assert [str(tier.usd) for tier in prices.requests] == ["2E-7"]


def test_both_architectures_are_complete_in_us_east_1() -> None:
    for arch in ARCHITECTURES:
        platform = platform_of(load(), arch=arch)
        assert len(platform.prices.gb_seconds) == 3
        assert platform.prices.date.isoformat() == "2026-09-19"
        assert platform.default_machine in [machine.name for machine in platform.machines]


def test_arm_is_a_fifth_cheaper() -> None:
    x86, arm = (platform_of(load(), arch=arch).prices.gb_seconds[0].usd for arch in ARCHITECTURES)
    assert round(1 - arm / x86, 3) == Decimal("0.200")


def test_machines_ascend_by_memory_and_those_of_arm_are_not_for_x86() -> None:
    machines = platform_of(load()).machines
    assert [machine.memory_mib for machine in machines] == sorted(machine.memory_mib for machine in machines)
    assert "m7g.2xlarge" not in [machine.name for machine in machines]
    assert "m7g.2xlarge" in [machine.name for machine in platform_of(load(), arch="arm64").machines]


def test_what_is_needed_before_anything_is_judged_is_the_same_as_the_facts() -> None:
    limits = platform_of(load()).limits
    assert limits.mib_per_vcpu == MIB_PER_VCPU
    assert limits.runtime_mib == RUNTIME_MIB
    assert Decimal(HEADROOM.numerator) / HEADROOM.denominator == DEFAULT_HEADROOM


def test_every_entry_says_where_it_is_from() -> None:
    facts = load()
    for entry in (*facts.facts, *facts.prices):
        assert entry.origin.source, entry.name
        assert entry.about, entry.name
        assert entry.origin.date.year >= 2024, entry.name


QUANTITIES = {
    "lambda.gb_seconds": "GB-second",
    "lambda.requests": "invocation",
    "lambda.ephemeral_gb_seconds": "GB-second",
    "step_functions.transitions": "transition",
    "step_functions.express_requests": "request",
    "step_functions.express_gb_hours": "GB-hour",
    "eventbridge.events": "event",
    "eventbridge.scheduler_invocations": "invocation",
    "dynamodb.write_units": "write unit",
    "dynamodb.read_units": "read unit",
    "dynamodb.storage_gb_months": "GB-month",
    "s3.put_requests": "request",
    "s3.get_requests": "request",
    "s3.storage_gb_months": "GB-month",
    "logs.ingested_gb": "GB",
    "logs.stored_gb_months": "GB-month",
    "athena.scanned_tb": "TB",
    "ecr.storage_gb_months": "GB-month",
    "fargate.vcpu_hours": "vCPU-hour",
    "fargate.gb_hours": "GB-hour",
    "ec2.unlimited_vcpu_hours": "vCPU-hour",
}


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_service_of_a_pipeline_has_its_prices_in_us_east_1(arch: str) -> None:
    prices = {name: load().price(*name.split("."), region="us-east-1", arch=arch) for name in QUANTITIES}
    assert {name: price.unit for name, price in prices.items()} == QUANTITIES


def test_what_is_free_every_month_is_a_number_of_what_is_sold() -> None:
    free = {
        f"{fact.service}.{fact.name.removeprefix('free_')}": (fact.unit, type(fact.value))
        for fact in load().facts
        if fact.name.startswith("free_")
    }
    assert free == {
        name: (QUANTITIES[name], int)
        for name in (
            "lambda.gb_seconds",
            "lambda.requests",
            "step_functions.transitions",
            "eventbridge.scheduler_invocations",
            "dynamodb.storage_gb_months",
        )
    }


def test_what_nobody_confirms_is_a_flag_and_no_number() -> None:
    flags = {f"{fact.service}.{fact.name}": fact.value for fact in load().facts if fact.unit == "flag"}
    assert flags == {
        "athena.tb_base": "unconfirmed",
        "eventbridge.s3_events_unconfirmed": "unconfirmed",
        "s3.storage_gb_months_tiers": "unconfirmed",
    }


def test_t3_machines_have_a_baseline_and_others_have_none() -> None:
    machines = [price for price in load().prices if price.service == "ec2" and price.unit == "hour"]
    assert {price.name: price.attributes["baseline_percent"] for price in machines if "t3" in price.name} == {
        "t3.large": 30,
        "t3.xlarge": 40,
        "t3.2xlarge": 40,
    }
    assert not [price.name for price in machines if "t3" not in price.name and "baseline_percent" in price.attributes]


@pytest.mark.parametrize(
    ("region", "arch", "said"),
    [
        pytest.param(
            "mars-1", "x86_64", "no price of lambda gb_seconds on x86_64 is known in region 'mars-1'", id="region"
        ),
        pytest.param("us-east-1", "sparc", "architecture 'sparc' is unknown", id="architecture"),
        pytest.param(
            "eu-west-1", "arm64", "no price of lambda gb_seconds on arm64", id="a region without that architecture"
        ),
        pytest.param("af-south-1", "x86_64", "no price of lambda requests", id="a region without one of both prices"),
    ],
)
def test_a_price_is_never_borrowed(region: str, arch: str, said: str) -> None:
    with pytest.raises(FactsError) as caught:
        platform_of(load(), region=region, arch=arch)
    assert said in caught.value.message
    assert "known" in (caught.value.hint or "")


def test_a_region_without_machines_is_judged_all_the_same() -> None:
    assert platform_of(load(), region="eu-west-1").machines == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("value = 10_240\n", "", "fact 'max_memory': value is missing", id="a missing key"),
        pytest.param("value =", "vaule =", "'vaule' is unknown", id="a misspelt key beside a missing one"),
        pytest.param("value = 10_240", "value = true", "value is true, a boolean", id="a wrong type"),
        pytest.param("value = 10_240", "value = nan", "expected a finite number", id="no number"),
        pytest.param('"high"\n\n[[', '"sure"\n\n[[', "confidence is 'sure'", id="an unknown confidence"),
        pytest.param('"AWS documentation"', '" "', "source is empty", id="no source"),
        pytest.param("2026-06-22", '"last June"', "dated is 'last June', text; expected a date", id="a date as text"),
        pytest.param('"arm64"', '"arm"', "arch is 'arm'", id="an unknown architecture"),
        pytest.param('["us-east-1"]', "[]", "regions is []", id="no region"),
        pytest.param("from = 10", "from = 0", "the tiers begin at [0, 0]", id="tiers that do not ascend"),
        pytest.param("from = 0", "from = 1", "the tiers begin at [1, 10]", id="tiers that do not begin at 0"),
        pytest.param("usd = 0.00001 ", "usd = -1 ", "usd is -1", id="a negative price"),
        pytest.param("usd = 0.00001 ", 'usd = "1" ', "usd is '1', text; expected a number", id="a price as text"),
        pytest.param('about = "AWS Lambda"', "", "a.toml: about is missing", id="a missing key of the file"),
        pytest.param("[facts.max_memory]", "[facts.max_memory", "line 5", id="no TOML"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(old: str, new: str, said: str) -> None:
    assert old in FACT
    with pytest.raises(FactsError) as caught:
        read([("a.toml", FACT.replace(old, new, 1))])
    assert said in caught.value.message or ("vaule" in new and "value is missing" in caught.value.message)
    assert caught.value.message.startswith("a.toml")


def test_a_price_that_is_given_twice_is_refused() -> None:
    twice = FACT + FACT[FACT.index("[[prices]]") :]
    with pytest.raises(FactsError, match="given twice"):
        read([("a.toml", twice)])


def test_a_service_that_stands_in_two_files_is_refused() -> None:
    with pytest.raises(FactsError, match=r"b\.toml: service 'lambda'"):
        read([("a.toml", FACT), ("b.toml", FACT)])


def test_a_fact_that_is_missing_is_named() -> None:
    with pytest.raises(FactsError, match="hold no 'min_memory'"):
        read([("a.toml", FACT)]).fact("lambda", "min_memory")


@pytest.mark.parametrize("wrong", ["10.5", "0", '"much"'])
def test_a_limit_is_a_whole_number_above_0(wrong: str) -> None:
    facts = load()
    broken = read([("a.toml", FACT.replace("10_240", wrong))]).facts[0]
    others = tuple(fact for fact in facts.facts if (fact.service, fact.name) != ("lambda", "max_memory"))
    with pytest.raises(FactsError, match=r"'max_memory' is .* expected a whole number"):
        platform_of(replace(facts, facts=(*others, broken)))


def test_a_platform_holds_only_plain_values() -> None:
    platform = platform_of(load())
    assert all(getattr(platform.limits, field.name) for field in fields(platform.limits))
