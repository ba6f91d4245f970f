"""A budget solved: the article's figures, and that whichever is unknown, solving twice leads back to the start."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from profiler.errors import FactsError, UsageError
from profiler.facts import LambdaPrices, Tier, load
from profiler.pricing.budgeting import uses_of
from profiler.pricing.equation import gb_s_left, requests_bought
from profiler.pricing.inversion import usd_of
from profiler.pricing.shares import Where
from profiler.pricing.solution import Rates, Unknown
from profiler.pricing.solving import _rates, budget

FACTS = load(services=("lambda",))


def rates(*, free_tier: bool, arch: str = "x86_64") -> Rates:
    """Lambda's prices in us-east-1."""
    return _rates(FACTS, Where(region="us-east-1", arch=arch, free_tier=free_tier, instance_type=None))[0]


MONEY = st.fractions(min_value=Fraction(1, 100), max_value=10**6, max_denominator=1000)
REQUESTS = st.fractions(min_value=Fraction(1, 10), max_value=10**9, max_denominator=100)
GB_S = st.fractions(min_value=Fraction(1, 1000), max_value=5000, max_denominator=1000)
INVOCATIONS = st.fractions(min_value=Fraction(1, 50), max_value=100, max_denominator=50)
RATES = st.builds(rates, free_tier=st.booleans(), arch=st.sampled_from(["x86_64", "arm64"]))


def cost(requests: Fraction, gb_s: Fraction, invocations: Fraction, known: Rates) -> Fraction:
    """What so many requests a month cost in a month."""
    return usd_of(requests, uses_of(gb_s, invocations, known.prices))


# --- the article's figures ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gb_s", "requests"),
    [
        pytest.param("0.125", 3_065_687, id="the smallest of the table"),
        pytest.param("1", 415_018, id="one GB-second"),
        pytest.param("128", 3280, id="the published row"),
        pytest.param("1024", 410, id="the largest of the table"),
    ],
)
def test_seven_dollars_a_day_buy_so_many_requests(gb_s: str, requests: int) -> None:
    rows = {row.gb_s_per_request: row.requests_per_day for row in budget(dollars_per_day=7).rows}
    assert rows[Decimal(gb_s)] == requests


def test_the_table_goes_up_in_powers_of_two() -> None:
    sizes = [row.gb_s_per_request for row in budget(dollars_per_day=7).rows]
    assert (sizes[0], sizes[-1], len(sizes)) == (Decimal("0.125"), 1024, 14)
    assert {after / before for before, after in pairwise(sizes)} == {2}


def test_forty_customers_make_three_thousand_requests_of_140_gb_seconds() -> None:
    found = budget(dollars_per_day=7, customers=40, trainings_per_customer=1, predictions_per_customer=74)
    assert found.target.requests_per_day == 3000
    assert found.solved is not None
    assert found.solved.unknown is Unknown.GB_SECONDS
    assert round(found.solved.gb_s_per_request or 0, 3) == Decimal("139.988")


def test_pairs_are_sizes_and_seconds_of_the_same_gb_seconds() -> None:
    pairs = {pair.memory_mib: pair for pair in budget(dollars_per_day=7, requests_per_day=3000).pairs}
    assert {size: round(pair.seconds, 1) for size, pair in pairs.items()} == {
        128: Decimal("1119.9"),
        256: Decimal("560.0"),
        512: Decimal("280.0"),
        1024: Decimal("140.0"),
        1769: Decimal("81.0"),
        3538: Decimal("40.5"),
        5120: Decimal("28.0"),
        10_240: Decimal("14.0"),
    }
    assert [size for size, pair in pairs.items() if pair.too_long] == [128]
    assert pairs[1769].vcpus == 1


@pytest.mark.parametrize(
    ("gb_s", "too_long"),
    [pytest.param("112.5", False, id="900 s"), pytest.param("112.500001", True, id="a moment more")],
)
def test_an_invocation_of_128_mb_may_take_900_s(gb_s: str, too_long: bool) -> None:
    pair = budget(requests_per_day=1, gb_s_per_request=gb_s).pairs[0]
    assert (pair.memory_mib, pair.too_long) == (128, too_long)


def test_several_invocations_share_the_seconds_of_a_request() -> None:
    one, four = (budget(requests_per_day=1, gb_s_per_request=8, invocations_per_request=n).pairs[3] for n in (1, 4))
    assert (one.memory_mib, one.seconds, four.seconds) == (1024, 8, 2)


def test_a_month_is_365_twelfths_of_a_day() -> None:
    day, month = budget(dollars_per_day=12), budget(dollars_per_month=365)
    assert day.rows == month.rows


@pytest.mark.parametrize(
    ("usd", "fits"),
    [
        pytest.param("6.4005", False, id="not quite"),
        pytest.param("6.4006128", True, id="to the last digit"),
        pytest.param("7", True, id="with room"),
    ],
)
def test_all_three_say_whether_the_dollars_do(usd: str, fits: bool) -> None:
    solved = budget(dollars_per_day=usd, requests_per_day=3000, gb_s_per_request=128).solved
    assert solved is not None
    assert (solved.unknown, solved.fits) == (Unknown.NOTHING, fits)
    assert solved.usd_per_day is not None
    assert round(solved.usd_per_day, 10) == Decimal("6.4006128000")
    assert solved.share is not None
    assert (solved.share <= 1) is fits


def test_invocations_that_cost_more_than_the_dollars_leave_no_gb_seconds() -> None:
    found = budget(dollars_per_day="0.0001", requests_per_day=3000)
    assert found.solved is not None
    assert (found.solved.gb_s_per_request, found.solved.fits, found.pairs) == (None, False, ())


def test_customers_that_pay_leave_a_margin() -> None:
    margin = budget(
        dollars_per_month=200, customers=40, predictions_per_customer=75, price_per_customer=20, region="us-east-1"
    ).margin
    assert margin is not None
    assert (margin.revenue_usd, margin.cost_usd, margin.margin_usd) == (800, 200, 600)
    assert margin.share == Decimal("0.75")


def test_the_margin_is_of_what_the_requests_cost_where_that_is_known() -> None:
    asked: dict[str, Any] = {"customers": 40, "predictions_per_customer": 75, "price_per_customer": 1}
    needed = budget(gb_s_per_request=128, **asked)
    with_target = budget(dollars_per_day=7, gb_s_per_request=128, **asked)
    assert needed.margin == with_target.margin
    assert needed.margin is not None
    assert needed.margin.margin_usd < 0, "a loss"


def test_the_free_tier_alone_buys_requests() -> None:
    without, taken = (
        budget(dollars_per_month="0.01", gb_s_per_request=1, free_tier=free).solved for free in (False, True)
    )
    assert without is not None
    assert taken is not None
    assert without.requests_per_month == 592
    assert taken.requests_per_month == 400_000 + 599, "within a million invocations only GB-seconds cost"


def test_the_date_is_that_of_the_oldest_price() -> None:
    assert str(budget(dollars_per_day=7).prices_date) == "2026-09-19"


# --- whichever is unknown -------------------------------------------------------------------------------------------


@given(MONEY, GB_S, INVOCATIONS, RATES)
def test_requests_lead_back_to_the_dollars(usd: Fraction, gb_s: Fraction, invocations: Fraction, known: Rates) -> None:
    requests = requests_bought(usd, gb_s, invocations, known)
    assert cost(requests, gb_s, invocations, known) == usd
    again = gb_s_left(usd, requests, invocations, known)
    assert again == gb_s or (again is not None and again > gb_s and known.prices.gb_seconds[0].usd == 0)  # Free ones.


@given(MONEY, REQUESTS, INVOCATIONS, RATES)
def test_gb_seconds_lead_back_to_the_dollars(
    usd: Fraction, requests: Fraction, invocations: Fraction, known: Rates
) -> None:
    gb_s = gb_s_left(usd, requests, invocations, known)
    assume(gb_s is not None)
    assert gb_s is not None
    assert cost(requests, gb_s, invocations, known) == usd
    assert requests_bought(usd, gb_s, invocations, known) == requests


@given(REQUESTS, GB_S, INVOCATIONS, RATES)
def test_dollars_lead_back_to_both(requests: Fraction, gb_s: Fraction, invocations: Fraction, known: Rates) -> None:
    usd = cost(requests, gb_s, invocations, known)
    assume(usd > 0)  # Within the free tier many numbers cost the same nothing.
    assert requests_bought(usd, gb_s, invocations, known) == requests
    again = gb_s_left(usd, requests, invocations, known)
    assert again is not None
    assert cost(requests, again, invocations, known) == usd


@given(REQUESTS, REQUESTS, GB_S, INVOCATIONS, RATES)
def test_more_requests_never_cost_less(
    one: Fraction, other: Fraction, gb_s: Fraction, invocations: Fraction, known: Rates
) -> None:
    few, many = sorted((one, other))
    assert cost(few, gb_s, invocations, known) <= cost(many, gb_s, invocations, known)


@given(GB_S, RATES, st.integers(0, 3))
def test_crossing_a_border_of_tiers_is_continuous(gb_s: Fraction, known: Rates, place: int) -> None:
    border = Fraction(known.prices.gb_seconds[place % len(known.prices.gb_seconds)].from_quantity) / gb_s
    step = Fraction(1, 10**12)
    below, beyond = (cost(max(border + side, Fraction(0)), gb_s, Fraction(1), known) for side in (-step, step))
    assert 0 <= beyond - below <= 2 * step * (gb_s * Fraction("0.0000166667") + Fraction("0.0000002"))


@given(MONEY, GB_S, INVOCATIONS)
def test_the_free_tier_never_buys_less(usd: Fraction, gb_s: Fraction, invocations: Fraction) -> None:
    without, taken = (requests_bought(usd, gb_s, invocations, rates(free_tier=free)) for free in (False, True))
    assert without < taken


@given(st.decimals(min_value=Decimal("0.01"), max_value=10**5, places=2), st.integers(1, 10**6))
def test_what_a_row_buys_can_be_paid_and_one_more_cannot(usd: Decimal, gb_s: int) -> None:
    solved = budget(dollars_per_day=usd, gb_s_per_request=gb_s).solved
    assert solved is not None
    assert solved.requests_per_day is not None
    for more, paid in ((0, True), (1, False)):
        number = solved.requests_per_day + more
        assume(number)
        held = budget(dollars_per_day=usd, gb_s_per_request=gb_s, requests_per_day=number).solved
        assert held is not None
        assert held.fits is paid


def test_prices_of_nothing_buy_any_number() -> None:
    nothing = (Tier(from_quantity=Decimal(0), usd=Decimal(0)),)
    free = Rates(
        prices=LambdaPrices(gb_seconds=nothing, requests=nothing, date=date(2026, 11, 24)),
        min_memory_mib=128,
        max_memory_mib=10_240,
        mib_per_vcpu=1769,
        max_duration_s=900,
    )
    with pytest.raises(UsageError, match="costs nothing, so any number"):
        requests_bought(Fraction(7), Fraction(1), Fraction(1), free)
    with pytest.raises(UsageError, match="costs nothing, so a request may use any"):
        gb_s_left(Fraction(7), Fraction(1), Fraction(1), free)


# --- what means nothing ---------------------------------------------------------------------------------------------

DOLLARS: dict[str, Any] = {"dollars_per_day": 7}


@pytest.mark.parametrize(
    "value",
    [
        -1,
        0,
        "0",
        float("nan"),
        float("inf"),
        "1e400",
        Decimal("1e-400"),
        "3,000",
        "3_000",
        "7USD",
        "",
        True,
        10**16,
        [],
    ],
)
@pytest.mark.parametrize(
    "name", ["dollars_per_day", "requests_per_day", "gb_s_per_request", "invocations_per_request", "price_per_customer"]
)
def test_a_number_is_one_above_0(name: str, value: object) -> None:
    asked = {"dollars_per_day": 7, name: value}
    if name == "price_per_customer":
        asked |= {"customers": 1, "predictions_per_customer": 1}
    with pytest.raises(UsageError, match=f"{name} (is|has) .*expected"):
        budget(**asked)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param({}, "nothing is known", id="nothing"),
        pytest.param({"requests_per_day": 3000}, "only the requests are known", id="only requests"),
        pytest.param({"gb_s_per_request": 1}, "only the GB-seconds are known", id="only GB-seconds"),
        pytest.param({**DOLLARS, "dollars_per_month": 213}, "dollars are given per day and per month", id="twice"),
        pytest.param(
            {"requests_per_day": 1, "requests_per_month": 1}, "requests are given per day and", id="twice too"
        ),
        pytest.param({**DOLLARS, "requests_per_day": "2.5"}, "expected a whole number", id="half a request"),
        pytest.param({**DOLLARS, "customers": 40}, "customers alone make no requests", id="customers alone"),
        pytest.param({**DOLLARS, "price_per_customer": 1}, "needs the number of customers", id="a price alone"),
        pytest.param({**DOLLARS, "trainings_per_customer": 1}, "needs the number of customers", id="trainings alone"),
        pytest.param(
            {**DOLLARS, "customers": 1, "predictions_per_customer": 1, "requests_per_day": 1},
            "follow from customers as well",
            id="requests twice",
        ),
        pytest.param(
            {**DOLLARS, "customers": 4, "predictions_per_customer": "0.1"},
            "come to 0.4 requests a day; expected at least 1",
            id="not one request",
        ),
        pytest.param(
            {**DOLLARS, "customers": 4, "predictions_per_customer": 0}, "come to 0 requests a day", id="no request"
        ),
        pytest.param({**DOLLARS, "arch": "x86"}, "architecture 'x86' is unknown", id="architecture"),
        pytest.param({**DOLLARS, "region": "us-est-1"}, "region 'us-est-1' is unknown", id="region"),
        pytest.param({**DOLLARS, "instance_type": "t3.large"}, "only for a share of ec2", id="a machine for nothing"),
    ],
)
def test_what_does_not_go_together_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        budget(**asked)


def test_a_column_of_a_table_can_be_asked_for() -> None:
    column = budget(dollars_per_day=7, gb_s_per_request=numpy.array([1.0, 128.0]))
    assert column == budget(dollars_per_day=7, gb_s_per_request=(1, 128))


def test_a_single_customer_is_one_and_no_training_is_a_number_too() -> None:
    with pytest.raises(UsageError, match=r"^1 customer × \(0\.5 trainings \+ 0 predictions\) a day come to 0\.5"):
        budget(dollars_per_day=7, customers=1, trainings_per_customer=0.5, predictions_per_customer="0.0")
    with pytest.raises(UsageError, match="trainings_per_customer is -1; expected a number from 0"):
        budget(dollars_per_day=7, customers=1, trainings_per_customer=-1)


def test_the_near_ones_of_what_is_unknown_are_named() -> None:
    with pytest.raises(UsageError) as caught:
        budget(dollars_per_day=7, region="us-est-1")
    assert caught.value.hint is not None
    assert "us-east-1" in caught.value.hint


def test_a_region_without_a_price_borrows_none() -> None:
    with pytest.raises(FactsError, match=r"no price of lambda.requests .*in region 'af-south-1'"):
        budget(dollars_per_day=7, region="af-south-1")
