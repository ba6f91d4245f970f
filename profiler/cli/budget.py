"""`paredown budget`: from dollars to requests and to the GB-seconds that one request may use, and back."""

from __future__ import annotations

import sys
from typing import Any

import click

from profiler.cli.asked import budget_options, options_again
from profiler.cli.of_run import bill_of_run, check_together, run_options, taken_out
from profiler.cli.options import format_option, output_options


@click.command(name="budget")
@budget_options
@run_options
@format_option
@output_options
@click.pass_context
def command(context: click.Context, /, format_name: str, output: str, force: bool, **asked: Any) -> int:
    """Turn dollars into requests and GB-seconds, and back.

    Dollars alone give a table: GB-seconds of one request against requests a day. Two of dollars, requests and
    GB-seconds give the third; all three say whether the dollars do. With --run, what a kept run used is priced as a
    pipeline: every service that it needs, against the machines that would do the same work. Nothing is measured, and
    the exit code is 0 whatever the answer is.
    """
    from profiler.cli.output import width_of, write_result

    of_run = taken_out(asked)
    check_together(context, with_run=of_run["run"] is not None)
    width = width_of(sys.stdout if output == "-" else None)
    if of_run["run"] is None:
        text = _solved(asked, format_name, width=width)
    else:
        text = bill_of_run(of_run, asked, format_name, width=width)
    write_result(text, output, force=force)
    return 0


def _solved(asked: dict[str, Any], format_name: str, *, width: int) -> str:
    """Return the solved budget, laid out."""
    from profiler.pricing.solving import budget
    from profiler.report.budget_json import budget_json
    from profiler.report.budget_text import budget_text

    solution = budget(**asked)
    if format_name == "json":
        return budget_json(solution)
    return budget_text(solution, width=width, options=options_again(asked))
