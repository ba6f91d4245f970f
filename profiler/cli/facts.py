"""`paredown facts`: lists the limits and prices in use, each with its source, its date and how sure it is."""

from __future__ import annotations

import sys
from difflib import get_close_matches

import click

from profiler.cli.options import output_options
from profiler.errors import UsageError


@click.command(name="facts")
@click.argument("service", metavar="[SERVICE]", required=False)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    help="For people, or for programs.",
)
@output_options
def command(service: str | None, format_name: str, output: str, force: bool) -> int:
    """List the limits and prices in use.

    SERVICE is one service, such as lambda; all of them by default. Every fact stands beside its source, its date and
    how sure it is.
    """
    from profiler.cli.output import width_of, write_result
    from profiler.facts import load
    from profiler.report.facts_list import facts_json, facts_text

    facts = load()
    if service is not None and service not in facts.services:
        near = get_close_matches(service.lower(), facts.services, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(facts.services)}"
        raise UsageError(f"there are no facts of a service {service!r}", hint=hint)
    services = facts.services if service is None else (service,)
    stream = sys.stdout if output == "-" else None
    if format_name == "json":
        text = facts_json(facts, services)
    else:
        text = facts_text(facts, services, width=width_of(stream))
    write_result(text, output, force=force)
    return 0
