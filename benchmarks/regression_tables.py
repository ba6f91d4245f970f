"""Tables beside the rates: the pool's noise, other thresholds, and what a busy machine does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

import numpy as np

from benchmarks.evidence import Table, number
from benchmarks.regression_pairs import Calls, Checked, Pairs, calls, figures
from benchmarks.regression_pool import MEASURES, STEP, Pooled
from profiler.regression.busy import MOST_WAITED
from profiler.regression.difference import SIGNIFICANCE
from profiler.regression.repeats import typical
from profiler.regression.thresholds import DEFAULT_THRESHOLD, least_growth

SWEEP = (0.03, 0.05, 0.08, 0.10, 0.12, 0.15, 0.20)
WAITING = (0, 0.02, 0.05, MOST_WAITED, 1)


def noise(base: Sequence[Pooled]) -> Table:
    """How much repeats and runs of the same code differ."""
    rows = []
    for key in base[0].series:
        step = key[1] or "the whole"
        rows.append((step, MEASURES[key[2]], *_spreads([run.series[key] for run in base])))
        if key[2] == "cpu":
            rows.append((step, "CPU at one pace", *_spreads([figures(key, run, base[0]) for run in base])))
    return Table(
        title="Noise of the pool: standard deviation of repeats within a run, and of what stands for a run.",
        columns=("step", "", "repeats", "runs"),
        rows=tuple(rows),
    )


def _spreads(runs: Sequence[Sequence[float]]) -> tuple[str, str]:
    within = float(np.mean([np.std(np.log(run), ddof=1) for run in runs]))
    between = float(np.std([np.log(typical(run)) for run in runs], ddof=1))
    return f"{100 * within:.1f} %", f"{100 * between:.1f} %"


def sweep(
    unchanged: Pairs,
    changed: Pairs,
    base: Sequence[Pooled],
    grown: Sequence[Pooled],
) -> Table:
    """What other thresholds would give."""

    def percent(found: Calls) -> str:
        return f"{100 * float(np.nanmean(found)):.2f} %"

    same, other = (len(base), len(base)), (len(base), len(grown))
    rows = [
        (
            MEASURES[measure],
            f"{100 * threshold:.0f} %",
            percent(calls(unchanged, same, any_worse_at(measure, threshold))),
            percent(calls(changed, other, any_worse_at(measure, threshold, STEP))),
        )
        for measure in MEASURES
        for threshold in SWEEP
    ]
    return Table(
        title="Other thresholds, without regard to how busy the machine was: checks of the same code that call "
        "anything of a measure worse, and changed steps that are called.",
        columns=("", "threshold", "false alarms", "caught"),
        rows=tuple(rows),
    )


def any_worse_at(measure: str, threshold: float, only: str | None = None) -> Callable[[Checked], float]:
    """1 where a check with another threshold calls anything of a measure worse, or this step."""

    def found(differences: Checked) -> float:
        return float(
            any(
                item.p_value is not None
                and item.p_value <= SIGNIFICANCE
                and item.ratio > 1 + threshold
                and item.after - item.before
                >= least_growth(measure, whole_before=differences[variant, None, measure].before)
                for (variant, step, which), item in differences.items()
                if which == measure and only in (None, step)
            )
        )

    return found


def by_waiting(
    unchanged: Pairs,
    changed: Pairs,
    base: Sequence[Pooled],
    grown: Sequence[Pooled],
) -> Table:
    """What the rates are on a quiet and on a busy machine."""
    rows = []
    for low, high in pairwise(WAITING):
        same = [
            any_worse_at("cpu", float(DEFAULT_THRESHOLD["cpu"]))(found)
            for (first, second), found in unchanged.items()
            if low <= most_waited(base[first], base[second]) < high
        ]
        other = [
            any_worse_at("cpu", float(DEFAULT_THRESHOLD["cpu"]), STEP)(found)
            for (first, second), found in changed.items()
            if low <= most_waited(base[first], grown[second]) < high
        ]
        if same and other:
            rows.append(
                (
                    f"{100 * low:.0f} to {100 * high:.0f} %",
                    f"{100 * float(np.mean(same)):.2f} % of {len(same):,}",
                    f"{100 * float(np.mean(other)):.2f} % of {len(other):,}",
                )
            )
    return Table(
        title="What CPU time would be called if a busy machine were no matter, by the share of their time that the "
        f"tasks of the busier of two runs waited for a core; above {100 * MOST_WAITED:.0f} % nothing is called.",
        columns=("waited", "checks that call the same code worse", "20 % more CPU that is called"),
        rows=tuple(rows),
    )


def most_waited(*runs: Pooled) -> float:
    """What the busiest of the runs waited, in the median of its repeats."""
    return max(median(run.waited) for run in runs)


def told(base: Sequence[Pooled], grown: Sequence[Pooled]) -> str:
    """Say when and where the pool was measured, and how busy the machine was."""
    runs = sorted((*base, *grown), key=lambda run: run.at)
    machines = ", ".join(sorted({run.machine for run in runs}))
    loads = [run.load for run in runs]
    return (
        f"The pool was measured from {runs[0].at[:16]} to {runs[-1].at[:16]} UTC on {machines}; load while measuring "
        f"{number(float(np.median(loads)))} in the median, {number(min(loads))} to {number(max(loads))}."
    )
