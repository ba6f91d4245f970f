"""From a workspace to the history of one of its jobs: which runs it has, what they measured, what crept up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from profiler import mirror
from profiler.checking.likeness import other_data, renamed, same_between, same_machine
from profiler.errors import RunFileError, UsageError
from profiler.history.reading import Figures, read_figures
from profiler.history.trends import trends_of
from profiler.history.values import Ending, History, Past
from profiler.kept.listing import Header, Unreadable, list_headers
from profiler.model import Variant
from profiler.regression.busy import too_busy
from profiler.store import measure_one

_MOST_NAMED = 12


def history_of(job: str | None, *, root: Path, last: int | None = None) -> History:
    """Return the history of a job.

    Args:
        job: Its name, or its file; None: the only one there is.
        root: The workspace.
        last: Only the newest so many runs.

    Raises:
        RunFileError: If no run is kept.
        UsageError: If there is no such job, or several and none is named.
    """
    headers, unreadable = list_headers(root)
    name = _chosen(job, headers, root)
    of_job = [header for header in headers if header.job == name]
    kept = of_job[: last or len(of_job)]
    found, damaged = read_figures([header.path for header in kept])
    readable = [header for header in reversed(kept) if header.path in found]
    figures = [found[header.path] for header in readable]
    runs = tuple(_past(header, own, readable[-1], figures[-1]) for header, own in zip(readable, figures, strict=True))
    return History(
        job=name,
        runs=runs,
        trends=tuple(trends_of(runs)),
        older=len(of_job) - len(kept),
        unreadable=(
            *unreadable,
            *(Unreadable(path=mirror.shown(path), problem=problem) for path, problem in sorted(damaged.items())),
        ),
    )


def _chosen(job: str | None, headers: Sequence[Header], root: Path) -> str:
    if not headers:
        raise RunFileError(f"there is no run in {mirror.shown(root / 'runs')}", hint=measure_one(root))
    counts = Counter(header.job for header in headers)
    named = [f"{name} ({number})" for name, number in counts.most_common(_MOST_NAMED)]
    if len(counts) > _MOST_NAMED:
        named.append(f"{len(counts) - _MOST_NAMED} more")
    if job is None:
        if len(counts) > 1:
            where = mirror.shown(root)
            raise UsageError(
                f"runs of {len(counts)} jobs are kept in {where}: {', '.join(named)}; expected the name of one",
                hint=f"paredown history {headers[0].job}{mirror.option(root)}",
            )
        return headers[0].job
    if job in counts:
        return job
    file = Path(job).resolve()
    for header in headers:
        if Path(header.run.plan.file) == file:
            return header.job
    near = get_close_matches(job, counts, n=3)
    raise UsageError(
        f"no run of {job!r} is kept in {mirror.shown(root)}",
        hint=f"did you mean {' or '.join(near)}?" if near else f"kept are runs of {', '.join(named)}",
    )


def _past(header: Header, figures: Figures, newest: Header, newest_figures: Figures) -> Past:
    names = {
        variant: {old: new for new, old in renamed(header.run, newest.run, variant).items()} for variant in Variant
    }
    ending = Ending.COMPLETE
    if not figures.ended:
        ending = Ending.INTERRUPTED
    elif figures.failed:
        ending = Ending.FAILED
    own = [
        replace(series, step=names[series.variant].get(series.step or "", series.step))
        for series in figures.series
        if series.variant not in figures.taken
    ]
    return Past(
        header=header,
        ending=ending,
        reason=figures.reason if ending is Ending.FAILED else "",
        same_machine=same_machine(header.run.machine, newest.run.machine)
        and (figures is newest_figures or (figures.hosts is not None and figures.hosts == newest_figures.hosts)),
        other_data=other_data(header.run, newest.run),
        same_between=same_between(header.run, newest.run, Variant.DECOMPOSED),
        series={series.place: series for series in own},
        taken=figures.taken,
        busy=frozenset(series.variant for series in figures.series if series.step is None and too_busy(series.waited)),
    )
