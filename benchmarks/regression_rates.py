"""How often a check of the same code calls something worse, and how often it finds what really is.

    python benchmarks/regression_rates.py --collect 15     # measures 30 runs as it is and 15 changed; adds to the pool
    python benchmarks/regression_rates.py                  # resamples the pool; two minutes

Claims, at the default thresholds and with five repeats: a check of unchanged code against an earlier run of it calls
anything worse in at most 1 % of all cases; of a step that really holds 10 % more memory, and of one that really uses
20 % more CPU, at least 95 % are called. Of histories without a trend at most 1 % are said to creep.

Method: the pool holds real runs of the main reference job on small data, and of the same job whose `train` really holds
and really computes more, measured in turn over a long time. Every run is held against every other one of its machine,
as a check does it: each step and the whole, memory and CPU, the latter not where a machine was too busy; of more CPU
the rate is over the pairs that a check can call. Histories are runs of the pool in an order drawn by lot.

Pairs that share a run are not independent, so the interval of a rate (95 %) comes from resampling runs, not pairs.
Where no pair or every pair was called, that says nothing, and it is the exact binomial one over as many pairs as share
no run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.evidence import Figure, Result, figure, finish, parser, rounded
from benchmarks.regression_pairs import (
    Calls,
    Pairs,
    any_worse,
    any_worse_of_quiet,
    calls,
    figures,
    interval,
    pairs,
    share_worse,
    worse,
)
from benchmarks.regression_pool import MEASURES, POOL, STEP, Pooled, collect, read
from benchmarks.regression_tables import by_waiting, noise, sweep, told
from profiler.regression.busy import too_busy
from profiler.regression.creep import creep
from profiler.regression.repeats import typical
from profiler.regression.thresholds import CREEP_SIGNIFICANCE, DEFAULT_THRESHOLD, least_growth

NAME = "regression_rates"
MOST_FALSE, LEAST_CAUGHT = 1, 95
HISTORIES = 2000
WINDOWS = (5, 10, 20)


def main(arguments: list[str] | None = None) -> int:
    """Collect, or resample, write and show."""
    options_of = parser(__doc__)
    options_of.add_argument("--pool", type=Path, default=POOL, help="(default: %(default)s)")
    options_of.add_argument("--collect", type=int, metavar="CYCLES", help="measure: two runs as it is and one changed")
    options_of.add_argument("--repeats", type=int, default=5, help="of each run that is measured")
    options = options_of.parse_args(arguments)
    if options.collect:
        collect(options.collect, options.repeats, options.pool)
        return 0
    pool = read(options.pool)
    return finish(result_of(pool), options.results)


def result_of(pool: Sequence[Pooled]) -> Result:
    """Find the rates."""
    base, grown = ([run for run in pool if run.kind == kind] for kind in ("base", "grown"))
    unchanged, changed = pairs(base, base), pairs(base, grown)
    return Result(
        name=NAME,
        claim="At the default thresholds and with five repeats, at most 1 % of all checks of unchanged code call "
        "anything worse, at least 95 % of what really holds 10 % more memory or uses 20 % more CPU is called, and at "
        "most 1 % of all histories without a trend are said to creep.",
        method="Real runs of the main reference job on small data, and of the same job whose `train` really holds and "
        "computes more, measured in turn and kept in a pool. Every run is held against every other one, as a check "
        "does it: each step and the whole, memory and CPU, the latter not where the machine was too busy; what is "
        "caught of CPU is over the pairs that a check can call. Brackets: 95 % interval of the rate, by resampling "
        "runs; where nothing or all was called, the exact binomial one over as many pairs as share no run.",
        runs=len(pool),
        settings={
            "repeats": len(next(iter(pool[0].series.values()))),
            "runs as they are": len(base),
            "changed": len(grown),
        },
        figures=(
            *false_alarms(unchanged, base),
            *caught(changed, base, grown),
            *creeps(base),
        ),
        tables=(
            noise(base),
            sweep(unchanged, changed, base, grown),
            by_waiting(unchanged, changed, base, grown),
        ),
        notes=(told(base, grown),),
    )


def rate(name: str, found: Calls, *, same: bool, **target: Any) -> Figure:
    """Make a figure of a rate, with its interval; `same`: runs before and after are the same ones."""
    value = float(np.nanmean(found))
    low, high = interval(found, same=same)
    return Figure(
        name=name,
        value=rounded(100 * value),
        low=rounded(100 * min(low, value)),
        high=rounded(100 * max(high, value)),
        unit="%",
        **target,
    )


def false_alarms(checked: Pairs, base: Sequence[Pooled]) -> Iterator[Figure]:
    """How often the same code is called worse."""
    for name, called in (
        ("checks of the same code that call anything worse", any_worse),
        ("the same, where neither machine was too busy for CPU time to be called", any_worse_of_quiet),
        ("single comparisons of the same code, memory", share_worse("peak")),
        ("single comparisons of the same code, CPU, where it can be called", share_worse("cpu")),
    ):
        found = calls(checked, (len(base), len(base)), called)
        if not np.isnan(found).all():
            yield rate(name, found, same=True, at_most=MOST_FALSE)


def caught(checked: Pairs, base: Sequence[Pooled], grown: Sequence[Pooled]) -> Iterator[Figure]:
    """How often what really grew is called worse."""
    for measure, name in (("peak", "10 % more memory"), ("cpu", "20 % more CPU, where it can be called")):
        found = calls(checked, (len(base), len(grown)), worse(STEP, measure))
        if not np.isnan(found).all():
            yield rate(f"a step with {name}: called worse", found, same=False, at_least=LEAST_CAUGHT)
    busy = float(np.isnan(found).mean())
    yield figure("pairs of which one run is of too busy a machine for CPU time to be called", 100 * busy, "%")
    for measure, name in MEASURES.items():
        yield figure(f"how much more {name} it really has, by the medians of all", growth(measure, base, grown), "%")


def growth(measure: str, base: Sequence[Pooled], grown: Sequence[Pooled]) -> float:
    """Growth of the changed step over the whole pool, in percent."""
    before, after = (
        np.median([
            value
            for run in runs
            for key in run.series
            if key[1:] == (STEP, measure)
            for value in figures(key, run, base[0])
        ])
        for runs in (base, grown)
    )  # fmt: skip
    return float(100 * (after / before - 1))


def creeps(base: Sequence[Pooled]) -> Iterator[Figure]:
    """How often a history whose order was drawn by lot is said to creep."""
    draw = np.random.default_rng(0)
    for window in WINDOWS:
        if window > len(base):
            continue
        named = [any_creep([base[place] for place in draw.permutation(len(base))[:window]]) for _ in range(HISTORIES)]
        exact = stats.binomtest(sum(named), HISTORIES).proportion_ci(method="exact")
        yield Figure(
            name=f"histories of {window} runs in any order that are said to creep",
            value=rounded(100 * sum(named) / HISTORIES),
            low=rounded(100 * exact.low),
            high=rounded(100 * exact.high),
            unit="%",
            at_most=MOST_FALSE,
        )


def any_creep(history: Sequence[Pooled]) -> bool:
    """Whether a check with this history would say that something creeps."""
    quiet = [run for run in history if not too_busy(run.waited)] if not too_busy(history[-1].waited) else []
    return any(
        creep(
            [figures(key, run, history[-1]) for run in runs],
            threshold=float(DEFAULT_THRESHOLD[key[2]]),
            least=least_growth(key[2], whole_before=typical(figures((key[0], None, key[2]), runs[0], history[-1]))),
            significance=CREEP_SIGNIFICANCE[key[2]],
        )
        for key in history[0].series
        if (runs := quiet if key[2] == "cpu" else history)
    )


if __name__ == "__main__":
    sys.exit(main())
