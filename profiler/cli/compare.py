"""`paredown compare`: kept runs of one job side by side."""

from __future__ import annotations

import sys

import click

from profiler.cli.options import architecture, format_option, output_options, prices_option, workspace_option


@click.command(name="compare")
@click.argument("runs", metavar="RUN RUN [...]", nargs=-1)
@format_option
@click.option(
    "--region", metavar="REGION", default="us-east-1", show_default=True, help="AWS region of the prices for all."
)
@click.option(
    "--arch", callback=architecture, metavar="ARCH", default="x86_64", show_default=True, help="x86_64 or arm64."
)
@prices_option
@workspace_option
@output_options
def command(
    runs: tuple[str, ...],
    format_name: str,
    region: str,
    arch: str,
    prices: str | None,
    workspace: str,
    output: str,
    force: bool,
) -> int:
    """Show kept runs of a job side by side.

    Each RUN is the path, the URL or the id of a run, or "last". The others are held to the first one: what differs
    between them, then every step's memory, CPU time and GB-seconds, each difference with its noise where both were
    measured at least five times.
    """
    from profiler.cli.output import colour_of, width_of, write_result
    from profiler.comparing.build import check_number, side_by_side
    from profiler.comparing.figures import Terms
    from profiler.judging import Judging, facts_for, platform_for
    from profiler.mirror import to_read
    from profiler.store import load_run

    check_number(len(runs))
    judging = Judging(region=region, arch=arch, prices=prices)
    terms = Terms(platform=platform_for(facts_for(judging), judging))
    folder = to_read(workspace)
    compared = side_by_side([load_run(run, folder=folder) for run in runs], terms)
    if format_name == "json":
        from profiler.report.compare_json import document
        from profiler.report.json_report import as_json

        text = as_json(document(compared))
    else:
        from profiler.report.compare_page import compare_page
        from profiler.report.sheet_text import sheet_text

        stream = sys.stdout if output == "-" else None
        text = sheet_text(compare_page(compared), width=width_of(stream), colour=colour_of(stream))
    write_result(text, output, force=force)
    return 0
