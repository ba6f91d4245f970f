"""`paredown run`: measure both variants of a job, or a plain script; keep the run; show the report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TextIO

import click
from click.core import ParameterSource

from profiler.cli.measuring import inputs_of, job_options, params_of
from profiler.cli.options import WholeRange, amount, judging_options
from profiler.errors import UsageError
from profiler.jobs import declares_a_job, find_job
from profiler.model import Run, Variant

if TYPE_CHECKING:
    from profiler.facts import FactSet
    from profiler.judging import Judging

INTERRUPTED = 130
_FOR_JOBS = {"inputs", "params", "shards", "variant", "against", "jobs", "cold", "timeout", "resume", "lines",
             "engine", "scheduler"}  # fmt: skip
"""Options that a plain script has no use for."""


@click.command("run", short_help="Measure both variants of a job, or a plain script.")
@click.argument("job")
@click.argument("more", nargs=-1, metavar="[NAME=VALUE | -- ARGUMENT]...")
@job_options
@click.option(
    "--variant",
    type=click.Choice([variant.value for variant in Variant]),
    help="Measure only this one. [default: both]",
)
@click.option("--against", metavar="RUN", help="Take the other variant, with its answer, from a kept run.")
@click.option(
    "--repeat",
    "repeats",
    type=WholeRange(1, 1000),
    metavar="N",
    help="Measure each variant N times, by turns; 5 show the noise that check has to know. [default: 1]",
)
@click.option("--jobs", type=WholeRange(1, 10_000), help="Tasks at a time. [default: the cores]")
@click.option(
    "--engine",
    type=click.Choice(["local", "dask"]),
    default="local",
    show_default=True,
    help="Where decomposed tasks run: here, or on a Dask cluster.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Dask's, as tcp://HOST:8786. [default: a cluster here]")
@click.option(
    "--threads",
    type=WholeRange(1, 1024),
    help="Threads of numeric libraries. [default: 1 in a task, as the machine gives in a monolith]",
)
@click.option("--cold", is_flag=True, help="A fresh sandbox for every task.")
@click.option(
    "--timeout",
    callback=amount(least=0),
    default="900",
    show_default=True,
    metavar="SECONDS",
    help="For one decomposed task; 0: none.",
)
@click.option("--resume", is_flag=True, help="Do only what an interrupted run of this job is missing.")
@click.option(
    "--lines", metavar="STEP", help="Show a step's memory line by line instead; for reading, not for the verdict."
)
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@judging_options
def command(
    job: str,
    more: tuple[str, ...],
    inputs: tuple[str, ...],
    params: tuple[str, ...],
    lines: str | None,
    quiet: bool,
    judging: Judging,
    **options: Any,
) -> int:
    """Measure JOB: a job file, a bundled job by its name, or a plain script (its arguments follow `--`).

    Keeps the run in the workspace, and shows the report: of a script on stderr, since stdout is the script's own.
    Exit code 0: every step ended well, and both variants give the same answer; 1: not so; 130: interrupted.
    """
    from profiler.judging import budget_for, facts_for, platform_for
    from profiler.runner.workspace import Workspace
    from profiler.session import Options, run_job, run_script, view_lines

    file = find_job(job)
    facts = facts_for(judging)
    platform_for(facts, judging)  # What cannot be judged is said before hours are spent on measuring it.
    variant, timeout = options.pop("variant"), options.pop("timeout")
    settings: dict[str, Any] = options | {
        "workspace": Workspace.at(options["workspace"]),
        "variants": (Variant(variant),) if variant else tuple(Variant),
        "timeout_ns": round(timeout * 1_000_000_000) or None,
        "progress": not quiet and sys.stderr.isatty(),
        "say": lambda text: None if quiet else click.echo(text, err=True),
        "check": lambda plan: budget_for(plan, judging),
    }
    if not declares_a_job(file):
        _refuse_for_script(job)
        run = run_script(job, Options(**settings | {"variants": (Variant.MONOLITH,), "script_args": more}))
        _show(run, judging, facts, sys.stderr)
        return _code(run)
    settings |= {"inputs": inputs_of(inputs), "params": params_of((*params, *more))}
    if lines is not None:
        if options["engine"] != "local" or options["scheduler"] is not None:
            raise UsageError("--lines runs its step here, so --engine and --scheduler have nothing to do")
        if (options["repeats"] or 1) > 1:
            raise UsageError("--lines shows a step once, so --repeat has nothing to do", hint="leave one of them out")
        _show_lines(view_lines(str(file), lines, Options(**settings)))
        return 0
    run = run_job(str(file), Options(**settings))
    _show(run, judging, facts, sys.stdout)
    return _code(run)


def _show(run: Run, judging: Judging, facts: FactSet, stream: TextIO) -> None:
    from profiler.cli.output import colour_of, shown_on, width_of
    from profiler.judging import show

    text = show(run, judging, width=width_of(stream), colour=colour_of(stream), facts=facts)
    click.echo(shown_on(stream, text), nl=not text.endswith("\n"), file=stream, color=colour_of(stream))


def _refuse_for_script(job: str) -> None:
    """Refuse what the user gave and a script has no use for; nothing is ignored in silence."""
    context = click.get_current_context()
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if isinstance(parameter, click.Option)
        and parameter.name in _FOR_JOBS
        and context.get_parameter_source(parameter.name) is not ParameterSource.DEFAULT
    ]
    if given:
        raise UsageError(
            f"{job}: is a plain script, and {', '.join(given)} only means something for a job",
            hint="a script's own arguments follow --; paredown init writes a job file around a script",
        )


def _show_lines(view: Any) -> None:
    which = f", task {view.index} of {view.tasks}, the largest" if view.tasks > 1 else ""
    click.echo(f"{view.step} ({view.variant}{which}), line by line with memory-profiler")
    click.echo("Instrumented: slower and larger than the step is. For reading; the verdict never uses it.\n")
    click.echo(view.table.rstrip())


def _code(run: Run) -> int:
    """0 yes, 1 no, 130 interrupted: did every step end well, and do both variants give the same answer?"""
    if not run.ended:
        return INTERRUPTED
    ended_well = all(end.complete for end in run.variants) and {end.variant for end in run.variants} >= set(
        run.settings.variants
    )
    same = run.comparison is None or run.comparison.equal is not False
    compared = run.comparison is None or run.comparison.equal is not None or len(run.variants) < 2
    return 0 if ended_well and same and compared else 1
