"""From a kept run to what a check of it found: with the settings, the options and the baselines that somebody names.

What is held against what, `checking` knows; here the files are found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from profiler import mirror
from profiler.checking.check import check, unknown_steps
from profiler.errors import RunFileError, UsageError, together
from profiler.judging import Judging, facts_for, names_of, platform_for, sources_for, verdict_of
from profiler.model import Run, Variant
from profiler.report.build import build
from profiler.report.shape import Report
from profiler.settings import Rules
from profiler.settings_file import FILE, Settings, settings_file, settings_of, table_name
from profiler.store import load_run, read_header
from profiler.urls import is_url

WINDOW = 20
"""Newest runs of a folder that are looked at; what crept up before them has been there for long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a check is asked to hold a run against."""

    judging: Judging
    options: Rules = field(default_factory=Rules)
    """These go before the settings."""
    settings: Path | None = None
    """A `pyproject.toml`; None: there is none, or it is not to be asked."""
    workspace: Path = Path(".paredown")
    baselines: tuple[Run, ...] = ()
    """Baselines that are loaded already, beside those that the rules name."""
    named: Mapping[str, str] = field(default_factory=dict)
    """What stood on the command line for a step, by its name: for a message."""


def nearest_settings() -> Path | None:
    """The `pyproject.toml` that holds for the current folder."""
    return settings_file(Path.cwd())


def checked_report(run: Run, asked: Asked, *, reference: str = "last") -> Report:
    """Check a run and lay it out.

    Args:
        run: The measurements.
        asked: What they are held against.
        reference: How the user names the run; the next commands name it the same way.

    Raises:
        UsageError: If settings or options name what is not there or mean nothing, or a baseline is of another job.
        RunFileError: If a baseline cannot be read.
        FactsError: If the user's file of prices is not right.
    """
    settings = Settings() if asked.settings is None else settings_of(asked.settings, shown=_shown(asked.settings))
    _refuse_unknown_steps(run, settings, asked)
    rules = settings.of(run.plan.job).under(asked.options)
    _refuse_missing_variant(run, rules.variant)
    facts = facts_for(asked.judging)
    platform = platform_for(facts, asked.judging)
    judge = partial(verdict_of, judging=asked.judging, facts=facts, platform=platform, variant=rules.variant)
    root = Path() if asked.options.baselines or asked.settings is None else asked.settings.parent
    found = find_baselines(rules.baselines, run, workspace=asked.workspace, root=root, loaded=asked.baselines)
    held = check(
        run, judge, rules, baselines=found.runs, notes=(*found.notes, *_misnamed(run, settings, asked.settings))
    )
    return build(
        run,
        held.verdict,
        names=names_of(run, reference, asked.judging, facts),
        sources=sources_for(facts, platform),
        check=held,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The baselines that are there."""

    runs: tuple[Run, ...]
    notes: tuple[str, ...]
    """What is to be said of those that are not."""


def find_baselines(
    references: Sequence[str], run: Run, *, workspace: Path, root: Path = Path(), loaded: Sequence[Run] = ()
) -> Found:
    """Load the baselines that are there; one that is missing is said, since the first run has none.

    Args:
        references: Each the path of a run's file, a folder of them, the URL of either, an id, or `last`: the newest
            other run of the job.
        run: What is checked; in a folder it is passed over.
        workspace: Where ids and `last` are looked up.
        root: What relative paths are relative to.
        loaded: Baselines that are there already.

    Raises:
        UsageError: If a name is empty, as that of a variable that is not set.
        RunFileError: If a file is no run, is damaged, or was written with another schema.
    """
    if any(not reference.strip() for reference in references):
        raise UsageError("the name of a baseline is empty; expected a run's path or id, last, or a folder of runs")
    runs = {before.id: before for before in loaded}
    notes = []
    for reference in references:
        try:
            paths, missing = _paths(reference, run, workspace, root)
        except OSError as error:
            raise RunFileError(f"cannot look for the baseline {reference!r}: {error.strerror}") from error
        for path in paths:
            before = load_run(str(path), folder=workspace)
            runs.setdefault(before.id, before)
        if missing:
            notes.append(missing)
    if not references and not loaded:
        notes.append("No baseline was given, so nothing is compared: --baseline RUN names one.")
    return Found(runs=tuple(runs.values()), notes=tuple(notes))


def _paths(reference: str, run: Run, workspace: Path, root: Path) -> tuple[list[Path], str]:
    """The files that a reference means, and what is to be said where there is none."""
    if reference == "last":
        newest = _of_job(workspace / "runs", run)[:1]
        where = mirror.shown(workspace / "runs")
        return newest, "" if newest else f"No baseline yet: there is no other run of {run.plan.job} in {where}."
    if is_url(reference) and reference.endswith(".jsonl"):
        path = mirror.run_by_url(reference)
        return ([path], "") if path.is_file() else ([], f"No baseline yet: there is no run {reference}.")
    path = mirror.to_read(reference.rstrip("/").removesuffix("/runs")) if is_url(reference) else root / reference
    if path.is_dir():
        folder = path / "runs" if (path / "runs").is_dir() else path
        paths = _of_job(folder, run)[:WINDOW]
        return paths, "" if paths else f"No baseline yet: there is no other run of {run.plan.job} in {reference}."
    for candidate in (path, workspace / "runs" / f"{reference}.jsonl"):
        if candidate.is_file():
            return [candidate], ""
    if path.exists():
        raise RunFileError(f"the baseline {reference!r} is neither a file nor a folder; expected a run's file")
    where = mirror.shown(workspace / "runs")
    return [], f"No baseline yet: {reference!r} is no file, no folder and no id in {where}."


def _of_job(folder: Path, run: Run) -> list[Path]:
    """The files of other runs of the same job, the newest first."""
    found = []
    for path in folder.glob("*.jsonl"):
        job, run_id, created = _header_of(path)
        if job == run.plan.job and run_id != run.id:
            found.append((created, run_id, path))
    return [path for _, _, path in sorted(found, reverse=True)]


def _header_of(path: Path) -> tuple[str, str, str]:
    """Job, id and time of a run, from the first line of its file.

    Raises:
        RunFileError: If it is none.
    """
    header = read_header(path)
    try:
        return str(header["plan"]["job"]), str(header["id"]), str(header["created"])
    except (KeyError, TypeError) as error:
        raise RunFileError(f"{mirror.shown(path)}: its header is damaged: {error}") from error


def _refuse_unknown_steps(run: Run, settings: Settings, asked: Asked) -> None:
    problems = [*_unknown(run, settings, asked.settings), *_unknown_options(run, asked)]
    if problems:
        raise together(problems)


def _unknown(run: Run, settings: Settings, file: Path | None) -> Iterator[UsageError]:
    job = run.plan.job
    own = settings.jobs.get(job, Rules())
    where = FILE if file is None else _shown(file)
    for name, near in unknown_steps(run, settings.shared.steps):
        yield UsageError(
            f"{where}: {table_name('steps', name)} is no step of {job}; {near}",
            hint=f"what is for a step of another job stands in {table_name('jobs', 'JOB', 'steps', name)}",
        )
    for name, near in unknown_steps(run, own.steps):
        yield UsageError(f"{where}: {table_name('jobs', job, 'steps', name)} is no step of {job}; {near}")


def _misnamed(run: Run, settings: Settings, file: Path | None) -> Iterator[str]:
    """Say that there is a table for a job of nearly the same name, and none for this one."""
    job = run.plan.job
    near = [] if job in settings.jobs else get_close_matches(job, list(settings.jobs), n=1)
    if near and file is not None:
        yield (
            f"{_shown(file)} has {table_name('jobs', near[0])}, and none for {job}: if this one is meant, what stands "
            "there holds nothing."
        )


def _unknown_options(run: Run, asked: Asked) -> Iterator[UsageError]:
    for name, near in unknown_steps(run, asked.options.steps):
        where = f"{asked.named[name]}: " if name in asked.named else ""
        yield UsageError(f"{where}{name!r} is no step of {run.plan.job}; {near}")


def _refuse_missing_variant(run: Run, variant: Variant | None) -> None:
    asked = [item for item in run.settings.variants if run.plan.steps(item)]
    if variant is not None and variant not in asked:
        raise UsageError(
            f"the {variant} variant has to fit, and run {run.id} has none",
            hint=f"it has the {' and the '.join(asked)}; leave --variant out, or measure both",
        )


def _shown(path: Path) -> str:
    """A file as somebody finds it from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
