"""`paredown facts`: lists the limits and prices in use, each with its source, its date and how sure it is."""

from __future__ import annotations

import sys
from difflib import get_close_matches

import click
from click.core import ParameterSource

from profiler.cli.options import format_option, output_options, prices_option
from profiler.errors import UsageError


@click.command(name="facts")
@click.argument("service", metavar="[SERVICE]", required=False)
@format_option
@click.option(
    "--refresh", is_flag=True, help="Ask AWS for current prices, and write them to prices-REGION.toml, for --prices."
)
@click.option("--region", metavar="REGION", help="AWS region to --refresh the prices of.  [default: us-east-1]")
@prices_option
@output_options
@click.pass_context
def command(
    context: click.Context,
    service: str | None,
    format_name: str,
    refresh: bool,
    region: str | None,
    prices: str | None,
    output: str,
    force: bool,
) -> int:
    """List the limits and prices in use.

    SERVICE is one service, such as lambda; all of them by default. Every fact stands beside its source, its date and
    how sure it is; what is from your own --prices is marked as yours.

    --refresh shows instead how AWS's prices of today differ from them. It needs credentials that may call
    pricing:GetProducts, and: pip install 'paredown[aws]'
    """
    from profiler.cli.output import width_of, write_result
    from profiler.facts import load
    from profiler.report.facts_list import facts_json, facts_text

    if region is not None and not refresh:
        raise UsageError("--region goes with --refresh; the list shows the facts of every region")
    if refresh and format_name != "terminal":
        raise UsageError("--format goes with the list of facts, not with --refresh")
    if refresh and prices is not None:
        raise UsageError("--prices goes with the list of facts; --refresh compares AWS's prices with the bundled ones")
    facts = load(prices=prices)
    if service is not None and service not in facts.services:
        near = get_close_matches(service.lower(), facts.services, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(facts.services)}"
        raise UsageError(f"there are no facts of a service {service!r}", hint=hint)
    if refresh:
        from profiler.cli.refreshing import refresh_prices

        named = context.get_parameter_source("output") is not ParameterSource.DEFAULT
        return refresh_prices(facts, service, region=region, output=output if named else None, force=force)
    services = facts.services if service is None else (service,)
    stream = sys.stdout if output == "-" else None
    if format_name == "json":
        text = facts_json(facts, services)
    else:
        text = facts_text(facts, services, width=width_of(stream))
    write_result(text, output, force=force)
    return 0
