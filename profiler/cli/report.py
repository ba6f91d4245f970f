"""`paredown report`: shows a kept run again, held against other prices, sizes or budgets; measures nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from profiler.cli.options import judging_options, output_options, report_format_option, workspace_option

if TYPE_CHECKING:
    from profiler.judging import Judging


@click.command(name="report")
@click.argument("run", metavar="[RUN]", default="last")
@report_format_option
@workspace_option
@judging_options
@output_options
def command(run: str, format_name: str, workspace: str, judging: Judging, output: str, force: bool) -> int:
    """Show a kept run again.

    RUN is the path, the URL or the id of a run, or "last". Nothing is measured: the same run can be held against other
    prices, another budget or another headroom in a moment.
    """
    from profiler.cli.output import colour_of, width_of, write_result
    from profiler.judging import report_of
    from profiler.mirror import to_read
    from profiler.report import render
    from profiler.store import load_run

    stream = sys.stdout if output == "-" else None
    report = report_of(load_run(run, folder=to_read(workspace)), judging, reference=run)
    text = render(report, format_name, width=width_of(stream), colour=colour_of(stream))
    write_result(text, output, force=force)
    return 0
