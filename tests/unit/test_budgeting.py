"""The budget turned around: the published row, and that every inversion leads back."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiler.facts import load, platform_of
from profiler.pricing.budgeting import Budget, gb_s_per_request, hold, requests_per_day, usd_per_day

PRICES = platform_of(load()).prices
MONEY = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(20_000), places=2)
GB_S = st.decimals(min_value=Decimal("0.001"), max_value=Decimal(2_000), places=3)


@pytest.mark.parametrize(
    ("gb_s", "requests"),
    [
        pytest.param(128, 3280, id="the published row"),
        pytest.param(1024, 410, id="the largest of the table"),
        pytest.param(Decimal("0.125"), 3_065_687, id="the smallest of the table"),
        pytest.param(0, 35_000_000, id="invocations alone"),
    ],
)
def test_seven_dollars_a_day_buy_so_many_requests(gb_s: Decimal, requests: int) -> None:
    assert requests_per_day(usd=7, gb_s_per_request=gb_s, prices=PRICES) == requests


@given(MONEY, GB_S, st.integers(1, 50))
def test_what_is_bought_can_be_paid_and_one_more_cannot(usd: Decimal, gb_s: Decimal, invocations: int) -> None:
    bought = requests_per_day(usd=usd, gb_s_per_request=gb_s, prices=PRICES, invocations_per_request=invocations)

    def cost(requests: int) -> Decimal:
        return usd_per_day(requests=requests, gb_s_per_request=gb_s, prices=PRICES, invocations_per_request=invocations)

    assert cost(bought) <= usd + Decimal("1e-15")
    assert cost(bought + 1) > usd - Decimal("1e-15")


@given(MONEY, st.integers(1, 10**7), st.fractions(min_value=0, max_value=50, max_denominator=40))
def test_inverting_twice_gives_the_start(usd: Decimal, requests: int, invocations: Fraction) -> None:
    allowed = gb_s_per_request(usd=usd, requests=requests, prices=PRICES, invocations_per_request=invocations)
    if allowed < 0:
        return
    again = usd_per_day(requests=requests, gb_s_per_request=allowed, prices=PRICES, invocations_per_request=invocations)
    assert abs(again - usd) < Decimal("1e-12")


@given(MONEY, st.integers(1, 10**7), st.integers(1, 10**7))
def test_more_requests_leave_less_for_each(usd: Decimal, one: int, other: int) -> None:
    few, many = sorted((one, other))
    assert gb_s_per_request(usd=usd, requests=few, prices=PRICES) >= gb_s_per_request(
        usd=usd, requests=many, prices=PRICES
    )


def test_crossing_a_border_of_tiers_is_continuous() -> None:
    border = Decimal(6_000_000_000) * 12 / 365
    at = usd_per_day(requests=1, gb_s_per_request=border, prices=PRICES, invocations_per_request=0)
    beyond = usd_per_day(requests=1, gb_s_per_request=border + 1, prices=PRICES, invocations_per_request=0)
    assert beyond - at == Decimal("0.000015")
    assert abs(
        gb_s_per_request(usd=beyond, requests=1, prices=PRICES, invocations_per_request=0) - border - 1
    ) < Decimal("1e-9")


def test_invocations_that_cost_more_than_the_budget_leave_less_than_nothing() -> None:
    assert gb_s_per_request(usd=Decimal("0.0001"), requests=1000, prices=PRICES) < 0


@pytest.mark.parametrize(
    ("needed", "fits"),
    [
        pytest.param("139.98", True, id="just below what is allowed"),
        pytest.param("139.99", False, id="just above what is allowed"),
        pytest.param(None, None, id="not known"),
    ],
)
def test_a_request_is_held_against_what_the_budget_leaves(needed: str | None, fits: bool | None) -> None:
    verdict = hold(
        Budget(usd_per_day=Decimal(7), requests_per_day=3000),
        needed=None if needed is None else Decimal(needed),
        invocations_per_request=1,
        prices=PRICES,
    )
    assert verdict.fits is fits
    assert round(verdict.allowed_gb_s_per_request, 3) == Decimal("139.988")
    if verdict.share is not None:
        assert (verdict.share <= 1) is fits
        assert ((verdict.requests_bought or 0) >= 3000) is fits


@pytest.mark.parametrize("wrong", [Decimal(-1), Decimal("NaN"), Decimal("Infinity")])
def test_an_amount_is_a_number_from_0(wrong: Decimal) -> None:
    with pytest.raises(ValueError, match="expected"):
        requests_per_day(usd=wrong, gb_s_per_request=1, prices=PRICES)
    with pytest.raises(ValueError, match="expected"):
        gb_s_per_request(usd=1, requests=wrong, prices=PRICES)
    with pytest.raises(ValueError, match="expected"):
        usd_per_day(requests=1, gb_s_per_request=wrong, prices=PRICES)
    with pytest.raises(ValueError, match="expected"):
        Budget(usd_per_day=wrong, requests_per_day=1)


def test_a_request_that_costs_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="costs nothing"):
        requests_per_day(usd=7, gb_s_per_request=0, prices=PRICES, invocations_per_request=0)


def test_a_budget_is_for_at_least_one_request() -> None:
    with pytest.raises(ValueError, match="requests_per_day is 0"):
        Budget(usd_per_day=Decimal(7), requests_per_day=0)
