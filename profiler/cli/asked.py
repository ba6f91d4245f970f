"""The options of `paredown budget` that say what is known; the command hands them on by the same names."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import click

from profiler.cli.options import amount, prices_option, where_options, whole

_above_0 = amount(above=0)


def several(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> tuple[Decimal, ...] | None:
    """Take numbers above 0, each option one or more with commas between them."""
    found: list[Decimal] = []
    for text in texts:
        for part in text.split(","):
            digits = part.strip()
            if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
                raise click.BadParameter(
                    f"{text!r}: {digits!r} is no number by itself; a comma stands between several numbers, and a "
                    "thousand is 1000"
                )
            number = _above_0(context, option, digits)
            assert isinstance(number, Decimal)
            found.append(number)
    return tuple(found) or None


def percents(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> dict[str, Decimal] | None:
    """Take SERVICE=PERCENT, each option one or more with commas between them."""
    found: dict[str, Decimal] = {}
    for part in (part.strip() for text in texts for part in text.split(",")):
        service, equals, percent = (piece.strip() for piece in part.partition("="))
        if not (service and equals and percent):
            raise click.BadParameter(f"{part!r} is no share; expected SERVICE=PERCENT, as lambda=70")
        if service in found:
            raise click.BadParameter(f"{service} is given twice; expected each service once")
        found[service] = _above_0(context, option, percent)
    return found or None


_OPTIONS = (
    click.option("--dollars-per-day", callback=_above_0, metavar="USD", help="What may be spent on a day."),
    click.option("--dollars-per-month", callback=_above_0, metavar="USD", help="The same of a month, 365/12 days."),
    click.option("--requests-per-day", callback=whole, metavar="N", help="Requests of a day."),
    click.option("--requests-per-month", callback=whole, metavar="N", help="The same of a month."),
    click.option(
        "--gb-s-per-request",
        multiple=True,
        callback=several,
        metavar="G[,G...]",
        help="GB-seconds of one request; several make a table.",
    ),
    click.option("--customers", callback=whole, metavar="N", help="Make the requests of what a product knows."),
    click.option("--trainings-per-customer", callback=amount(least=0), metavar="N", help="Of one customer on one day."),
    click.option(
        "--predictions-per-customer", callback=amount(least=0), metavar="N", help="Of one customer on one day."
    ),
    click.option(
        "--price-per-customer", callback=_above_0, metavar="USD", help="Paid by one customer a month; shows the margin."
    ),
    click.option(
        "--invocations-per-request",
        callback=_above_0,
        default="1",
        show_default=True,
        metavar="N",
        help="Of Lambda; below 1 where one serves several.",
    ),
    click.option(
        "--share",
        multiple=True,
        callback=percents,
        metavar="SERVICE=PERCENT,...",
        help="Split the dollars over services, and show what each share pays for.",
    ),
    where_options,
    click.option("--instance-type", metavar="TYPE", help="Machine type of a share of ec2."),
    prices_option,
)


def budget_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what a budget is made of."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def options_again(asked: Mapping[str, Any]) -> str:
    """What of the options says where the prices are from, as it stands in the next command too."""
    words: list[str] = []
    for name, default in (("region", "us-east-1"), ("arch", "x86_64"), ("prices", None)):
        if asked[name] != default:
            words += [f"--{name}", str(asked[name])]
    return shlex.join([*words, "--free-tier"] if asked["free_tier"] else words)


def prices_again(asked: Mapping[str, Any]) -> str:
    """The option that names the reader's own prices, as it stands in a command that takes no other of these."""
    return "" if asked["prices"] is None else shlex.join(["--prices", str(asked["prices"])])
