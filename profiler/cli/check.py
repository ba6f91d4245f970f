"""`paredown check`: whether a kept run holds the line, for a CI job; measures nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from profiler.cli.options import judging_options, output_options, report_format_option, workspace_option
from profiler.model import Variant

if TYPE_CHECKING:
    from profiler.judging import Judging
    from profiler.report.shape import Report

_THRESHOLDS = (
    click.option(
        "--max-peak",
        multiple=True,
        metavar="[STEP=]SIZE",
        help="Highest memory of a task, as measured: 512MiB. Without STEP: of every step that has none of its own.",
    ),
    click.option(
        "--max-gb-s",
        multiple=True,
        metavar="[STEP=]N",
        help="GB-seconds per request. With STEP: the step's part of a request.",
    ),
    click.option("--max-usd-per-request", multiple=True, metavar="N", help="Dollars per request, for Lambda."),
    click.option(
        "--max-regression",
        multiple=True,
        metavar="[STEP=]PERCENT",
        help="Largest growth since the baseline that is let pass.  [default: 5% of memory, 10% of CPU time]",
    ),
)


def threshold_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the limits and thresholds; each may be given once for all and once for each step."""
    for option in reversed(_THRESHOLDS):
        function = option(function)
    return function


@click.command(name="check")
@click.argument("run", metavar="[RUN]", default="last")
@click.option(
    "--baseline",
    "baselines",
    multiple=True,
    metavar="RUN",
    help="Earlier run to be no worse than: a path, an id, last (the newest other run of the job), a folder of runs, or "
    "the URL of a run or a workspace.",
)
@click.option("--require-baseline/--no-require-baseline", default=None, help="Fail where no baseline can be compared.")
@click.option(
    "--variant",
    type=click.Choice([variant.value for variant in Variant]),
    help="Which has to fit. [default: decomposed, where there is one]",
)
@click.option("--allow-undecided/--no-allow-undecided", default=None, help="Let pass what is not decided.")
@threshold_options
@report_format_option
@workspace_option
@judging_options
@output_options
def command(
    run: str, format_name: str, workspace: str, judging: Judging, output: str, force: bool, **options: Any
) -> int:
    """Say whether a kept run holds the line.

    It is held against Lambda, its budget, your limits, and earlier runs. RUN is the path, the URL or the id of a run,
    or "last". Exit code 0: every step and the whole fit, both variants give the same answer, no limit is passed, and
    nothing got worse than the baseline; 1: not so, or undecided; 2: trouble.

    Limits and thresholds are also read from the nearest pyproject.toml that has [tool.paredown]: this holds for every
    job, [tool.paredown.jobs.JOB] for one, and options go before both.
    """
    from profiler.cli.output import write_result
    from profiler.holding import checked_report
    from profiler.mirror import to_read
    from profiler.store import load_run

    folder = to_read(workspace)
    asked = _asked(options, judging, folder)
    report = checked_report(load_run(run, folder=folder), asked, reference=run)
    write_result(_text(report, format_name, to_stdout=output == "-"), output, force=force)
    assert report.check is not None
    return 0 if report.check.passed else 1


def _asked(options: dict[str, Any], judging: Judging, workspace: Path) -> Any:
    """What stood on the command line, with the settings that hold for this folder."""
    from profiler.holding import Asked, nearest_settings
    from profiler.settings import THRESHOLDS, rules_of

    written = {threshold.key: options[threshold.key.replace("-", "_")] for threshold in THRESHOLDS}
    variant = options["variant"]
    rules, named = rules_of(
        written,
        variant=None if variant is None else Variant(variant),
        allow_undecided=options["allow_undecided"],
        require_baseline=options["require_baseline"],
        baselines=options["baselines"],
    )
    return Asked(judging=judging, options=rules, settings=nearest_settings(), workspace=workspace, named=named)


def _text(report: Report, format_name: str, *, to_stdout: bool) -> str:
    from profiler.cli.output import colour_of, width_of

    stream = sys.stdout if to_stdout else None
    match format_name:
        case "terminal":
            from profiler.report.check_page import check_page
            from profiler.report.sheet_text import sheet_text

            return sheet_text(check_page(report), width=width_of(stream), colour=colour_of(stream))
        case "json":
            from profiler.report.check_json import check_json

            return check_json(report)
    from profiler.report import render

    return render(report, format_name, width=width_of(stream), colour=colour_of(stream))
