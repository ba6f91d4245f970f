"""`paredown budget`: from dollars to requests and to the GB-seconds that one request may use, and back."""

from __future__ import annotations

import sys
from typing import Any

import click

from profiler.cli.asked import budget_options, options_again
from profiler.cli.options import output_options


@click.command(name="budget")
@budget_options
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    help="For people, or for programs.",
)
@output_options
def command(format_name: str, output: str, force: bool, **asked: Any) -> int:
    """Turn dollars into requests and GB-seconds, and back.

    Dollars alone give a table: GB-seconds of one request against requests a day. Two of dollars, requests and
    GB-seconds give the third; all three say whether the dollars do. Nothing is measured, and the exit code is 0
    whatever the answer is.
    """
    from profiler.cli.output import width_of, write_result
    from profiler.report.budget_json import budget_json
    from profiler.report.budget_text import budget_text
    from profiler.solving import budget

    solution = budget(**asked)
    if format_name == "json":
        text = budget_json(solution)
    else:
        stream = sys.stdout if output == "-" else None
        text = budget_text(solution, width=width_of(stream), options=options_again(asked))
    write_result(text, output, force=force)
    return 0
