"""A user's own prices go before the bundled ones, each for exactly what it names; a broken file says where and why."""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiler.errors import FactsError
from profiler.facts import FactSet, Price, load, platform_of
from tests.own_prices import yours_in

HEAD = 'currency = "USD"\n'
PRICE = """
[[prices]]
service = "lambda"
name = "gb_seconds"
unit = "GB-second"
regions = ["us-east-1"]
arch = "x86_64"
tiers = [{ from = 0, usd = 0.00001 }, { from = 1_000, usd = 0.000009 }]
source = "our agreement of 2026"
retrieved = 2026-11-24
confidence = "high"
"""
MACHINE = """
[[prices]]
service = "ec2"
name = "m7i.4xlarge"
unit = "hour"
regions = ["us-east-1"]
arch = "x86_64"
tiers = [{ from = 0, usd = 0.8 }]
attributes = { vcpus = 16, memory_mib = 65_536 }
source = "our agreement of 2026"
retrieved = 2026-11-24
confidence = "high"
"""
FACT = """
[facts.lambda.free_gb_seconds]
value = 0
unit = "GB-second"
source = "our agreement of 2026"
retrieved = 2026-11-24
confidence = "high"
"""
FORM = "prices stand under [[prices]], each with its service; facts under [facts.SERVICE.NAME]"

Laid = Callable[[str], FactSet]


@pytest.fixture
def laid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Laid:
    """Write a file of prices, and read it over the bundled facts."""
    monkeypatch.chdir(tmp_path)

    def write_and_load(text: str) -> FactSet:
        Path("mine.toml").write_text(text, encoding="utf-8")
        return load(prices="mine.toml")

    return write_and_load


def refused(laid: Laid, text: str) -> FactsError:
    """The error that a file of prices is refused with."""
    with pytest.raises(FactsError) as caught:
        laid(text)
    return caught.value


def but(text: str, *changes: str) -> str:
    """A text with some of it put otherwise: what stood there, what stands there now, and so on."""
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    return text


def keys(facts: FactSet) -> dict[tuple[str, str, str, str | None], tuple[object, ...]]:
    """What each price is, by exactly what it is of."""
    return {
        (price.service, price.name, region, price.arch): (price.unit, price.about, price.tiers, price.attributes)
        for price in facts.prices
        for region in price.regions
    }


def test_a_price_goes_before_the_bundled_one_and_takes_its_description(laid: Laid) -> None:
    price = laid(HEAD + PRICE).price("lambda", "gb_seconds", region="us-east-1", arch="x86_64")
    assert [str(tier.usd) for tier in price.tiers] == ["0.00001", "0.000009"]
    assert price.about == load().price("lambda", "gb_seconds", region="us-east-1", arch="x86_64").about
    assert (price.origin.yours, price.origin.source) == (True, "our agreement of 2026")


def test_a_price_of_one_region_leaves_the_others_of_the_same_entry(laid: Laid) -> None:
    mine = keys(laid(PRICE.replace("us-east-1", "eu-west-1")))
    bundled = keys(load())
    changed = ("lambda", "gb_seconds", "eu-west-1", "x86_64")
    assert mine.keys() == bundled.keys()
    assert [key for key in mine if mine[key] != bundled[key]] == [changed]


def test_the_bundled_facts_are_nobodys() -> None:
    assert yours_in(load()) == ()


def test_what_is_yours_is_named_with_where_it_holds(laid: Laid) -> None:
    both = PRICE.replace('["us-east-1"]', '["us-east-1", "sa-east-1"]')
    requests = PRICE.replace("gb_seconds", "requests").replace("GB-second", "invocation").replace('arch = "x86_64"', "")
    assert yours_in(laid(FACT + both + requests + MACHINE)) == (
        "lambda.gb_seconds (us-east-1, sa-east-1, x86_64)",
        "lambda.requests (us-east-1)",
        "ec2.m7i.4xlarge (us-east-1, x86_64)",
        "lambda.free_gb_seconds",
    )


def test_a_region_that_the_facts_lack_has_a_platform(laid: Laid) -> None:
    requests = PRICE.replace("gb_seconds", "requests").replace("GB-second", "invocation").replace('arch = "x86_64"', "")
    platform = platform_of(laid((PRICE + requests).replace("us-east-1", "sa-east-1")), region="sa-east-1")
    assert platform.prices.gb_seconds[0].usd == Decimal("0.00001")
    assert platform.machines == ()


def test_a_new_machine_type_is_one_of_the_machines(laid: Laid) -> None:
    machine = next(one for one in platform_of(laid(MACHINE)).machines if one.name == "m7i.4xlarge")
    assert (machine.vcpus, machine.memory_mib, machine.usd_per_hour) == (16, 65_536, Decimal("0.8"))


def test_a_known_machine_type_keeps_its_attributes(laid: Laid) -> None:
    text = MACHINE.replace("m7i.4xlarge", "t3.2xlarge").replace("attributes = { vcpus = 16, memory_mib = 65_536 }", "")
    price = laid(text).price("ec2", "t3.2xlarge", region="us-east-1", arch="x86_64")
    assert price.attributes == {"vcpus": 8, "memory_mib": 32_768, "baseline_percent": 40}


def test_a_new_machine_type_may_be_the_one_that_is_named_first(laid: Laid) -> None:
    fact = FACT.replace("lambda.free_gb_seconds", "ec2.default_machine").replace("GB-second", "type")
    assert platform_of(laid(fact.replace("value = 0", 'value = "m7i.4xlarge"') + MACHINE)).default_machine == (
        "m7i.4xlarge"
    )


def test_a_fact_goes_before_the_bundled_one(laid: Laid) -> None:
    facts = laid(FACT)
    assert facts.fact("lambda", "free_gb_seconds").value == 0
    assert [fact.name for fact in facts.facts] == [fact.name for fact in load().facts]


def test_a_whole_number_does_for_a_ratio(laid: Laid) -> None:
    text = FACT.replace("free_gb_seconds", "fleet_cost_factor").replace("GB-second", "ratio").replace("= 0", "= 2")
    assert platform_of(laid(text)).limits.fleet_cost_factor == 2


def test_a_file_that_an_editor_of_windows_wrote_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf" + PRICE.replace("\n", "\r\n").encode())
    assert yours_in(load(prices=path)) == ("lambda.gb_seconds (us-east-1, x86_64)",)


def test_only_the_services_that_are_asked_for_are_held(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(PRICE + MACHINE)
    facts = load(prices=path, services=["lambda", "s3"])
    assert facts.services == ("lambda", "s3")
    assert yours_in(facts) == ("lambda.gb_seconds (us-east-1, x86_64)",)
    assert {price.service for price in facts.prices} == {"lambda", "s3"}


def test_all_of_a_file_is_checked_whatever_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(PRICE + MACHINE.replace("hour", "day"))
    with pytest.raises(FactsError, match="price 2"):
        load(prices=path, services=["lambda"])


def test_an_unknown_service_is_named_with_the_near_one() -> None:
    with pytest.raises(FactsError) as caught:
        load(services=["lamda"])
    assert (caught.value.message, caught.value.hint) == (
        "there are no facts of a service 'lamda'",
        "did you mean lambda?",
    )


BROKEN = [
    # The file as a whole.
    ("", "is empty, so there is nothing to go before the bundled facts"),
    ("# nothing\n", "is empty, so there is nothing to go before the bundled facts"),
    (HEAD, "holds no prices and no facts to go before the bundled ones"),
    ("prices = []\n[facts]\n", "holds no prices and no facts to go before the bundled ones"),
    ("[facts.lambda]\n[facts.s3]\n", "holds no prices and no facts to go before the bundled ones"),
    (but(PRICE, 'unit = "', 'unit "'), "no TOML, line 5, column 6: expected '=' after a key in a key/value pair"),
    (PRICE + 'about = "cut', "no TOML, line 12, column 13, the end: unterminated string"),
    (but(PRICE, "2026-11-24", "2026-02-30"), "no TOML, line 10, column 13: invalid date or datetime"),
    (FACT + FACT, "no TOML, line 9, column 30: cannot declare facts.lambda.free_gb_seconds twice"),
    ("a = " + "[" * 5_000, "is nested too deeply"),
    ("a = 1e999999999999999999999", "no TOML: 1e999999999999999999999 is beyond any number"),
    (but(HEAD, "USD", "EUR") + PRICE, "currency is 'EUR'; expected USD"),
    ("currency = 1\n" + PRICE, "currency is 1, a whole number; expected text"),
    ("curency = 'USD'\n" + PRICE, "'curency' is unknown; did you mean currency?"),
    ('service = "lambda"\n' + PRICE, "a file of your own names no service at its top"),
    (but(PRICE, "[[prices]]", "[prices]"), "prices is one table; expected [[prices]], in double brackets, for each "
     "price"),
    (but(PRICE, "prices", "price"), "'price' is unknown; did you mean prices?"),
    ("prices = [1]", "price 1: is 1, a whole number; expected a table"),
    # A price.
    (but(PRICE, 'service = "lambda"', ""), "price 1: service is missing; expected one of athena, dynamodb, ec2, ecr, "
     "eventbridge, fargate, lambda, logs, s3, step_functions"),
    (but(PRICE, '"lambda"', '"lamda"'), "price 1: service 'lamda' is unknown; did you mean lambda?"),
    (but(PRICE, '"lambda"', "5"), "price 1: service is 5, a whole number; expected text"),
    (but(PRICE, 'name = "gb_seconds"', ""), "price 1: name is missing"),
    (but(PRICE, "gb_seconds", "gb_second"), "price 1: lambda has no quantity 'gb_second'; did you mean gb_seconds?"),
    (but(PRICE, "gb_seconds", "kilowatts"), "price 1: lambda has no quantity 'kilowatts'; expected gb_seconds, "
     "requests, ephemeral_gb_seconds"),
    (but(PRICE, 'unit = "GB-second"', ""), "price 1 (lambda.gb_seconds): unit is missing"),
    (but(PRICE, '"GB-second"', '"hour"'), "price 1 (lambda.gb_seconds): unit is 'hour'; expected GB-second"),
    (but(PRICE, '"GB-second"', "1"), "price 1 (lambda.gb_seconds): unit is 1, a whole number; expected text"),
    (but(PRICE, "tiers =", "teirs ="), "price 1 (lambda.gb_seconds): 'teirs' is unknown; did you mean tiers?"),
    (but(PRICE, "regions =", "region ="), "price 1 (lambda.gb_seconds): 'region' is unknown; did you mean regions?"),
    (but(PRICE, '["us-east-1"]', '"us-east-1"'), "price 1 (lambda.gb_seconds): regions is 'us-east-1', text; "
     "expected a list"),
    (but(PRICE, '["us-east-1"]', "[]"), "price 1 (lambda.gb_seconds): regions is empty; expected codes such as "
     "eu-west-1"),
    (but(PRICE, '"us-east-1"', '"N. Virginia"'), "price 1 (lambda.gb_seconds): regions holds 'N. Virginia'; "
     "expected codes such as eu-west-1"),
    (but(PRICE, '["us-east-1"]', '["us-east-1", "us-east-1"]'), "price 1 (lambda.gb_seconds): us-east-1, x86_64 has "
     "this price already, by price 1; expected it once"),
    (PRICE + PRICE, "price 2 (lambda.gb_seconds): us-east-1, x86_64 has this price already, by price 1; expected it "
     "once"),
    (but(PRICE, 'arch = "x86_64"', ""), "price 1 (lambda.gb_seconds): arch is missing; expected x86_64 or arm64, "
     "which this price depends on"),
    (but(PRICE, "x86_64", "arm"), "price 1 (lambda.gb_seconds): arch is 'arm'; expected x86_64 or arm64, which this "
     "price depends on"),
    (but(PRICE, "gb_seconds", "requests", "GB-second", "invocation"), "price 1 (lambda.requests): arch is "
     "'x86_64'; expected none, since this price is the same for all"),
    (but(PRICE, "arch =", "attributes = { vcpus = 2 }\narch ="), "price 1 (lambda.gb_seconds): "
     "has attributes; expected none, which only machines have"),
    (but(PRICE, '"our agreement of 2026"', '" "'), "price 1 (lambda.gb_seconds): source is empty; expected where "
     "the fact is from"),
    (but(PRICE, '"high"', '"sure"'), "price 1 (lambda.gb_seconds): confidence is 'sure'; expected one of high, "
     "medium, low"),
    (but(PRICE, "2026-11-24", '"2026-11-24"'), "price 1 (lambda.gb_seconds): retrieved is '2026-11-24', text; "
     "expected a date"),
    (but(PRICE, "2026-11-24", "2026-11-24T10:00:00"), "price 1 (lambda.gb_seconds): retrieved is "
     "2026-11-24 10:00:00, a date with a time; expected a date"),
    # Its tiers.
    (but(PRICE, "usd = 0.00001", "eur = 0.00001"), "price 1 (lambda.gb_seconds): tier 1: the price is in 'eur'; "
     "expected usd"),
    (but(PRICE, "usd = 0.00001", "USD = 0.00001"), "price 1 (lambda.gb_seconds): tier 1: 'USD' is unknown; did you "
     "mean usd?"),
    (but(PRICE, "0.00001", "-0.00001"), "price 1 (lambda.gb_seconds): tier 1: usd is -0.00001; expected an amount "
     "from 0"),
    (but(PRICE, "0.00001", "nan"), "price 1 (lambda.gb_seconds): tier 1: usd is NaN; expected an amount"),
    (but(PRICE, "0.000009", "inf"), "price 1 (lambda.gb_seconds): tier 2: usd is Infinity; expected an amount"),
    (but(PRICE, "0.00001", "1e400"), "price 1 (lambda.gb_seconds): tier 1: usd is 1E+400; expected at most "
     "1,000,000 for one unit"),
    (but(PRICE, "0.00001", "0x" + "f" * 9_000), "price 1 (lambda.gb_seconds): tier 1: usd is a number of very many "
     "digits; expected at most 1,000,000 for one unit"),
    (but(PRICE, "0.00001", "1e-400"), "price 1 (lambda.gb_seconds): tier 1: usd is 1E-400; expected at most 30 "
     "decimal places"),
    (but(PRICE, "0.00001", "true"), "price 1 (lambda.gb_seconds): tier 1: usd is true, a boolean; expected a "
     "number"),
    (but(PRICE, "0.00001", '"0.00001"'), "price 1 (lambda.gb_seconds): tier 1: usd is '0.00001', text; expected a "
     "number"),
    (but(PRICE, "from = 1_000", "from = 0"), "price 1 (lambda.gb_seconds): the tiers begin at [0, 0]; expected "
     "ascending quantities from 0"),
    (but(PRICE, "from = 1_000", "from = -1"), "price 1 (lambda.gb_seconds): tier 2: from is -1; expected a whole "
     "number from 0 to 1,000,000,000,000,000"),
    (but(PRICE, "from = 1_000", "from = 1e3"), "price 1 (lambda.gb_seconds): tier 2: from is 1E+3, a number; "
     "expected a whole number"),
    (but(PRICE, "tiers = [{ from = 0, usd = 0.00001 }, { from = 1_000, usd = 0.000009 }]", "tiers = 0.00001"),
     "price 1 (lambda.gb_seconds): tiers is 0.00001, a number; expected a list"),
    # A machine.
    (but(MACHINE, "m7i.4xlarge", "hours"), "price 1: ec2 has no quantity 'hours'; expected unlimited_vcpu_hours"),
    (but(MACHINE, '"hour"', '"month"'), "price 1 (ec2.m7i.4xlarge): unit is 'month'; expected hour"),
    (but(MACHINE, ", memory_mib = 65_536", ""), "price 1 (ec2.m7i.4xlarge): attributes: memory_mib is missing"),
    (but(MACHINE, "attributes = { vcpus = 16, memory_mib = 65_536 }", ""), "price 1 (ec2.m7i.4xlarge): attributes: "
     "vcpus is missing"),
    (but(MACHINE, "16", "0"), "price 1 (ec2.m7i.4xlarge): attributes: vcpus is 0; expected a whole number above 0"),
    (but(MACHINE, "vcpus = 16", "vcpus = 16, gpus = 1"), "price 1 (ec2.m7i.4xlarge): attributes: 'gpus' is unknown; "
     "expected vcpus, memory_mib, baseline_percent"),
    (but(MACHINE, "m7i.4xlarge", "t3.large", '"x86_64"', '"arm64"'), "price 1 (ec2.t3.large): arch is "
     "'arm64'; expected x86_64, which this price depends on"),
    (but(MACHINE, "0.8 }", "0.8 }, { from = 100, usd = 0.7 }"), "price 1 (ec2.m7i.4xlarge): has 2 tiers; expected "
     "one, as an hour of a machine has"),
    # A fact.
    (but(FACT, "free_gb_seconds", "free_gb_second"), "fact lambda.free_gb_second: lambda has no fact of that name; "
     "did you mean free_gb_seconds?"),
    (but(FACT, "facts.lambda", "facts.lamda"), "facts: service 'lamda' is unknown; did you mean lambda?"),
    ("[facts]\nlambda = 1", "facts.lambda: is no table of facts"),
    ("[facts.lambda]\nfree_gb_seconds = 1", "fact lambda.free_gb_seconds: is 1, a whole number; expected a table"),
    (but(FACT, "value = 0", ""), "fact lambda.free_gb_seconds: value is missing"),
    (but(FACT, "value = 0", "value = 0.5"), "fact lambda.free_gb_seconds: value is 0.5, a number; expected a whole "
     "number"),
    (but(FACT, "value = 0", "value = -1"), "fact lambda.free_gb_seconds: value is -1; expected a number from 0"),
    (but(FACT, "value = 0", "value = 9e99"), "fact lambda.free_gb_seconds: value is 9E+99, a number; expected a "
     "whole number"),
    (but(FACT, "value = 0", "value = 0x" + "f" * 9_000), "fact lambda.free_gb_seconds: value is a number of very "
     "many digits; expected at most 1,000,000,000,000,000"),
    (but(FACT, '"GB-second"', '"GB"'), "fact lambda.free_gb_seconds: unit is 'GB'; expected GB-second"),
    (but(FACT, "free_gb_seconds", "max_memory", "GB-second", "MiB"), "fact lambda.max_memory: value is 0; "
     "expected a number above 0"),
    (but(FACT, "free_gb_seconds", "max_memory", "GB-second", "MiB", "= 0", "= 64"), "fact "
     "lambda.min_memory is 128 MiB; expected at most max_memory, 64 MiB"),
    (but(FACT, "free_gb_seconds", "fleet_cost_factor", "GB-second", "ratio", "= 0", "= 0.9"), "fact "
     "lambda.fleet_cost_factor: value is 0.9; expected a number from 1"),
    (but(FACT, "free_gb_seconds", "fleet_cost_factor", "GB-second", "ratio", "= 0", "= nan"), "fact "
     "lambda.fleet_cost_factor: value is NaN; expected a finite number"),
    (but(FACT, "free_gb_seconds", "init_billed_from", "GB-second", "date"), "fact lambda.init_billed_from: "
     "value is 0, a whole number; expected a date"),
    (but(FACT, "lambda.free_gb_seconds", "ec2.default_machine", "GB-second", "type", "= 0", '= "x1"'),
     "fact ec2.default_machine: value is 'x1'; expected a machine type that has a price"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BROKEN, ids=[message[:70] for _, message in BROKEN])
def test_a_broken_file_is_refused_with_its_place_and_what_was_expected(text: str, message: str, laid: Laid) -> None:
    assert refused(laid, text).message == f"mine.toml: {message}"


def test_a_file_that_says_nothing_is_told_the_form(laid: Laid) -> None:
    assert refused(laid, HEAD).hint == FORM


def test_a_machine_without_its_type_is_told_what_names_its_price(laid: Laid) -> None:
    assert refused(laid, MACHINE.replace("m7i.4xlarge", "hours")).hint == (
        "a machine's price is named by its type, such as m7i.2xlarge"
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.toml", "nowhere.toml: there is no such file of prices"),
        ("folder", "folder: is a folder; expected a file of prices"),
        ("below.toml/mine.toml", "below.toml/mine.toml: cannot be read: Not a directory"),
        ("latin.toml", "latin.toml: is no UTF-8 text: byte 3 is 0xe9"),
        ("utf16.toml", "utf16.toml: is no UTF-8 text: byte 1 is 0xff"),
        ("/dev/zero", "/dev/zero: is larger than 4,000,000 bytes; expected a file of prices"),
        ("nul\0.toml", r"'nul\x00.toml': is no name of a file: embedded null byte"),
        ("n" * 300, f"{'n' * 300}: cannot be read: File name too long"),
    ],
)
def test_what_is_no_text_is_refused(name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("below.toml").write_text(PRICE)
    Path("latin.toml").write_bytes(b"# \xe9\n")
    Path("utf16.toml").write_text(PRICE, encoding="utf-16")
    with pytest.raises(FactsError) as caught:
        load(prices=name)
    assert caught.value.message == message


def test_a_file_that_comes_through_a_pipe_is_read() -> None:
    """As `--prices <(our-tool)` gives it."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        stream.write(PRICE)
    try:
        assert yours_in(load(prices=f"/dev/fd/{reading}")) == ("lambda.gb_seconds (us-east-1, x86_64)",)
    finally:
        os.close(reading)


BUNDLED = load()
every_price = st.sampled_from([(price, region) for price in BUNDLED.prices for region in price.regions])
amounts = st.decimals(min_value=0, max_value=1_000_000, places=12)
shared = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])


def entry(price: Price, region: str, amount: Decimal) -> str:
    """A price of the user's, for one region of a bundled one."""
    arch = f'arch = "{price.arch}"\n' if price.arch else ""
    return (
        PRICE.replace('"lambda"', f'"{price.service}"')
        .replace('"gb_seconds"', f'"{price.name}"')
        .replace('"GB-second"', f'"{price.unit}"')
        .replace('arch = "x86_64"\n', arch)
        .replace("us-east-1", region)
        .replace(", { from = 1_000, usd = 0.000009 }", "")
        .replace("0.00001", f"{amount:f}")
    )


@shared
@given(chosen=every_price, amount=amounts)
def test_any_bundled_price_can_be_yours_and_nothing_else_changes(
    chosen: tuple[Price, str], amount: Decimal, laid: Laid
) -> None:
    price, region = chosen
    facts = laid(entry(price, region, amount))
    key = (price.service, price.name, region, price.arch)
    mine, before = keys(facts), keys(BUNDLED)
    assert facts.price(price.service, price.name, region=region, arch=price.arch).tiers[0].usd == amount
    assert {other: mine[other] for other in mine if other != key} == {
        other: before[other] for other in before if other != key
    }


@shared
@given(data=st.data())
def test_no_change_to_a_file_is_taken_for_a_bug(data: st.DataObject, laid: Laid) -> None:
    """Whatever stands in it, it is read or refused."""
    text = HEAD + FACT + PRICE + MACHINE
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    odd = st.sampled_from(
        ["[", "]", "{", "}", '"', "=", "\n", "0", "-", "true", "nan", "1e999999999", "[]", "{}", "\0"]
    )
    put = data.draw(odd | st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=5))
    said = "mine.toml: read"
    try:
        laid(text[:start] + put + text[end:])
    except FactsError as error:
        said = error.message
    assert said.startswith("mine.toml: ")
