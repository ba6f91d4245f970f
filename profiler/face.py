"""paredown from Python: what the command line does, in as many lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from profiler import mirror
from profiler.errors import UsageError
from profiler.jobs import declares_a_job, find_job
from profiler.judging import Judging, headroom_of, report_of
from profiler.model import AUTO, MOST_SHARDS, Run, Variant
from profiler.pricing.cost import as_decimal
from profiler.pricing.targets import exact
from profiler.urls import located, without_secrets

if TYPE_CHECKING:
    from profiler.checking.outcome import Check
    from profiler.pricing.amounts import Quantity
    from profiler.verdict import Verdict


def run(
    job: str | Path,
    *,
    executor: Executor | None = None,
    variants: Sequence[str] = tuple(Variant),
    inputs: Mapping[str, str | Sequence[str]] | None = None,
    params: Mapping[str, object] | None = None,
    shards: int | Literal["auto"] | None = None,
    repeat: int | None = None,
    jobs: int | None = None,
    threads: int | None = None,
    cold: bool = False,
    timeout_s: float | None = 900,
    workspace: str | Path = ".paredown",
    resume: bool = False,
) -> Run:
    """Measure a job, as `paredown run` does, and return the kept run.

    Args:
        job: Path of a job file, or the name of a bundled job.
        executor: Where decomposed tasks run: any `concurrent.futures.Executor` whose workers see the workspace under
            the same path and take pickled arguments. It is tried with a small task first, and stays open. None: threads
            of this process, `jobs` of them.
        variants: `"monolith"`, `"decomposed"` or both.
        inputs: Paths, globs or URLs in place of the job's own, by name.
        params: Parameters of the data that the job makes.
        shards: How many shards; `"auto"`: by the sizes of the groups, counted first; None: by the data's size.
        repeat: How often each variant is measured, by turns; the run shows the typical one, `run.repetitions` has all.
            None: once, or as the run that is resumed was begun.
        jobs: Tasks at a time; None: the cores.
        threads: Threads of numeric libraries; None: one in a task, as the machine gives in a monolith.
        cold: A fresh sandbox for every task.
        timeout_s: Seconds that one decomposed task may take; None: no limit.
        workspace: Folder for runs, made data, and what passes between steps; or the URL of one in a store.
        resume: Do only what the newest run of this job is missing: tasks that were lost, or that it did not come to.
            The other arguments are those that it was begun with, the executor of the same class.

    Raises:
        UsageError: If an argument means nothing, or no task can run on the executor.
        ResumeError: If there is nothing to resume, or something changed since.
        PareDownError: If the job cannot be run; see `profiler.errors`.
    """
    from profiler.runner.workspace import Workspace
    from profiler.session import Options, run_job

    if repeat is not None and (isinstance(repeat, bool) or not isinstance(repeat, int) or repeat < 1):
        raise UsageError(f"repeat is {repeat!r}; expected a whole number from 1")
    _refuse_shards(shards)
    file = find_job(str(job))
    if not declares_a_job(file):
        raise UsageError(f"{job}: declares no job; a plain script is measured by 'paredown run'")
    brought = {name: (paths,) if isinstance(paths, str) else tuple(paths) for name, paths in (inputs or {}).items()}
    options = Options(
        inputs={
            name: tuple(located(str(path)) or str(Path(path).absolute()) for path in paths)
            for name, paths in brought.items()
        },
        params={name: without_secrets(name, str(value)) for name, value in (params or {}).items()},
        shards=shards,
        repeats=repeat,
        variants=tuple(Variant(variant) for variant in variants),
        jobs=jobs,
        threads=threads,
        cold=cold,
        timeout_ns=None if timeout_s is None else round(timeout_s * 1e9),
        workspace=Workspace.at(workspace),
        resume=resume,
    )
    if executor is not None:
        from profiler.runner.probing import probed

        probed(executor, options.workspace, str(file))
    return run_job(str(file), options, executor=executor)


def _refuse_shards(shards: object) -> None:
    number = isinstance(shards, int) and not isinstance(shards, bool) and 1 <= shards <= MOST_SHARDS
    if shards is not None and shards != AUTO and not number:
        raise UsageError(f'shards is {shards!r}; expected a whole number from 1 to {MOST_SHARDS:,}, or "{AUTO}"')


def load(reference: str | Path = "last", *, workspace: str | Path = ".paredown") -> Run:
    """Load a kept run by path, by URL, by id, or the last one.

    Args:
        reference: Which.
        workspace: Folder, or URL of a store, where ids and the last one are looked up.

    Raises:
        RunFileError: If there is none, or it cannot be read.
        InputError: If a store cannot be asked, or says no.
    """
    from profiler.store import load_run

    return load_run(str(reference), folder=mirror.to_read(workspace))


def judge(
    run: Run,
    *,
    region: str = "us-east-1",
    arch: str = "x86_64",
    headroom: Decimal | float | str = "1.2",
    warm: bool = False,
    dollars_per_day: Decimal | float | str | None = None,
    requests_per_day: int | None = None,
    prices: str | Path | None = None,
) -> Verdict:
    """Hold a run against Lambda's limits and prices, and a budget; the job's own budget where none is given.

    `prices` is a file of your own prices and facts, which go before those that come with paredown.

    Raises:
        UsageError: If there are no prices for the region, or only half a budget.
        FactsError: If the file of prices is not right.
    """
    return report_of(
        run,
        _judging(region, arch, headroom, warm, dollars_per_day, requests_per_day, prices),
    ).verdict


def check(
    run: Run,
    baselines: Sequence[Run | str | Path] = (),
    *,
    variant: str | None = None,
    allow_undecided: bool = False,
    require_baseline: bool = False,
    max_peak: str | Mapping[str, str] | None = None,
    max_gb_s: Quantity | Mapping[str, Quantity] | None = None,
    max_usd_per_request: Quantity | None = None,
    max_regression: str | Mapping[str, str] | None = None,
    settings: str | Path | None = None,
    workspace: str | Path = ".paredown",
    **judging: object,
) -> Check:
    """Hold a run against Lambda, its budget, limits and earlier runs, as `paredown check` does.

    Args:
        run: The run.
        baselines: Earlier runs of the same job: runs, or their paths, folders, URLs and ids as on the command line.
        variant: Which has to fit; None: `"decomposed"`, where there is one.
        allow_undecided: Let pass what is not decided.
        require_baseline: Fail where no baseline can be compared.
        max_peak: Highest memory of a task, such as `"512 MiB"`; or a mapping from steps to theirs, as the others.
        max_gb_s: GB-seconds per request; of a step its part of them.
        max_usd_per_request: Dollars per request.
        max_regression: Largest growth that is let pass, such as `"5%"`.
        settings: A `pyproject.toml` whose `[tool.paredown]` holds where an argument says nothing; None: no settings.
        workspace: Folder, or URL of a store, where ids are looked up.
        judging: The keyword arguments of `judge`.

    Returns:
        What was found; `passed` says whether the run holds the line.

    Raises:
        UsageError: If a limit means nothing or names no step, or a baseline is of another job.
        RunFileError: If a baseline cannot be read.
        InputError: If a store cannot be asked, or says no.
    """
    from profiler.holding import Asked, checked_report
    from profiler.settings import rules_given

    if variant is not None and variant not in tuple(Variant):
        raise UsageError(f"variant is {variant!r}; expected {' or '.join(Variant)}")
    options = rules_given(
        {
            "max_peak": max_peak,
            "max_gb_s": max_gb_s,
            "max_usd_per_request": max_usd_per_request,
            "max_regression": max_regression,
        },
        variant=None if variant is None else Variant(variant),
        allow_undecided=allow_undecided or None,
        require_baseline=require_baseline or None,
        baselines=tuple(str(before) for before in baselines if not isinstance(before, Run)),
    )
    asked = Asked(
        judging=_judging(**judging),  # type: ignore[arg-type]
        options=options,
        settings=None if settings is None else Path(settings),
        workspace=mirror.to_read(workspace),
        baselines=tuple(before for before in baselines if isinstance(before, Run)),
    )
    found = checked_report(run, asked).check
    assert found is not None
    return found


def render(run: Run, format: str = "terminal", *, width: int = 80, colour: bool = False, **judging: object) -> str:  # noqa: A002 - the word of the command line
    """Lay a run's verdict out as text.

    Args:
        run: The run.
        format: One of `profiler.report.FORMATS`: `"terminal"`, `"json"`, `"markdown"` and so on.
        width: Cells, for the terminal.
        colour: Whether to write a terminal's escape sequences.
        judging: The keyword arguments of `judge`.
    """
    from profiler.report import render as render_report

    return render_report(report_of(run, _judging(**judging)), format, width=width, colour=colour)  # type: ignore[arg-type]


def _judging(
    region: str = "us-east-1",
    arch: str = "x86_64",
    headroom: Decimal | float | str = "1.2",
    warm: bool = False,
    dollars_per_day: Decimal | float | str | None = None,
    requests_per_day: int | None = None,
    prices: str | Path | None = None,
) -> Judging:
    return Judging(
        region=region,
        arch=arch,
        headroom=headroom_of(headroom),
        warm=warm,
        usd_per_day=None if dollars_per_day is None else as_decimal(exact("dollars_per_day", dollars_per_day)),
        requests_per_day=(
            None if requests_per_day is None else int(exact("requests_per_day", requests_per_day, counted="request"))
        ),
        prices=prices,
    )
