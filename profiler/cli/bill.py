"""`paredown bill`: what AWS charges for given quantities of one month, exactly, one line per tier."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from profiler.cli.options import format_option, output_options, prices_option, where_options
from profiler.errors import PareDownError, UsageError, together

if TYPE_CHECKING:
    from profiler.pricing.billing import Bill


@click.command(name="bill")
@click.argument("quantities", metavar="QUANTITY=AMOUNT...", nargs=-1)
@where_options
@click.option("--instance-type", metavar="TYPE", help="Machine type of ec2.hours.")
@prices_option
@format_option
@output_options
def command(quantities: tuple[str, ...], format_name: str, output: str, force: bool, **asked: Any) -> int:
    """Show what AWS charges for given quantities, tier by tier.

    Quantities are of one month, amounts plain digits: lambda.requests=15000000000 or athena.scanned_tb=0.5. There are:

    \b
      lambda.gb_seconds  lambda.requests  lambda.ephemeral_gb_seconds
      step_functions.transitions  step_functions.express_requests
      step_functions.express_gb_hours
      eventbridge.events  eventbridge.scheduler_invocations
      dynamodb.write_units  dynamodb.read_units  dynamodb.storage_gb_months
      s3.put_requests  s3.get_requests  s3.storage_gb_months
      logs.ingested_gb  logs.stored_gb_months
      athena.scanned_tb
      ecr.storage_gb_months
      fargate.vcpu_hours  fargate.gb_hours
      ec2.hours (of an --instance-type)  ec2.unlimited_vcpu_hours

    `paredown facts SERVICE` says what each of them counts.
    """  # noqa: D301 - the escape is click's mark of a paragraph that is not wrapped
    from profiler.cli.asked import options_again, prices_again
    from profiler.cli.output import width_of, write_result

    month = _bill(quantities, **asked)
    if format_name == "json":
        from profiler.report.bill_json import bill_json

        text = bill_json(month)
    else:
        from profiler.report.bill_text import bill_text

        stream = sys.stdout if output == "-" else None
        text = bill_text(month, width=width_of(stream), options=options_again(asked), own_prices=prices_again(asked))
    write_result(text, output, force=force)
    return 0


def _bill(words: Sequence[str], **asked: Any) -> Bill:
    """The bill of what stands on the command line, or one error with every mistake in it."""
    from profiler.pricing.charges import bill

    amounts, slips = _read(words)
    if not slips:
        return bill(amounts, **asked)
    try:
        if amounts:
            bill(amounts, **asked)
    except PareDownError as error:
        slips.append(error)
    raise together(slips)


def _read(words: Sequence[str]) -> tuple[dict[str, str], list[PareDownError]]:
    """Amounts by quantity, and what is not written as one."""
    amounts: dict[str, str] = {}
    slips: list[PareDownError] = []
    for word in words:
        name, equals, amount = word.partition("=")
        name = name.strip()
        if not equals or not name:
            slips.append(UsageError(f"{word!r}: expected QUANTITY=AMOUNT, as lambda.requests=1000000"))
        elif name in amounts:
            slips.append(UsageError(f"{name} is given twice; expected each quantity once"))
        else:
            amounts[name] = amount
    return amounts, slips
