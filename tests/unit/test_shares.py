"""Dollars split over services: the shares add up to the target, and each pays for what it says."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiler.errors import UsageError
from profiler.facts import load
from profiler.pricing.billing import bill
from profiler.pricing.shares import Allowance, ShareOfService
from profiler.pricing.solving import budget

SERVICES = ("dynamodb", "eventbridge", "lambda", "s3", "step_functions")
ARTICLE = {"lambda": 70, "step_functions": 10, "dynamodb": 10, "eventbridge": 5, "s3": 5}
FACTS = load(services=SERVICES)


def shares(**asked: Any) -> dict[str, ShareOfService]:
    """The shares of seven dollars a day, by service."""
    return {share.service: share for share in budget(**{"dollars_per_day": 7, "share": ARTICLE, **asked}).shares}


def allowances(share: ShareOfService) -> dict[str, Allowance]:
    """What a share pays for, by quantity."""
    return {allowance.quantity: allowance for allowance in share.allowances}


@pytest.mark.parametrize(
    ("service", "quantity", "per_day"),
    [
        pytest.param("step_functions", "step_functions.transitions", 28_000, id="$0.70 at $0.025 a thousand"),
        pytest.param("step_functions", "step_functions.express_requests", 700_000, id="$0.70 at $1 a million"),
        pytest.param("eventbridge", "eventbridge.events", 350_000, id="$0.35 at $1 a million"),
        pytest.param("dynamodb", "dynamodb.write_units", 1_120_000, id="$0.70 at $0.625 a million"),
        pytest.param("dynamodb", "dynamodb.read_units", 5_600_000, id="$0.70 at $0.125 a million"),
        pytest.param("s3", "s3.put_requests", 70_000, id="$0.35 at $0.005 a thousand"),
        pytest.param("s3", "s3.get_requests", 875_000, id="$0.35 at $0.0004 a thousand"),
    ],
)
def test_a_share_pays_for_so_many_a_day(service: str, quantity: str, per_day: int) -> None:
    assert allowances(shares()[service])[quantity].per_day == per_day


def test_what_is_held_is_held_all_month() -> None:
    held = allowances(shares()["s3"])["s3.storage_gb_months"]
    assert held.per_day is None
    assert held.per_request is None
    assert held.per_month is not None
    assert round(held.per_month) == round(0.35 * 365 / 12 / 0.023)


def test_requests_share_what_a_day_allows() -> None:
    found = allowances(shares(requests_per_day=3000)["step_functions"])["step_functions.transitions"]
    assert found.per_request is not None
    assert round(found.per_request, 3) == Decimal("9.333")
    assert allowances(shares()["step_functions"])["step_functions.transitions"].per_request is None


def test_lambda_pays_for_its_invocations_first() -> None:
    share = shares(requests_per_day=3000, invocations_per_request=4)["lambda"]
    found = allowances(share)
    assert share.together
    assert found["lambda.requests"].per_day == 12_000
    used = found["lambda.gb_seconds"].per_day
    assert used is not None
    assert round(used * Decimal("0.0000166667") + 12_000 * Decimal("0.0000002"), 12) == Decimal("4.9")


def test_lambda_alone_is_gb_seconds_or_invocations() -> None:
    share = shares()["lambda"]
    assert not share.together
    assert allowances(share)["lambda.requests"].per_day == 24_500_000


def test_the_answer_is_of_lambdas_share() -> None:
    shared = budget(dollars_per_day=7, share=ARTICLE, requests_per_day=3000).solved
    alone = budget(dollars_per_day="4.9", requests_per_day=3000).solved
    assert shared == alone


def test_invocations_that_cost_more_than_the_share_leave_nothing() -> None:
    share = shares(dollars_per_day="0.0001", requests_per_day=3000)["lambda"]
    gb_seconds = allowances(share)["lambda.gb_seconds"]
    assert (gb_seconds.per_day, gb_seconds.problem) == (None, "nothing is left: the invocations alone cost more")


def test_a_price_that_is_not_known_in_the_region_is_not_borrowed() -> None:
    found = budget(dollars_per_day=7, share={"lambda": 50, "s3": 50}, region="eu-west-1")
    problems = {allowance.problem for allowance in found.shares[1].allowances}
    assert len(problems) == 3
    assert all("is known in region 'eu-west-1'" in problem for problem in problems)


def test_hours_are_of_the_machine_that_was_named() -> None:
    found = budget(dollars_per_day="7.9872", share={"ec2": 100}, instance_type="t3.2xlarge")
    assert allowances(found.shares[0])["ec2.hours"].per_day == 24
    assert (found.solved, found.rows, found.pairs) == (None, (), ()), "nothing of it is Lambda's"


@pytest.mark.parametrize("service", [service for service in load().services if service != "ec2"])
def test_every_service_can_have_a_share(service: str) -> None:
    (share,) = budget(dollars_per_day=7, share={service: 100}).shares
    assert share.allowances
    assert all(allowance.problem == "" and allowance.per_month for allowance in share.allowances)


@given(
    st.decimals(min_value=Decimal("0.01"), max_value=10**6, places=2),
    st.lists(st.integers(1, 99), min_size=4, max_size=4, unique=True),
)
def test_shares_add_up_to_the_target(usd: Decimal, cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), 100]
    split = {name: high - low for name, low, high in zip(SERVICES, ends, ends[1:], strict=False)}
    found = budget(dollars_per_month=usd, share=split)
    assert sum(share.usd_per_month for share in found.shares) == usd


@given(st.integers(1, 10**6), st.booleans())
def test_what_a_share_pays_for_is_billed_at_that_share(usd: int, free_tier: bool) -> None:
    found = budget(dollars_per_month=usd, share=dict.fromkeys(SERVICES, 20), free_tier=free_tier)
    for share in found.shares:
        for allowance in share.allowances:
            assert allowance.per_month is not None
            total = bill({allowance.quantity: allowance.per_month}, facts=FACTS, free_tier=free_tier).total_usd
            left = Fraction(share.usd_per_month) - Fraction(total)
            assert -Fraction(1, 10**18) < left < Fraction(1, 10_000), allowance.quantity


@pytest.mark.parametrize(
    ("share", "said"),
    [
        pytest.param({"lambda": 70, "dynamodb": 20}, "add up to 90; expected exactly 100", id="too little"),
        pytest.param({"lambda": "70.1", "dynamodb": 30}, "add up to 100.1; expected", id="too much"),
        pytest.param({"lambda": "33.3", "dynamodb": "33.3", "s3": "33.3"}, "add up to 99.9", id="nearly thirds"),
        pytest.param({}, "add up to 0", id="none"),
        pytest.param({"lambda": 100, "s3": 0}, "the share of s3 is 0; expected", id="no share at all"),
        pytest.param({"lambda": -5, "s3": 105}, "the share of lambda is -5; expected", id="less than nothing"),
        pytest.param({"lambda": "70%", "s3": 30}, "the share of lambda is '70%'", id="a unit"),
        pytest.param({"lamda": 100}, "a share of 'lamda': there is no such service", id="unknown"),
        pytest.param({"ec2": 100}, "ec2.hours needs", id="a machine without type"),
    ],
)
def test_shares_that_mean_nothing_are_refused(share: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        budget(dollars_per_day=7, share=share)


def test_the_near_service_is_named() -> None:
    with pytest.raises(UsageError) as caught:
        budget(dollars_per_day=7, share={"step-function": 100})
    assert caught.value.hint == "did you mean step_functions?"


def test_shares_need_dollars() -> None:
    with pytest.raises(UsageError, match="shares split dollars, and none are given"):
        budget(requests_per_day=1, gb_s_per_request=1, share={"lambda": 100})


def test_gb_seconds_need_lambda_among_the_shares() -> None:
    with pytest.raises(UsageError, match="GB-seconds are Lambda's"):
        budget(dollars_per_day=7, gb_s_per_request=1, share={"s3": 100})
