"""`paredown plan`: what would run, reading what; nothing runs."""

from __future__ import annotations

import shlex
import sys
from typing import Any, Literal

import click

from profiler.cli.measuring import inputs_of, job_options, params_of
from profiler.errors import UsageError
from profiler.jobs import declares_a_job, find_job
from profiler.report.clean import one_line
from profiler.store import FOLDER


@click.command("plan", short_help="Show what would run, reading what; nothing runs.")
@click.argument("job")
@click.argument("more", nargs=-1, metavar="[NAME=VALUE]...")
@job_options
def command(
    job: str,
    more: tuple[str, ...],
    inputs: tuple[str, ...],
    params: tuple[str, ...],
    shards: int | Literal["auto"] | None,
    workspace: str,
) -> int:
    """Check JOB and show what would run, reading what. Nothing runs, and no data are made."""
    from profiler.cli.output import width_of
    from profiler.cli.planned import describe
    from profiler.runner.workspace import Workspace
    from profiler.session import Options, plan_job

    file = find_job(job)
    if not declares_a_job(file):
        raise UsageError(f"{job}: is a plain script, which runs as it stands; there is nothing to plan")
    options: dict[str, Any] = {
        "inputs": inputs_of(inputs),
        "params": params_of((*params, *more)),
        "shards": shards,
        "workspace": Workspace.at(workspace),
    }
    planned = plan_job(str(file), Options(**options))
    again = _again(job, more, inputs=inputs, params=params, shards=shards, workspace=workspace)
    click.echo(describe(planned, width=width_of(sys.stdout), next_line=again))
    return 0


def _again(
    job: str,
    more: tuple[str, ...],
    *,
    inputs: tuple[str, ...],
    params: tuple[str, ...],
    shards: int | str | None,
    workspace: str,
) -> str:
    """The command that runs what was planned, with all that was said of it."""
    words = ["paredown", "run", job, *more]
    words += [
        word for name, values in (("--input", inputs), ("--param", params)) for each in values for word in (name, each)
    ]
    words += ["--shards", str(shards)] if shards is not None else []
    words += ["--workspace", workspace] if workspace != str(FOLDER) else []
    return one_line(shlex.join(words))
