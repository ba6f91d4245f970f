"""The figures of one run, per variant and step, one for each repetition: measured ones, and what Lambda would bill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from statistics import fmean

from profiler.comparing.pace import cpu_times, repetitions_at
from profiler.comparing.values import Figure
from profiler.facts import Platform
from profiler.fit import DEFAULT_HEADROOM
from profiler.model import Run, Variant
from profiler.regression.busy import too_busy
from profiler.series import Place, Series
from profiler.variants import VariantVerdict
from profiler.verdict import judge

Key = tuple[Variant, str | None, Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What every run is held against, so that what Lambda would bill can be compared."""

    platform: Platform
    headroom: Decimal = DEFAULT_HEADROOM
    warm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All figures of a run; of a variant that no repetition completed there are none."""

    repeats: Mapping[Key, tuple[float, ...]]
    bounded: frozenset[tuple[Variant, str | None]]
    """Where a peak is known between two ends only."""
    hypothetical: frozenset[Variant]
    """Where GB-seconds are peak × time, because no Lambda holds it."""
    slower: Mapping[Variant, float]
    """What the fixed work took on its cores ÷ on the first run's, where CPU time and the bill are given at the pace of
    the first run; of others they are as measured."""
    busy: frozenset[Variant]
    """Where the machine had too much other work for CPU time to say anything."""


def figures_of(run: Run, measured: Sequence[Series], terms: Terms, reference: Mapping[Place, float]) -> Figures:
    """Return every figure of a run.

    Args:
        run: The run.
        measured: Its series.
        terms: What it is held against.
        reference: The pace at which CPU time and what Lambda would bill are given; empty: as measured.
    """
    found: dict[Key, list[float]] = {}
    bounded, hypothetical, busy = set(), set(), set()
    slower = {}
    for series in measured:
        key = series.place
        found[*key, Figure.PEAK] = list(series.peak_bytes)
        found[*key, Figure.CPU] = list(cpu_times(series, reference))
        found[*key, Figure.TASKS] = [series.tasks]
        if series.step is None:
            found[*key, Figure.WALL] = list(series.wall_ns)
            if key in reference:
                slower[series.variant] = fmean(series.pace_ns) / reference[key]
            if too_busy(series.waited):
                busy.add(series.variant)
        if series.bounded:
            bounded.add(key)
    for verdict in _verdicts(run, measured, terms, reference):
        if verdict.hypothetical:
            hypothetical.add(verdict.variant)
        for figure_key, value in _billed(verdict):
            found.setdefault(figure_key, []).append(value)
    return Figures(
        repeats={key: tuple(values) for key, values in found.items()},
        bounded=frozenset(bounded),
        hypothetical=frozenset(hypothetical),
        slower=slower,
        busy=frozenset(busy),
    )


def _verdicts(
    run: Run, measured: Sequence[Series], terms: Terms, reference: Mapping[Place, float]
) -> list[VariantVerdict]:
    """What Lambda would bill for each repetition of each variant."""
    verdicts = []
    for turn in zip_longest(*(repetitions_at(run, variant, measured, reference) for variant in Variant)):
        of_turn = [repetition for repetition in turn if repetition is not None]
        shown = run
        for repetition in of_turn:
            shown = shown.with_repetition(repetition)
        judged = judge(shown, terms.platform, headroom=terms.headroom, warm=terms.warm)
        of_variant = {Variant.MONOLITH: judged.monolith, Variant.DECOMPOSED: judged.decomposed}
        verdicts += [found for item in of_turn if (found := of_variant[item.variant]) is not None]
    return verdicts


def _billed(verdict: VariantVerdict) -> list[tuple[Key, float]]:
    variant = verdict.variant
    billed: list[tuple[Key, float]] = []
    if verdict.gb_s is not None:
        billed.append(((variant, None, Figure.GB_SECONDS), float(verdict.gb_s)))
    if verdict.usd_per_request is not None:
        billed.append(((variant, None, Figure.USD_PER_REQUEST), float(verdict.usd_per_request)))
    for step in verdict.steps:
        if step.gb_s is not None:
            billed.append(((variant, step.name, Figure.GB_SECONDS), float(step.gb_s)))
    return billed
