"""From a workspace to the history of one of its jobs: which runs it has, what they measured, what crept up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path

from profiler.checking.likeness import other_data, renamed, same_machine
from profiler.checking.outcome import Measure
from profiler.errors import RunFileError, UsageError
from profiler.history.reading import Figures, read_figures
from profiler.history.values import Ending, History, Past, Trend
from profiler.kept.listing import Header, Unreadable, list_headers
from profiler.model import Variant
from profiler.regression.busy import too_busy
from profiler.regression.creep import creep
from profiler.regression.repeats import typical
from profiler.regression.thresholds import CREEP_SIGNIFICANCE, DEFAULT_THRESHOLD, least_growth
from profiler.series import Series

_MOST_NAMED = 12
_MOST_POINTS = 30
"""Of more runs, neighbours are taken together: the test for a rise takes time by the square of them."""


def history_of(job: str | None, *, root: Path, mib_per_vcpu: int, last: int | None = None) -> History:
    """Return the history of a job.

    Args:
        job: Its name, or its file; None: the only one there is.
        root: The workspace.
        mib_per_vcpu: Lambda's memory size that has one vCPU.
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
    runs = tuple(_past(header, found[header.path], readable[-1]) for header in readable)
    return History(
        job=name,
        runs=runs,
        trends=tuple(_trends(runs)),
        older=len(of_job) - len(kept),
        unreadable=(
            *unreadable,
            *(Unreadable(path=path, problem=problem) for path, problem in sorted(damaged.items())),
        ),
        mib_per_vcpu=mib_per_vcpu,
    )


def _chosen(job: str | None, headers: Sequence[Header], root: Path) -> str:
    if not headers:
        raise RunFileError(f"there is no run in {root / 'runs'}", hint="measure one: paredown run JOB")
    counts = Counter(header.job for header in headers)
    named = [f"{name} ({number})" for name, number in counts.most_common(_MOST_NAMED)]
    if len(counts) > _MOST_NAMED:
        named.append(f"{len(counts) - _MOST_NAMED} more")
    if job is None:
        if len(counts) > 1:
            raise UsageError(
                f"runs of {len(counts)} jobs are kept in {root}: {', '.join(named)}; expected the name of one",
                hint=f"paredown history {headers[0].job}",
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
        f"no run of {job!r} is kept in {root}",
        hint=f"did you mean {' or '.join(near)}?" if near else f"kept are runs of {', '.join(named)}",
    )


def _past(header: Header, figures: Figures, newest: Header) -> Past:
    names = {
        variant: {old: new for new, old in renamed(header.run, newest.run, variant).items()} for variant in Variant
    }
    ending = Ending.COMPLETE
    if not figures.ended:
        ending = Ending.INTERRUPTED
    elif figures.failed:
        ending = Ending.FAILED
    return Past(
        header=header,
        ending=ending,
        reason=figures.reason if ending is Ending.FAILED else "",
        same_machine=same_machine(header.run.machine, newest.run.machine),
        other_data=other_data(header.run, newest.run),
        series=tuple(
            replace(series, step=names[series.variant].get(series.step or "", series.step))
            for series in figures.series
            if series.variant not in figures.taken
        ),
        taken=figures.taken,
    )


def _trends(runs: Sequence[Past]) -> Iterator[Trend]:
    keys = dict.fromkeys((series.variant, series.step) for run in reversed(runs) for series in run.series)
    order = list(Variant)
    for variant, step in sorted(keys, key=lambda key: (order.index(key[0]), key[1] is not None)):
        for measure in Measure:
            repeats = [_repeats(run, variant, step, measure) for run in runs]
            quiet = [not (measure is Measure.CPU and _busy(run, variant)) for run in runs]
            known = [values for values in repeats if values]
            told = [values for values, steady in zip(repeats, quiet, strict=True) if values and steady]
            wholes = [values for run in runs if (values := _repeats(run, variant, None, measure))]
            if known:
                yield Trend(
                    variant=variant,
                    step=step,
                    measure=measure,
                    values=tuple(typical(values) if values else None for values in repeats),
                    rise=creep(
                        _fewer(told),
                        threshold=float(DEFAULT_THRESHOLD[measure]),
                        least=least_growth(measure, whole_before=typical(wholes[0]) if wholes else 0),
                        significance=CREEP_SIGNIFICANCE[measure],
                    ),
                )


def _fewer(runs: Sequence[tuple[int, ...]]) -> list[tuple[float, ...]]:
    """The repeats of each run; of many runs, the figures of neighbours as if they were repeats of one."""
    if len(runs) <= _MOST_POINTS:
        return list(runs)
    borders = [place * len(runs) // _MOST_POINTS for place in range(_MOST_POINTS + 1)]
    return [tuple(typical(repeats) for repeats in runs[start:end]) for start, end in pairwise(borders)]


def _busy(run: Past, variant: Variant) -> bool:
    """Whether the machine had too much other work for the run's CPU time to say anything."""
    return any(too_busy(series.waited) for series in run.series if (series.variant, series.step) == (variant, None))


def _repeats(run: Past, variant: Variant, step: str | None, measure: Measure) -> tuple[int, ...]:
    """The figures of a run that can be held to the newest one's; of another machine memory alone."""
    if run.other_data or (measure is Measure.CPU and not run.same_machine):
        return ()
    series: Series | None = next(
        (series for series in run.series if (series.variant, series.step) == (variant, step)), None
    )
    if series is None:
        return ()
    return series.peak_bytes if measure is Measure.PEAK else series.cpu_ns
