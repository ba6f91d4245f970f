"""What is read from AWS's price list, and what is left alone: through boto3's own client and its stubbed answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from profiler.errors import PriceListError
from profiler.facts import Confidence, load
from profiler.refresh import Fetched, fetch
from profiler.refresh.catalogue import rules_for
from tests.price_list import EXPECTED, MACHINE, TODAY, as_told, page, product, some_facts, us_east_1


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return boto3.client("pricing", region_name="us-east-1", aws_access_key_id="A", aws_secret_access_key="B")


@pytest.fixture
def stub(client: Any) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def ask(client: Any, *quantities: str, region: str = "us-east-1") -> Fetched:
    return fetch(client, facts=some_facts(*quantities), region=region, today=TODAY)


def answer(stub: Stubber, *products: dict[str, Any]) -> None:
    stub.add_response("get_products", page(*products))


def left_out(fetched: Fetched) -> str:
    """The reason why the only quantity that was asked for is left out."""
    assert fetched.prices == ()
    (left,) = fetched.left_out
    return left.reason


def query(offer: str, region: str, **asked: str) -> dict[str, Any]:
    filters = {"regionCode": region, **asked}
    return {
        "ServiceCode": offer,
        "Filters": [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in filters.items()],
        "FormatVersion": "aws_v1",
        "MaxResults": 100,
    }


def test_every_quantity_is_found_among_its_neighbours(client: Any, stub: Stubber) -> None:
    """Each offer is asked for once; only EC2, which has a hundred thousand products, is asked for single ones."""
    products = us_east_1()
    asked: dict[str, dict[str, str]] = {
        offer: {}
        for offer in ("AWSLambda", "AmazonStates", "AWSEvents", "AmazonDynamoDB", "AmazonS3", "AmazonCloudWatch",
                      "AmazonAthena", "AmazonECR", "AmazonECS")
    }  # fmt: skip
    for offer in asked:
        found = [item for item in products if item["serviceCode"] == offer]
        stub.add_response("get_products", page(*found), query(offer, "us-east-1"))
    machines = [item for item in products if item["serviceCode"] == "AmazonEC2"]
    stub.add_response("get_products", page(*machines), query("AmazonEC2", "us-east-1", **MACHINE))
    stub.add_response("get_products", page(*machines), query("AmazonEC2", "us-east-1", productFamily="CPU Credits"))
    fetched = ask(client)
    assert dict(as_told(price) for price in fetched.prices) == EXPECTED
    assert fetched.left_out == ()


def test_every_price_of_the_facts_has_a_rule_in_its_unit() -> None:
    assert [f"{price.service}.{price.name}, {price.unit}" for price in load().prices if not rules_for(price)] == []


def test_a_price_says_where_and_when_it_is_from_and_keeps_what_the_facts_say_of_the_thing(
    client: Any, stub: Stubber
) -> None:
    answer(
        stub, product("AmazonEC2", "EU-BoxUsage:t3.2xlarge", "0.3648", "Hrs", region="eu-west-1", sku="ABC", **MACHINE)
    )
    (price,) = ask(client, "ec2.t3.2xlarge x86_64", region="eu-west-1").prices
    assert price.regions == ("eu-west-1",)
    assert (price.unit, price.about, price.attributes) == ("hour", "One of them", {"vcpus": 8, "memory_mib": 32768})
    assert price.origin.source == "AWS Price List API, offer AmazonEC2, version 20260919170102, SKU ABC"
    assert (str(price.origin.dated), price.origin.retrieved) == ("2026-09-19", TODAY)
    assert price.origin.confidence is Confidence.HIGH


@pytest.mark.parametrize(
    ("region", "usage"),
    [
        ("us-east-1", "DataScannedInTB"),
        ("us-east-1", "USE1-DataScannedInTB"),
        ("eu-west-1", "EU-DataScannedInTB"),
        ("eu-west-2", "EUW2-DataScannedInTB"),
        ("ap-northeast-1", "APN1-DataScannedInTB"),
    ],
)
def test_a_region_may_stand_before_a_usage_type_or_not(client: Any, stub: Stubber, region: str, usage: str) -> None:
    answer(stub, product("AmazonAthena", usage, "5", "Terabytes", region=region))
    assert [as_told(price)[1] for price in ask(client, "athena.scanned_tb", region=region).prices] == ["0:5"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"usage": "USE1-DataScannedInTB-Capacity"}, id="a longer name"),
        pytest.param({"usage": "IA-DataScannedInTB"}, id="other letters before it"),
        pytest.param({"usage": "USE1-USW2-DataScannedInTB"}, id="two regions before it"),
        pytest.param({"usage": "usE1-DataScannedInTB"}, id="other capitals"),
        pytest.param({"usage": "Global-DataScannedInTB"}, id="a free tier by its usage type"),
        pytest.param({"location": "Any"}, id="a free tier by its location"),
        pytest.param({"region": "us-west-2"}, id="another region"),
    ],
)  # fmt: skip
def test_what_is_only_similar_is_not_taken(client: Any, stub: Stubber, other: dict[str, str]) -> None:
    usage = other.pop("usage", "USE1-DataScannedInTB")
    answer(stub, product("AmazonAthena", usage, "1", "Terabytes", **other))
    assert left_out(ask(client, "athena.scanned_tb")) == "not found in the price list"


@pytest.mark.parametrize("group", ["AWS-Lambda-Duration-Provisioned", "AWS-Lambda-Edge-Duration", "", None])
def test_a_group_is_matched_to_the_letter(client: Any, stub: Stubber, group: str | None) -> None:
    attributes = {} if group is None else {"group": group}
    answer(stub, product("AWSLambda", "Lambda-GB-Second", "1", "Lambda-GB-Second", **attributes))
    assert left_out(ask(client, "lambda.gb_seconds x86_64")) == "not found in the price list"


def test_products_of_different_prices_are_ambiguous(client: Any, stub: Stubber) -> None:
    answer(
        stub,
        product("AmazonECR", "TimedStorage-ByteHrs", "0.10", "GB-Mo", sku="A1"),
        product("AmazonECR", "USE1-TimedStorage-ByteHrs", "0.11", "GB-Mo", sku="A2"),
    )
    reason = left_out(ask(client, "ecr.storage_gb_months"))
    assert reason == "ambiguous: 2 products of different prices match, SKU A1, A2"


def test_a_price_for_both_architectures_needs_both_to_agree(client: Any, stub: Stubber) -> None:
    answer(
        stub,
        product("AWSLambda", "Request", "0.0000002", "Requests", group="AWS-Lambda-Requests"),
        product("AWSLambda", "Request-ARM", "0.0000001", "Requests", group="AWS-Lambda-Requests-ARM"),
    )
    assert left_out(ask(client, "lambda.requests")).startswith("ambiguous: 2 products")


@pytest.mark.parametrize(
    ("price", "unit", "reason"),
    [
        ("1", "Gigabytes", "is sold per 'Gigabytes'; expected 'Terabyte' or 'TB'"),
        ("0.000", "TB", "costs nothing"),
        ([("0", "10", "2"), ("20", "Inf", "1")], "TB", "do not cover every amount once: 0 to 10, 20 to Infinity"),
        ([("0", "Inf", "2"), ("0", "Inf", "1")], "TB", "do not cover every amount once"),
        ([("5", "Inf", "2")], "TB", "do not cover every amount once: 5 to Infinity"),
        ([("0", "10", "2")], "TB", "do not cover every amount once: 0 to 10"),
        ([("0", "0.5", "2"), ("0.5", "Inf", "1")], "TB", "begins at 0.5 of a TB"),
    ],
)
def test_a_price_that_is_not_understood_is_left_out(
    client: Any, stub: Stubber, price: Any, unit: str, reason: str
) -> None:
    answer(stub, product("AmazonAthena", "DataScannedInTB", price, unit, sku="A1"))
    said = left_out(ask(client, "athena.scanned_tb"))
    assert reason in said
    assert "SKU A1" in said


@pytest.mark.parametrize("terms", [{}, {"Reserved": {}}, {"OnDemand": {"a": {}, "b": {}}}])
def test_a_product_without_one_term_on_demand_is_left_out(client: Any, stub: Stubber, terms: Any) -> None:
    answer(stub, product("AmazonAthena", "DataScannedInTB", "5", "TB") | {"terms": terms})
    assert "terms on demand; expected one" in left_out(ask(client, "athena.scanned_tb"))


def test_what_is_free_first_is_left_to_the_facts_and_all_tiers_move_down(client: Any, stub: Stubber) -> None:
    tiers = [("0", "25", "0.0"), ("25", "100", "0.25"), ("100", "Inf", "0.20")]
    answer(stub, product("AmazonDynamoDB", "TimedStorage-ByteHrs", tiers, "GB-Mo"))
    (price,) = ask(client, "dynamodb.storage_gb_months").prices
    assert as_told(price)[1] == "0:0.25 75:0.2"


def test_neighbouring_tiers_of_one_price_are_one(client: Any, stub: Stubber) -> None:
    answer(stub, product("AmazonAthena", "DataScannedInTB", [("0", "9", "5.0"), ("9", "Inf", "5")], "TB"))
    assert as_told(ask(client, "athena.scanned_tb").prices[0])[1] == "0:5"


def test_all_pages_are_read(client: Any, stub: Stubber) -> None:
    asked = query("AmazonAthena", "us-east-1")
    other = product("AmazonAthena", "USE1-DPU-Hour", "0.3", "DPU-Hour")
    stub.add_response("get_products", page(*[other] * 100, token="t1"), asked)
    stub.add_response("get_products", page(*[other] * 100, token="t2"), asked | {"NextToken": "t1"})
    meant = product("AmazonAthena", "USE1-DataScannedInTB", "5", "TB")
    stub.add_response("get_products", page(meant), asked | {"NextToken": "t2"})
    assert len(ask(client, "athena.scanned_tb").prices) == 1


def test_only_what_is_asked_for_is_fetched(client: Any, stub: Stubber) -> None:
    answer(stub, *[item for item in us_east_1() if item["serviceCode"] == "AmazonS3"])
    fetched = fetch(
        client, facts=some_facts(), region="us-east-1", today=TODAY, quantities={("s3", "put_requests")}
    )  # fmt: skip
    assert [price.name for price in fetched.prices] == ["put_requests"]


def regions(stub: Stubber, *names: str) -> None:
    stub.add_response(
        "get_attribute_values",
        {"AttributeValues": [{"Value": name} for name in names]},
        {"ServiceCode": "AWSLambda", "AttributeName": "regionCode", "MaxResults": 100},
    )


def test_an_unknown_region_is_told_with_the_near_one(client: Any, stub: Stubber) -> None:
    answer(stub)
    regions(stub, "eu-west-1", "us-east-1")
    with pytest.raises(PriceListError, match="knows no region 'eu-west-11'") as caught:
        ask(client, "athena.scanned_tb", region="eu-west-11")
    assert caught.value.hint == "did you mean eu-west-1?"


def test_a_service_that_a_region_lacks_is_left_out(client: Any, stub: Stubber) -> None:
    answer(stub)
    regions(stub, "eu-west-1", "us-east-1")
    assert left_out(ask(client, "athena.scanned_tb", region="eu-west-1")) == "not found in the price list"


@pytest.mark.parametrize(
    ("code", "status", "message", "hint"),
    [
        ("ThrottlingException", 400, "asked too often", "in a minute"),
        ("AccessDeniedException", 400, "may not read the price list: it says so", "pricing:GetProducts"),
        ("ExpiredTokenException", 400, "credentials have expired", "log in again"),
        ("UnrecognizedClientException", 400, "does not accept the credentials: it says so", "aws sts"),
        ("InternalErrorException", 500, "refuses with InternalErrorException: it says so", None),
    ],
)
def test_what_aws_refuses_is_one_line(
    client: Any, stub: Stubber, code: str, status: int, message: str, hint: str | None
) -> None:
    stub.add_client_error("get_products", code, "it says\nso", status)
    with pytest.raises(PriceListError) as caught:
        ask(client, "athena.scanned_tb")
    assert message in caught.value.message
    assert "\n" not in caught.value.message
    assert (hint or "") in (caught.value.hint or "")


def test_an_error_on_the_second_page_gives_no_half_of_the_prices(client: Any, stub: Stubber) -> None:
    stub.add_response("get_products", page(product("AmazonAthena", "DataScannedInTB", "5", "TB"), token="t1"))
    stub.add_client_error("get_products", "ThrottlingException", "Rate exceeded", 400)
    with pytest.raises(PriceListError):
        ask(client, "athena.scanned_tb")


def changed(**changes: Any) -> dict[str, Any]:
    """A product with parts of its only price replaced; None takes them away."""
    item = product("AmazonAthena", "DataScannedInTB", "5", "TB", sku="A1")
    (term,) = item["terms"]["OnDemand"].values()
    (dimension,) = term["priceDimensions"].values()
    for key, value in changes.items():
        part = next(part for part in (dimension, term, item["product"], item) if key in part)
        if value is None:
            del part[key]
        else:
            part[key] = value
    return item


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("{", "AmazonAthena: an item of the price list is no JSON"),
        ("[]", "lacks product"),
        (changed(product=None), "lacks product"),
        (changed(sku="", attributes=None), "lacks attributes"),
        (changed(attributes=[]), "attributes is a list; expected a dict"),
        (changed(terms=None), "AmazonAthena, SKU A1: lacks terms"),
        (changed(version=None), "lacks version"),
        (changed(publicationDate="last week"), "publicationDate is 'last week'; expected a date"),
        (changed(priceDimensions={}), "priceDimensions is empty"),
        (changed(priceDimensions=None), "lacks priceDimensions"),
        (changed(unit=None), "lacks unit"),
        (changed(unit="T\x1bB"), "unit is 'T\\x1bB'; expected text that can be printed"),
        (changed(beginRange=None), "lacks beginRange"),
        (changed(beginRange="Inf"), "beginRange is 'Inf'; expected an amount from 0"),
        (changed(endRange="many"), "endRange is 'many'; expected an amount from 0"),
        (changed(pricePerUnit=None), "lacks pricePerUnit"),
        (changed(pricePerUnit={"USD": "NaN"}), "USD is 'NaN'"),
        (changed(pricePerUnit={"USD": "-1"}), "USD is '-1'"),
        (changed(pricePerUnit={"USD": 5}), "USD is a int; expected a str"),
        (changed(pricePerUnit={"CNY": "34.34"}), "the price is in CNY; expected USD"),
        (changed(pricePerUnit={}), "the price is in no currency; expected USD"),
    ],
)
def test_an_answer_of_another_shape_is_an_error_that_names_its_place(
    client: Any, stub: Stubber, item: str | dict[str, Any], message: str
) -> None:
    text = item if isinstance(item, str) else json.dumps(item)
    stub.add_response("get_products", {"FormatVersion": "aws_v1", "PriceList": [text]})
    with pytest.raises(PriceListError) as caught:
        ask(client, "athena.scanned_tb")
    assert message in caught.value.message
