"""`paredown init`: write a job file to start from, around a script or as an example that runs."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from string import Template

import click

from profiler.errors import OutputError, UsageError
from profiler.report.clean import one_line

_IN_CI = """
# In CI: measure it five times, so that noise is known, and fail where it no longer fits or got worse.
#
#     paredown run $path --repeat 5
#     paredown check
"""

AROUND_SCRIPT = Template(
    '''\
"""$title, as a job of paredown. Next: make the script's parts steps of a decomposed variant, and run both."""

from profiler import Job, script

job = Job(
    name=$name,
    # The script runs as it stands. `writes` names the CSV or Parquet file that it leaves: its answer.
    # Parts of it are measured as steps of their own with: `with profiler.mark("load"):`.
    monolith=[script($file, writes=None)],
    # The decomposed variant, once there is one. Move the groupby into a .sql file, and the body of the loop over its
    # groups into a function that takes one group's DataFrame:
    #
    # inputs={"rows": dataset("data/*.parquet")},
    # answer_key=("customer",),
    # decomposed=[
    #     query("totals.sql", reads="rows", shard_by=("customer",)),
    #     per_group(train, reads="totals", by=("customer",)),
    # ],
)
'''
    + _IN_CI
)

EXAMPLE_JOB = Template(
    '''\
"""An example that runs: sales per shop and day, a forecast per shop. Make it yours from the top down."""

from pathlib import Path

from profiler import Job, dataset, per_group, query, step


def make_sales(folder: Path, *, rows: int = 200_000, shops: int = 50) -> None:
    """Write made-up sales, as `--param rows=... shops=...` asks for. Not needed where the files exist."""
    import duckdb

    duckdb.sql(f"""
        COPY (
            SELECT i % {shops} AS shop, DATE '2026-01-01' + CAST(i % 90 AS INTEGER) AS day, 1 + i % 7 AS amount
            FROM range({rows}) AS sales(i)
        ) TO '{folder}/sales.parquet' (FORMAT parquet)
    """)


def load(paths):
    """Load everything, as research code does."""
    import duckdb

    return duckdb.sql(f"SELECT * FROM read_parquet({list(paths)})").df()


def daily(sales):
    """Group in memory: one row per shop and day."""
    return sales.groupby(["shop", "day"], as_index=False).agg(amount=("amount", "sum"))


def forecast(days):
    """Look at one shop: the mean of its last thirty days."""
    days = days.sort_values("day")
    return days.tail(1)[["shop"]].assign(forecast=days["amount"].tail(30).mean())


job = Job(
    name=$name,
    inputs={"sales": dataset("data/sales/*.parquet", make=make_sales)},
    request="shop",            # what the budget is spent per: one shop's daily forecast
    answer_key=("shop",),      # what names a row of the answer
    dollars_per_day=7,
    requests_per_day=3000,
    monolith=[
        step(load, reads="sales"),
        step(daily, reads="load"),
        per_group(forecast, reads="daily", by=("shop",)),
    ],
    decomposed=[
        query($sql, reads="sales", shard_by=("shop",), memory_mib=512),
        per_group(forecast, reads="daily", by=("shop",)),
    ],
)
'''
    + _IN_CI
)

EXAMPLE_SQL = """\
-- Sales per shop and day.
SELECT shop, day, CAST(sum(amount) AS DOUBLE) AS amount
FROM sales
GROUP BY shop, day
"""


@click.command("init", short_help="Write a job file to start from.")
@click.argument("script", required=False, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The job file to write. [default: job.py]")
@click.option("-f", "--force", is_flag=True, help="Overwrite files that are there already.")
def command(script: Path | None, output: Path | None, force: bool) -> int:
    """Write a job file to start from: around SCRIPT, or an example that runs."""
    target = output or Path("job.py")
    if target.suffix != ".py":
        raise UsageError(f"{target}: a job file ends in .py")
    files = _around(script, target) if script else _example(target)
    taken = [str(path) for path in files if path.exists()]
    if taken and not force:
        raise OutputError(f"{', '.join(taken)}: there already", hint="--force overwrites, --output names another file")
    for path, text in files.items():
        _write(path, text)
        click.echo(f"wrote {path}")
    click.echo(f"next: paredown run {_typed(target)}")
    click.echo(f"in CI: paredown run {_typed(target)} --repeat 5, then paredown check")
    return 0


def _around(script: Path, target: Path) -> dict[Path, str]:
    if not script.is_file():
        raise UsageError(f"there is no script {script}")
    if target.exists() and target.samefile(script):
        raise UsageError(f"{target} is the script itself", hint="name another job file with --output")
    relative = os.path.relpath(script, target.parent)
    text = AROUND_SCRIPT.substitute(title=script.name, name=repr(script.stem), file=repr(relative), path=_typed(target))
    return {target: text}


def _example(target: Path) -> dict[Path, str]:
    return {
        target: EXAMPLE_JOB.substitute(name=repr(target.stem), sql=repr("daily.sql"), path=_typed(target)),
        target.parent / "daily.sql": EXAMPLE_SQL,
    }


def _typed(target: Path) -> str:
    """A file's name as one types it in a shell, on one line whatever it holds."""
    return one_line(shlex.quote(str(target)))


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        if partial.is_file():
            partial.unlink()
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
