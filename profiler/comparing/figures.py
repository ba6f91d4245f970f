"""The figures of one run, per variant and step, one for each repetition: measured ones, and what Lambda would bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from profiler.comparing.values import Figure
from profiler.facts import Platform
from profiler.fit import DEFAULT_HEADROOM
from profiler.model import Run, Variant
from profiler.series import complete_repetitions, series_of
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


def figures_of(run: Run, terms: Terms) -> Figures:
    """Return every figure of a run."""
    found: dict[Key, list[float]] = {}
    bounded, hypothetical = set(), set()
    for series in series_of(run):
        key = series.variant, series.step
        found[*key, Figure.PEAK] = list(series.peak_bytes)
        found[*key, Figure.CPU] = list(series.cpu_ns)
        found[*key, Figure.TASKS] = [series.tasks]
        if series.step is None:
            found[*key, Figure.WALL] = list(series.wall_ns)
        if series.bounded:
            bounded.add(key)
    for verdict in _verdicts(run, terms):
        if verdict.hypothetical:
            hypothetical.add(verdict.variant)
        for figure_key, value in _billed(verdict):
            found.setdefault(figure_key, []).append(value)
    return Figures(
        repeats={key: tuple(values) for key, values in found.items()},
        bounded=frozenset(bounded),
        hypothetical=frozenset(hypothetical),
    )


def _verdicts(run: Run, terms: Terms) -> list[VariantVerdict]:
    """What Lambda would bill for each repetition of each variant."""
    complete = {variant: complete_repetitions(run, variant) for variant in Variant}
    verdicts = []
    for turn in range(max(map(len, complete.values()))):
        of_turn = [repetitions[turn] for repetitions in complete.values() if turn < len(repetitions)]
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
