"""The bill is what public pricing pages and guides work out for their own examples, each with its source beside it.

Where nobody published a sum, it is one worked out by hand from published prices, and its source says so. A published
sum is rounded, and so is the bill here, to as many digits as were published; nothing else is.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest

from profiler.facts import DEFAULT_ARCH, DEFAULT_REGION, FactSet, load, read
from profiler.pricing.billing import Bill, Quantity, bill
from profiler.pricing.cost import billed_ms

LAMBDA_PAGE = "AWS Lambda pricing, https://aws.amazon.com/lambda/pricing/, example"
STEP_FUNCTIONS_PAGE = "AWS Step Functions pricing, https://aws.amazon.com/step-functions/pricing/, example"
INFRACOST = "infracost golden files, internal/providers/terraform/aws/testdata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What somebody worked out, by the prices that still hold."""

    name: str
    quantities: dict[str, Quantity]
    usd: str
    """As it was published; its digits say how far it was rounded."""
    source: str
    region: str = DEFAULT_REGION
    arch: str = DEFAULT_ARCH
    free_tier: bool = False
    instance_type: str | None = None


EXAMPLES = (
    Example(
        name="a mobile backend: 3 million times 120 ms at 1536 MB",
        quantities={"lambda.gb_seconds": 540_000, "lambda.requests": 3_000_000},
        free_tier=True,
        usd="2.73",
        source=f"{LAMBDA_PAGE} 1: $2.33 + $0.40",
    ),
    Example(
        name="telemetry of 10,000 vehicles: 7.44 million times 2 s at 1 GB",
        quantities={"lambda.gb_seconds": 14_880_000, "lambda.requests": 7_440_000},
        usd="249.49",
        source=f"{LAMBDA_PAGE} 2: $248.00 + $1.49, without the free tier",
    ),
    Example(
        name="support tickets: 6 million times 280 ms at 4096 MB and 2048 MB of /tmp",
        quantities={
            "lambda.gb_seconds": 6_720_000,
            "lambda.requests": 6_000_000,
            "lambda.ephemeral_gb_seconds": 2_520_000,
        },
        free_tier=True,
        usd="106.41",
        source=f"{LAMBDA_PAGE} 3: $105.33 + $1 + $0.08",
    ),
    Example(
        name="the mobile backend's time in Hong Kong",
        quantities={"lambda.gb_seconds": 540_000},
        region="ap-east-1",
        free_tier=True,
        usd="3.21",
        source="a public note that works out AWS's example 1 with $0.00002292 a GB-second: $3.2088",
    ),
    Example(
        name="10 GB of Lambda for an hour",
        quantities={"lambda.gb_seconds": 36_000},
        usd="0.600",
        source="worked out by hand, 10 × 3,600 × $0.0000166667",
    ),
    Example(
        name="10 GB of Lambda for an hour on arm64",
        quantities={"lambda.gb_seconds": 36_000},
        arch="arm64",
        usd="0.480",
        source="worked out by hand, 10 × 3,600 × $0.0000133334",
    ),
    Example(
        name="the free GB-seconds, if they were not free",
        quantities={"lambda.gb_seconds": 400_000},
        usd="6.67",
        source="worked out by hand, 400,000 × $0.0000166667",
    ),
    Example(
        name="100 million Express workflows of 10 s at 64 MB",
        quantities={
            "step_functions.express_requests": 100_000_000,
            "step_functions.express_gb_hours": Fraction(100_000_000 * 10 * 64, 1024 * 3600),
        },
        usd="482.97",
        source=f"{STEP_FUNCTIONS_PAGE} of Express workflows: $100.00 + $60.00 + $120.00 + $202.97",
    ),
    Example(
        name="a million Standard workflows of six transitions",
        quantities={"step_functions.transitions": 6_000_000},
        free_tier=True,
        usd="149.90",
        source="README of a workflow builder by Cal Poly's DxHub, 2026",
    ),
    Example(
        name="a nightly pipeline of nine transitions and three retries, 10,000 times a day",
        quantities={"step_functions.transitions": 12 * 10_000 * 30},
        free_tier=True,
        usd="89.90",
        source="a public study guide, Step Functions as of 2026-10: 3,596,000 × $0.000025",
    ),
    Example(
        name="50 million custom events",
        quantities={"eventbridge.events": 50_000_000},
        usd="50.00",
        source="https://www.wring.co/blog/aws-eventbridge-pricing-guide; factualminds.com has the same",
    ),
    Example(
        name="650,000 writes of 1 KB",
        quantities={"dynamodb.write_units": 650_000},
        usd="0.41",
        source="https://airbyte.com/data-engineering-resources/dynamodb-pricing",
    ),
    Example(
        name="a million PUTs or LISTs",
        quantities={"s3.put_requests": 1_000_000},
        usd="5",
        source="https://athena.guide/articles/athena-basics-pricing-model",
    ),
    Example(
        name="a million GETs",
        quantities={"s3.get_requests": 1_000_000},
        usd="0.4",
        source="https://athena.guide/articles/athena-basics-pricing-model",
    ),
    Example(
        name="60 TB of Lambda's logs",
        quantities={"logs.ingested_gb": 60_000},
        usd="12500",
        source="Duckbill, https://www.duckbillgroup.com/?p=9080: $12,500 instead of $30,000",
    ),
    Example(
        name="a query on 10 GB, a TB being 1,024 of them",
        quantities={"athena.scanned_tb": Decimal(10) / 1024},
        usd="0.0488",
        source="https://kindatechnical.com/aws-athena/lesson-7-aws-athena-pricing-model.html",
    ),
    Example(
        name="the smallest query, 10 MB, a TB being 2^20 of them",
        quantities={"athena.scanned_tb": Decimal(10) / 2**20},
        usd="0.0000477",
        source="worked out by hand from $5 per TB and the minimum of 10 MB",
    ),
    Example(
        name="8 vCPU and 32 GB of Fargate for an hour",
        quantities={"fargate.vcpu_hours": 8, "fargate.gb_hours": 32},
        usd="0.466",
        source="worked out by hand from $0.04048 and $0.004445",
    ),
    Example(
        name="8 vCPU and 32 GB of Fargate for an hour on arm64",
        quantities={"fargate.vcpu_hours": 8, "fargate.gb_hours": 32},
        arch="arm64",
        usd="0.373",
        source="worked out by hand from $0.03238 and $0.00356",
    ),
    Example(
        name="a t3.2xlarge for a day",
        quantities={"ec2.hours": 24},
        instance_type="t3.2xlarge",
        usd="7.99",
        source="worked out by hand, 24 × $0.3328",
    ),
    Example(
        name="a t3.2xlarge for an hour at all its CPU, 60 % of 8 vCPUs above its baseline",
        quantities={"ec2.hours": 1, "ec2.unlimited_vcpu_hours": "4.8"},
        instance_type="t3.2xlarge",
        usd="0.573",
        source="worked out by hand from $0.3328, $0.05 and a baseline of 40 %",
    ),
    Example(
        name="an m5.2xlarge for a month",
        quantities={"ec2.hours": 730},
        instance_type="m5.2xlarge",
        usd="280.32",
        source=f"{INFRACOST}, 730 hours",
    ),
    Example(
        name="two vCPUs above the baseline for a month",
        quantities={"ec2.unlimited_vcpu_hours": 1_460},
        usd="73.00",
        source=f"{INFRACOST}, CPU credits",
    ),
)


def billed(example: Example) -> Bill:
    """The bill of an example."""
    return bill(
        example.quantities,
        facts=load(),
        region=example.region,
        arch=example.arch,
        free_tier=example.free_tier,
        instance_type=example.instance_type,
    )


def rounded(usd: Decimal, published: str) -> Decimal:
    """Dollars to as many digits as were published."""
    return usd.quantize(Decimal(published), rounding=ROUND_HALF_UP)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_bill_is_what_was_published(example: Example) -> None:
    assert rounded(billed(example).total_usd, example.usd) == Decimal(example.usd), example.source


def test_each_tier_costs_what_infracost_computes_from_the_price_list() -> None:
    lines = bill({"lambda.gb_seconds": 6_000_000_000 + 9_000_000_000 + 46_440_000_000}, facts=load()).lines
    assert [(int(line.amount), str(rounded(line.usd, "0.01"))) for line in lines[1:]] == [
        (9_000_000_000, "135000.00"),
        (46_440_000_000, "619203.10"),
    ], INFRACOST


def test_each_line_of_express_workflows_is_that_of_aws_s_page() -> None:
    example = next(example for example in EXAMPLES if "Express" in example.name)
    lines = billed(example).lines
    assert [str(rounded(line.usd, "0.01")) for line in lines] == ["100.00", "60.00", "120.00", "202.97"]
    assert [str(rounded(line.amount, "0.01")) for line in lines[1:]] == ["1000.00", "4000.00", "12361.11"]


@pytest.mark.parametrize(("requests", "enough"), [(3280, True), (3281, False)])
def test_7_dollars_a_day_buy_3280_requests_of_128_gb_seconds(requests: int, enough: bool) -> None:
    """The row of the article's table that everything began with."""
    day = bill({"lambda.gb_seconds": requests * 128, "lambda.requests": requests}, facts=load())
    assert (day.total_usd <= 7) is enough


@pytest.mark.parametrize(("gb_seconds", "enough"), [(419_999, True), (420_000, False)])
def test_7_dollars_buy_419999_gb_seconds(gb_seconds: int, enough: bool) -> None:
    assert (bill({"lambda.gb_seconds": gb_seconds}, facts=load()).total_usd <= 7) is enough


@pytest.mark.parametrize(
    ("init", "duration", "expected"),
    [
        pytest.param("130.49", "15.74", 147, id="AWS documentation, Lambda function logging in Python, 147 ms"),
        pytest.param("113.51", "2.75", 117, id="AWS documentation, Lambda runtime environment, 117 ms"),
        pytest.param("80.00", "133.61", 214, id="AWS documentation, Lambda runtime environment, 214 ms"),
        pytest.param("84.00", "3016.78", 3101, id="AWS documentation, Lambda runtime environment, 3101 ms"),
    ],
)
def test_an_init_and_its_invocation_are_rounded_up_together(init: str, duration: str, expected: int) -> None:
    """Milliseconds of REPORT lines since 2025-08-01, when an init became billed."""
    nanoseconds = (Decimal(init) + Decimal(duration)) * 1_000_000
    assert billed_ms(int(nanoseconds)) == expected


OLD_PRICES = """
service = "lambda"
about = "AWS Lambda, as its page had it while it billed by 100 ms"

[facts.free_gb_seconds]
about = "Free every month"
value = 400_000
unit = "GB-second"
source = "AWS Lambda pricing, an older copy"
retrieved = 2026-11-24
confidence = "medium"

[facts.free_requests]
about = "Free every month"
value = 1_000_000
unit = "invocation"
source = "AWS Lambda pricing, an older copy"
retrieved = 2026-11-24
confidence = "medium"

[[prices]]
name = "gb_seconds"
about = "One GB-second"
unit = "GB-second"
regions = ["us-east-1"]
tiers = [{ from = 0, usd = 0.00001667 }]
source = "AWS Lambda pricing, an older copy"
retrieved = 2026-11-24
confidence = "medium"

[[prices]]
name = "requests"
about = "One invocation"
unit = "invocation"
regions = ["us-east-1"]
tiers = [{ from = 0, usd = 0.0000002 }]
source = "AWS Lambda pricing, an older copy"
retrieved = 2026-11-24
confidence = "medium"
"""


@pytest.fixture
def old_prices() -> FactSet:
    return read([("lambda.toml", OLD_PRICES)])


def test_an_older_example_holds_at_its_own_prices(old_prices: FactSet) -> None:
    """512 MB, 3 million times 1 s: $18.34 + $0.40, as the page had it while a GB-second cost $0.00001667."""
    used: dict[str, Quantity] = {"lambda.gb_seconds": 1_500_000, "lambda.requests": 3_000_000}
    month = bill(used, facts=old_prices, free_tier=True)
    assert [str(rounded(line.usd, "0.01")) for line in month.lines] == ["0.00", "18.34", "0.00", "0.40"]
    assert rounded(month.total_usd, "18.74") == Decimal("18.74")
