"""The part of `paredown budget` that starts from a run: its options, which of the others go with it, and its result."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import click

from profiler.cli.options import Workspace, amount, whole
from profiler.errors import UsageError

_ALONE = ("gb_s_per_request", "price_per_customer", "invocations_per_request", "share", "instance_type")
"""Options of a budget that a run answers itself, or that mean nothing beside one."""
_TARGET = (
    "dollars_per_day",
    "dollars_per_month",
    "requests_per_day",
    "requests_per_month",
    "customers",
    "trainings_per_customer",
    "predictions_per_customer",
)
_OF_RUN = ("store", "athena", "kept_days", "headroom", "warm", "workspace")

_OPTIONS = (
    click.option("--run", metavar="RUN", help="Start from what a kept run used: its path, its URL, its id, or last."),
    click.option(
        "--store",
        type=click.Choice(["dynamodb", "s3"]),
        default="dynamodb",
        show_default=True,
        help="With --run: where answers go, each row an item, or the files as they are.",
    ),
    click.option("--athena", is_flag=True, help="With --run: the SQL on Athena in place of DuckDB on Lambda."),
    click.option(
        "--kept-days",
        callback=whole,
        default="30",
        show_default=True,
        metavar="N",
        help="With --run: days that answers and logs are kept.",
    ),
    click.option(
        "--headroom",
        callback=amount(least=1),
        default="1.2",
        show_default=True,
        metavar="FACTOR",
        help="With --run: memory size ÷ memory needed.",
    ),
    click.option("--warm", is_flag=True, help="With --run: bill no init."),
    click.option(
        "--workspace",
        type=Workspace(),
        default=".paredown",
        show_default=True,
        help="With --run: where runs are kept.",
    ),
)


def run_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what belongs to a run."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def taken_out(asked: dict[str, Any]) -> dict[str, Any]:
    """Take what belongs to a run out of what was asked, and return it."""
    return {name: asked.pop(name) for name in ("run", *_OF_RUN)}


def check_together(context: click.Context, *, with_run: bool) -> None:
    """Refuse options that do not go with a run, or only with one.

    Raises:
        UsageError: Naming the option.
    """
    for name in _ALONE if with_run else _OF_RUN:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            option = f"--{name.replace('_', '-')}"
            if with_run:
                raise UsageError(f"{option} does not go with --run", hint="what a request uses, the run measured")
            raise UsageError(f"{option} only goes with --run", hint="add --run last, or leave it out")


def bill_of_run(of_run: Mapping[str, Any], asked: Mapping[str, Any], format_name: str, *, width: int) -> str:
    """Return a run's pipeline, laid out."""
    from profiler.cli.asked import options_again
    from profiler.mirror import to_read
    from profiler.projecting import budget_of_run
    from profiler.report.pipeline_json import pipeline_json
    from profiler.report.pipeline_text import pipeline_text
    from profiler.store import load_run

    run = load_run(of_run["run"], folder=to_read(of_run["workspace"]))
    design = {name: value for name, value in of_run.items() if name not in ("run", "workspace")}
    known = {name: value for name, value in asked.items() if name not in _ALONE}
    pipeline = budget_of_run(run, **design, **known)
    if format_name == "json":
        return pipeline_json(pipeline)
    again = " ".join(part for part in (_target_again(known), _held_again(of_run), options_again(asked)) if part)
    return pipeline_text(
        pipeline,
        width=width,
        names=shlex.quote(of_run["run"]),
        options=f" {again}" if again else "",
    )


def _held_again(of_run: Mapping[str, Any]) -> str:
    """What the run is held against, and where it is kept, as it stands in the next command too."""
    words: list[str] = []
    for name, default in (("kept_days", 30), ("headroom", Decimal("1.2")), ("workspace", ".paredown")):
        if of_run[name] != default:
            words += [f"--{name.replace('_', '-')}", str(of_run[name])]
    return shlex.join([*words, "--warm"] if of_run["warm"] else words)


def _target_again(known: Mapping[str, Any]) -> str:
    """Dollars and requests as they stood on the command line."""
    return " ".join(f"--{name.replace('_', '-')} {known[name]}" for name in _TARGET if known.get(name) is not None)
