"""The bill of a month: each part of a quantity at the price of its tier, exactly; and amounts that mean nothing."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import profiler
from profiler.errors import FactsError, UsageError
from profiler.facts import load
from profiler.pricing.amounts import LARGEST, exact_amount, is_counted
from profiler.pricing.billing import Bill, bill
from profiler.pricing.tariffs import MACHINE_HOURS, quantities_of, tariff_of

FACTS = load()
MACHINE = "t3.2xlarge"
QUANTITIES = quantities_of(FACTS)

names = st.sampled_from(QUANTITIES)
amounts = st.integers(1, 10**12)
months = st.dictionaries(names, amounts, min_size=1, max_size=6)


def month(quantities: dict[str, Any], **asked: Any) -> Bill:
    """A bill of quantities, with a type for machines where one is needed."""
    machine = {"instance_type": MACHINE} if MACHINE_HOURS in quantities else {}
    return bill(quantities, facts=FACTS, **{**machine, **asked})


def usd(quantities: dict[str, Any], **asked: Any) -> Fraction:
    return Fraction(month(quantities, **asked).total_usd)


# --- properties -----------------------------------------------------------------------------------------------------


@given(months, st.booleans())
def test_the_lines_add_up_to_the_total(quantities: dict[str, int], free: bool) -> None:
    found = month(quantities, free_tier=free)
    assert Fraction(found.total_usd) == sum(Fraction(line.usd) for line in found.lines)


@given(months, st.booleans())
def test_the_parts_of_a_quantity_add_up_to_it(quantities: dict[str, int], free: bool) -> None:
    found = month(quantities, free_tier=free)
    for name, amount in quantities.items():
        assert sum(Fraction(line.amount) for line in found.lines if line.quantity == name) == amount


@given(months, st.booleans())
def test_a_line_is_its_amount_times_its_price(quantities: dict[str, int], free: bool) -> None:
    for line in month(quantities, free_tier=free).lines:
        assert Fraction(line.usd) == Fraction(line.amount) * Fraction(line.unit_price_usd)


@given(names, amounts, amounts, st.booleans())
def test_more_never_costs_less(name: str, one: int, other: int, free: bool) -> None:
    less, more = sorted((one, other))
    assert usd({name: less}, free_tier=free) <= usd({name: more}, free_tier=free)


@given(months)
def test_the_free_tier_makes_no_bill_negative_or_larger(quantities: dict[str, int]) -> None:
    assert 0 <= usd(quantities, free_tier=True) <= usd(quantities)


@given(months)
def test_a_bill_is_the_sum_of_the_bills_of_its_quantities(quantities: dict[str, int]) -> None:
    assert usd(quantities) == sum(usd({name: amount}) for name, amount in quantities.items())


BORDERS = [
    pytest.param(name, int(tier.from_quantity), free, id=f"{name} from {tier.from_quantity}{' free' * free}")
    for name in QUANTITIES
    for free in (False, True)
    for tier in tariff_of(FACTS, name, free_tier=free, instance_type=MACHINE).tiers[1:]
]


@pytest.mark.parametrize(("name", "border", "free"), BORDERS)
def test_crossing_a_border_is_continuous(name: str, border: int, free: bool) -> None:
    """One more costs the price of one: that of the tier below up to the border, that of the tier above behind it."""
    below, at, above = (usd({name: border + step}, free_tier=free) for step in (-1, 0, 1))
    tiers = tariff_of(FACTS, name, free_tier=free, instance_type=MACHINE).tiers
    place = next(place for place, tier in enumerate(tiers) if tier.from_quantity == border)
    assert at - below == Fraction(tiers[place - 1].usd)
    assert above - at == Fraction(tiers[place].usd)


def test_there_are_borders_to_cross() -> None:
    assert len(BORDERS) > 10


# --- lines ----------------------------------------------------------------------------------------------------------


def test_requests_and_three_tiers_are_four_lines() -> None:
    found = month({"lambda.gb_seconds": "61440000000", "lambda.requests": "15000000000"})
    assert [(line.quantity, line.tier, str(line.amount), str(line.usd)) for line in found.lines] == [
        ("lambda.gb_seconds", "1 of 3", "6000000000", "100000.2"),
        ("lambda.gb_seconds", "2 of 3", "9000000000", "135000"),
        ("lambda.gb_seconds", "3 of 3", "46440000000", "619203.096"),
        ("lambda.requests", "1", "15000000000", "3000"),
    ]
    assert str(found.total_usd) == "857203.296"


def test_what_is_free_is_a_line_of_its_own() -> None:
    lines = month({"lambda.requests": 1_000_001, "s3.get_requests": 5}, free_tier=True).lines
    assert [(line.tier, str(line.amount), str(line.usd)) for line in lines] == [
        ("free", "1000000", "0"),
        ("1", "1", "2E-7"),
        ("1", "5", "0.000002"),
    ]


def test_all_may_be_free() -> None:
    assert month({"lambda.requests": 1_000_000}, free_tier=True).total_usd == 0


def test_an_architecture_has_tiers_of_its_own() -> None:
    (line,) = month({"lambda.gb_seconds": 7_000_000_000}, arch="arm64").lines
    assert (line.tier, str(line.unit_price_usd)) == ("1 of 3", "0.0000133334")


def test_a_price_brings_where_it_is_from() -> None:
    (line,) = month({"lambda.requests": 1}).lines
    assert (line.service, line.unit, line.dated, line.retrieved) == ("lambda", "invocation", "2026-09-19", "2026-11-23")
    assert (line.confidence, line.yours) == ("high", False)
    assert line.source.startswith("AWS Price List API")


def test_where_only_the_first_tier_is_known_the_bill_says_so() -> None:
    assert month({"lambda.gb_seconds": 6_000_000_000}, region="eu-west-1").remarks == ()
    (remark,) = month({"lambda.gb_seconds": 6_000_000_001}, region="eu-west-1").remarks
    assert "Only the first tier of lambda.gb_seconds is known in eu-west-1" in remark


def test_what_is_unsettled_is_said_of_what_it_is_about() -> None:
    assert any("TB is 10^12 or 2^40" in remark for remark in month({"athena.scanned_tb": 1}).remarks)
    assert any("Beyond 50 TB" in remark for remark in month({"s3.storage_gb_months": 1}).remarks)
    assert month({"s3.put_requests": 1, "lambda.requests": 1}).remarks == ()


# --- what goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", QUANTITIES)
def test_a_price_is_never_borrowed_from_another_region(name: str) -> None:
    with pytest.raises(FactsError, match="is known in region 'us-est-1'") as caught:
        month({name: 1}, region="us-est-1")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("known in: us-east-1")


def test_the_regions_of_another_architecture_do_not_count() -> None:
    with pytest.raises(FactsError, match=r"lambda\.gb_seconds on arm64 is known in region 'eu-west-1'") as caught:
        month({"lambda.gb_seconds": 1}, region="eu-west-1", arch="arm64")
    assert caught.value.hint == "known in: us-east-1, ap-northeast-1; --prices FILE can name yours"


def test_all_mistakes_are_told_at_once_each_with_its_hint() -> None:
    with pytest.raises(UsageError) as caught:
        bill({"lamda.requests": 1, "lambda.requests": 0, "ec2.hours": 1}, facts=FACTS)
    unknown, nothing, machine = caught.value.problems
    assert unknown == "quantity 'lamda.requests' is unknown; did you mean lambda.requests?"
    assert nothing.startswith("lambda.requests is 0; expected a whole number above 0")
    assert machine.startswith("ec2.hours needs --instance-type TYPE; known: t3.large, ")


def test_a_single_mistake_keeps_its_hint() -> None:
    with pytest.raises(UsageError) as caught:
        bill({"s3.puts": 1}, facts=FACTS)
    assert caught.value.hint == "known of that service: s3.get_requests, s3.put_requests, s3.storage_gb_months"


# --- amounts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "exact"),
    [
        pytest.param("15000000000", 15 * 10**9, id="digits"),
        pytest.param("1.5e10", 15 * 10**9, id="an exponent"),
        pytest.param("0.1", Fraction(1, 10), id="a tenth"),
        pytest.param(".5", Fraction(1, 2), id="no digit before the point"),
        pytest.param(" 7 ", 7, id="spaces around"),
        pytest.param("1e-18", Fraction(1, 10**18), id="the least"),
        pytest.param("1e15", 10**15, id="the most"),
        pytest.param(0.1, Fraction(1, 10), id="a float as it is written"),
        pytest.param(Decimal("0.1"), Fraction(1, 10), id="a decimal"),
        pytest.param(Fraction(1, 3), Fraction(1, 3), id="a fraction"),
        pytest.param(np.int64(3), 3, id="a sum over a table's column"),
        pytest.param(np.float64(0.1), Fraction(1, 10), id="a mean over a table's column"),
    ],
)
def test_an_amount_is_taken_to_the_digit(amount: Any, exact: Fraction) -> None:
    assert exact_amount(amount, "hour", of="ec2.hours") == exact


@pytest.mark.parametrize(
    ("amount", "problem"),
    [
        pytest.param("-5", "is '-5'; expected a whole number above 0", id="negative"),
        pytest.param("0", "is '0'; expected a whole number above 0", id="zero"),
        pytest.param("0e99999999999999999999", "is '0e99999999999999999999'; expected", id="zero of a kind"),
        pytest.param("NaN", "is 'NaN'; expected a whole number above 0, in plain digits", id="not a number"),
        pytest.param("inf", "is 'inf'; expected a whole number above 0, in plain digits", id="infinite"),
        pytest.param("1e400", "and at most 1,000,000,000,000,000", id="beyond all floats"),
        pytest.param("1e999999999", "and at most 1,000,000,000,000,000", id="too large to write out"),
        pytest.param("1e99999999999999999999", "in plain digits", id="beyond all decimals"),
        pytest.param("1e-400", "and not below 1e-18", id="below all floats"),
        pytest.param("1e-999999999", "and not below 1e-18", id="too small to write out"),
        pytest.param("1,000", "in plain digits, without separators or a unit", id="commas"),
        pytest.param("1_000", "in plain digits, without separators or a unit", id="underscores"),
        pytest.param("1 000", "in plain digits, without separators or a unit", id="spaces"),
        pytest.param("5GB", "in plain digits, without separators or a unit", id="a unit"),
        pytest.param("$5", "in plain digits, without separators or a unit", id="a currency"),
        pytest.param("\uff15", "in plain digits, without separators or a unit", id="full-width digits"),
        pytest.param("\u0665", "in plain digits, without separators or a unit", id="Arabic digits"),
        pytest.param("0x10", "in plain digits, without separators or a unit", id="hexadecimal"),
        pytest.param("1/3", "in plain digits, without separators or a unit", id="a fraction as text"),
        pytest.param("many", "is 'many'; expected a whole number above 0, in plain digits", id="a word"),
        pytest.param("", "has no amount; expected a whole number above 0", id="empty"),
        pytest.param("  ", "has no amount; expected a whole number above 0", id="blank"),
        pytest.param("1.5", "expected a whole number above 0: there is no part of one invocation", id="a part"),
        pytest.param("1" * 5000, f"is '{'1' * 39}…; expected", id="very many digits"),
        pytest.param("0." + "1" * 5000, "with at most 60 decimals", id="very many decimals"),
        pytest.param(10**5000, "is far too large; expected", id="a whole number that Python does not write"),
        pytest.param(-3, "is -3; expected", id="a negative number"),
        pytest.param(float("nan"), "is nan; expected", id="a float that is none"),
        pytest.param(float("inf"), "is inf; expected", id="a float without end"),
        pytest.param(Decimal("sNaN"), "is sNaN; expected", id="a decimal that signals"),
        pytest.param(True, "is True; expected", id="a yes"),
        pytest.param(None, "is None; expected", id="nothing"),
        pytest.param([5], r"is \[5\]; expected", id="a list"),
        pytest.param("a\nb\x1b[31m", r"is 'a\\nb\\x1b\[31m'; expected", id="what steers a terminal"),
    ],
)
def test_an_amount_that_means_nothing_is_refused(amount: Any, problem: str) -> None:
    with pytest.raises(UsageError, match=r"^lambda\.requests ") as caught:
        exact_amount(amount, "invocation", of="lambda.requests")
    assert problem.replace("\\", "") in caught.value.message.replace("\\", "")


@given(st.text(max_size=30))
def test_text_is_an_amount_or_an_error_that_says_so(text: str) -> None:
    problem, amount = "", Fraction(1)
    try:
        amount = exact_amount(text, "hour", of="ec2.hours")
    except UsageError as error:
        problem = error.message
    assert 0 < amount <= LARGEST
    assert not problem or (problem.startswith("ec2.hours ") and problem.isprintable())


def test_what_is_measured_has_parts_and_what_is_counted_has_none() -> None:
    units = {price.unit for price in FACTS.prices}
    assert {unit for unit in units if not is_counted(unit)} == {
        "GB", "GB-hour", "GB-month", "GB-second", "TB", "hour", "vCPU-hour",
    }  # fmt: skip


# --- from Python ----------------------------------------------------------------------------------------------------


@given(months)
def test_only_the_services_that_are_needed_are_read_and_it_is_the_same_bill(quantities: dict[str, int]) -> None:
    machine = MACHINE if MACHINE_HOURS in quantities else None
    assert profiler.bill(quantities, instance_type=machine) == month(quantities)


def test_a_hint_names_quantities_of_services_that_were_not_asked_for() -> None:
    with pytest.raises(UsageError) as caught:
        profiler.bill({"lambda.put_requests": 1})
    assert "s3.put_requests" in (caught.value.hint or "")


def test_nothing_to_bill_lists_what_there_is() -> None:
    with pytest.raises(UsageError, match="there is nothing to bill") as caught:
        profiler.bill({})
    assert set(QUANTITIES) <= set((caught.value.hint or "").replace(",", "").split())


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"quantities": "lambda.requests=1"}, id="a text"),
        pytest.param({"quantities": None}, id="nothing"),
        pytest.param({"quantities": {5: 1}}, id="a name that is none"),
        pytest.param({"quantities": {"lambda.requests": 1}, "arch": None}, id="no architecture"),
        pytest.param({"quantities": {MACHINE_HOURS: 1}, "instance_type": ["t3.large"]}, id="a list of machines"),
    ],
)
def test_a_slip_in_a_notebook_is_told_as_one(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"unknown|known$|expected|nothing"):
        profiler.bill(**wrong)


def test_a_number_of_another_library_is_one() -> None:
    assert exact_amount(np.float32(0.1), "hour", of="ec2.hours") == Fraction(1, 10)
    assert exact_amount(np.int64(3), "invocation", of="lambda.requests") == 3
    with pytest.raises(UsageError, match="expected a number above 0"):
        exact_amount(np.array([1, 2]), "hour", of="ec2.hours")  # type: ignore[arg-type]
