"""`paredown runs`: lists the kept runs, and removes those that nobody needs any more, asking first."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from profiler.cli.options import format_option, whole, workspace_option
from profiler.errors import UsageError

if TYPE_CHECKING:
    from profiler.kept.listing import Kept
    from profiler.report.sheet import Sheet

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=36_500)


def _age(_context: click.Context, _option: click.Parameter, text: str | None) -> timedelta | None:
    """Take an age with its unit: 12h, 30d, 8w."""
    if text is None:
        return None
    expected = "expected a whole number with h, d or w, for hours, days or weeks, as in 30d"
    found = re.fullmatch(r"(\d{1,9})([hdw])", text.strip(), re.ASCII)
    if found is None:
        unit = f"{text} has no unit" if re.fullmatch(r"\d+", text.strip(), re.ASCII) else f"{text!r} is no age"
        raise click.BadParameter(f"{unit}; {expected}")
    try:
        age = timedelta(**{_UNITS[found[2]]: int(found[1])})
    except OverflowError:
        age = timedelta.max
    if not timedelta(0) < age <= _LONGEST:
        raise click.BadParameter(f"{text} is out of range; {expected}, at most a hundred years")
    return age


@click.command(name="runs")
@format_option
@click.option("--prune", is_flag=True, help="Remove runs with their answers, after asking.")
@click.option(
    "--older-than", callback=_age, metavar="AGE", help="With --prune: runs made longer ago than 12h, 30d or 8w."
)
@click.option(
    "--keep", callback=whole, metavar="N", help="With --prune: all but the newest N of each job, whatever their age."
)
@click.option("--yes", is_flag=True, help="With --prune: do not ask.")
@workspace_option
def command(
    format_name: str, prune: bool, older_than: timedelta | None, keep: int | None, yes: bool, workspace: str
) -> int:
    """List the kept runs, or remove old ones.

    The newest comes first.

    With --prune, a run goes when every criterion that is given lets it: --older-than 30d --keep 20 removes what is
    older than 30 days, but never one of a job's newest 20. What would go is shown before anything does. A run that
    still goes on stays.
    """
    from profiler.kept.listing import list_runs
    from profiler.mirror import to_read
    from profiler.report.runs_page import document, runs_page

    _check(prune=prune, older_than=older_than, keep=keep, yes=yes, format_name=format_name)
    root = to_read(workspace)
    kept = list_runs(root)
    if prune:
        return _prune(kept, root, older_than, keep, yes=yes)
    if format_name == "json":
        from profiler.cli.output import write_result
        from profiler.report.json_report import as_json

        write_result(as_json(document(kept, workspace=root)), "-", force=False)
    else:
        _show(runs_page(kept, workspace=root))
    return 0


def _check(*, prune: bool, older_than: timedelta | None, keep: int | None, yes: bool, format_name: str) -> None:
    if not prune:
        given = {"--older-than": older_than is not None, "--keep": keep is not None, "--yes": yes}
        for option in (option for option, is_given in given.items() if is_given):
            raise UsageError(
                f"{option} only goes with --prune", hint="paredown runs --prune removes runs, after asking"
            )
    elif older_than is None and keep is None:
        raise UsageError(
            "--prune does not say which runs may go; expected --older-than AGE, --keep N, or both",
            hint="paredown runs --prune --older-than 30d --keep 20",
        )
    elif format_name != "terminal":
        raise UsageError("--format json goes with the list of runs, not with --prune")


def _prune(kept: Kept, root: Path, older_than: timedelta | None, keep: int | None, *, yes: bool) -> int:
    from profiler.kept.pruning import Criteria, remove, to_prune
    from profiler.report.runs_page import prune_page, removed_text

    chosen = to_prune(kept.runs, Criteria(older_than=older_than, keep=keep), now=datetime.now(UTC))
    _show(prune_page(kept, chosen))
    if not chosen:
        return 0
    if not yes and not _can_ask():
        raise UsageError("nothing is removed where nobody can be asked", hint="--yes removes these runs without asking")
    if not yes and not click.confirm(f"\nRemove {'it' if len(chosen) == 1 else 'them'}?", default=False):
        click.echo("nothing was removed")
        return 0
    click.echo(removed_text(remove(chosen, root)))
    return 0


def _can_ask() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _show(sheet: Sheet) -> None:
    from profiler.cli.output import colour_of, width_of, write_result
    from profiler.report.sheet_text import sheet_text

    text = sheet_text(sheet, width=width_of(sys.stdout), colour=colour_of(sys.stdout))
    write_result(text, "-", force=False)
