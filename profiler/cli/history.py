"""`paredown history`: the kept runs of a job over time."""

from __future__ import annotations

import sys

import click

from profiler.cli.options import output_options, whole, workspace_option

_WIDE = 120
"""From so many cells on there is room for a longer sparkline."""


@click.command(name="history")
@click.argument("job", metavar="[JOB]", required=False)
@click.option("--steps", is_flag=True, help="Each step's way too, not only that of the whole.")
@click.option("--last", callback=whole, metavar="N", help="Only the newest N runs.  [default: all]")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["terminal", "json", "html"]),
    default="terminal",
    help="For people, for programs, or as a page with charts.",
)
@workspace_option
@output_options
def command(
    job: str | None, steps: bool, last: int | None, format_name: str, workspace: str, output: str, force: bool
) -> int:
    """Show the kept runs of a job over time.

    JOB is the name of the job, or its file; where runs of one job alone are kept, it may be left out. What crept up
    over the runs is named, also when no single run did it.
    """
    from profiler.cli.output import colour_of, width_of, write_result
    from profiler.history.build import history_of
    from profiler.mirror import to_read

    history = history_of(job, root=to_read(workspace), last=last)
    stream = sys.stdout if output == "-" else None
    if format_name == "json":
        from profiler.report.history_json import document
        from profiler.report.json_report import as_json

        text = as_json(document(history))
    elif format_name == "html":
        from profiler.report.page.history import render

        text = render(history, steps=steps)
    else:
        from profiler.report.history_page import history_page
        from profiler.report.sheet_text import sheet_text

        width = width_of(stream)
        page = history_page(history, steps=steps, cells=48 if width >= _WIDE else 16)
        text = sheet_text(page, width=width, colour=colour_of(stream))
    write_result(text, output, force=force)
    return 0
