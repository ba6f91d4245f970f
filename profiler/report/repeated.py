"""How often a run was measured, and how far its repetitions lie apart: in words, and as plain values for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from profiler.model import INTERRUPTED, Run, Variant
from profiler.series import Series, series_of
from profiler.units import Scale, count, memory_scale, time_scale


def repeated_text(run: Run) -> str:
    """Return what a reader has to know of the repetitions; empty where nothing was repeated."""
    if run.settings.repeats < 2 and all(len(run.repeated(variant)) < 2 for variant in Variant):
        return ""
    often = "once" if run.settings.repeats == 1 else f"{count(run.settings.repeats)} times"
    turns = ", by turns" if len(run.settings.variants) > 1 else ""
    return "; ".join(
        [f"measured {often}{turns}, shown is the repetition with the median CPU time", *_of_each_variant(run)]
    )


def _of_each_variant(run: Run) -> Iterator[str]:
    wholes = {series.variant: series for series in series_of(run) if series.step is None}
    for variant in Variant:
        repetitions = run.repeated(variant)
        if not repetitions:
            continue
        parts = []
        whole = wholes.get(variant)
        if whole is not None:
            parts.append(f"CPU {_range(whole.cpu_ns, time_scale(whole.cpu_ns))} with inits")
            parts.append(f"peak {_range(whole.peak_bytes, memory_scale(whole.peak_bytes))}")
            parts += ["bounded"] if whole.bounded else []
        complete = 0 if whole is None else whole.repeats
        if complete != run.settings.repeats:
            parts.append(f"{count(complete)} complete")
        failed = [one for one in repetitions if one.end and not one.complete and one.end.reason != INTERRUPTED]
        parts += [f"repetition {count(one.repeat + 1)} failed and is shown" for one in failed]
        yield ("" if run.is_script else f"{variant}: ") + ", ".join(parts)


def _range(values: Sequence[int], scale: Scale) -> str:
    low, high = scale.text(min(values)), scale.text(max(values))
    return f"{low} {scale.name}" if low == high else f"{low}–{high} {scale.name}"


def repeated_values(run: Run) -> dict[str, Any]:
    """Return the figures of every complete repetition of each variant: of the whole, and of each step."""
    of_variants: dict[str, dict[str, Any]] = {}
    for series in series_of(run):  # The whole of a variant stands before its steps.
        if series.step is None:
            of_variants[series.variant.value] = {"repeats": series.repeats, "whole": _values(series), "steps": []}
        else:
            of_variants[series.variant.value]["steps"].append({"name": series.step, **_values(series)})
    return of_variants


def _values(series: Series) -> dict[str, Any]:
    return {
        "tasks": series.tasks,
        "peak_bytes": list(series.peak_bytes),
        "bounded": series.bounded,
        "cpu_ns": list(series.cpu_ns),
        "wall_ns": list(series.wall_ns),
    }
