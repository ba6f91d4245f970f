"""Figures for the Action benchmark-action/github-action-benchmark, as its tool `customSmallerIsBetter` reads them.

One entry per figure: its name, its unit, its value, how far the repeats lie from it, and what else is to be known. The
action finds a figure of an earlier run by its name, so a name holds the job, the variant, the step and the measure, and
nothing that changes from run to run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

from profiler.report.cases import Case, Figures, cases_of, spread
from profiler.report.shape import Report
from profiler.units import MIB

_DIGITS = 6
"""Significant digits of a value: more than a measurement has, and few enough to be read."""


def render(report: Report) -> str:
    """Return a JSON array that ends in a newline; empty where no variant ended well."""
    entries = [entry for case in cases_of(report) for entry in _entries(case, report)]
    return json.dumps(entries, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _entries(case: Case, report: Report) -> Iterator[dict[str, Any]]:
    name = "/".join(part for part in (report.title, case.variant.value, case.name) if part)
    if case.figures is not None:
        sizes = [peak / MIB for peak in case.figures.peak_bytes]
        bounded = ["the peak lies between two ends; this is the high one that is known"] if case.figures.bounded else []
        yield _entry(f"{name}/peak", "MB", sizes, [*_repeats(case.figures), *bounded])
        yield _entry(f"{name}/CPU", "s", case.figures.cpu_s, _repeats(case.figures))
    if case.gb_s is not None:
        sold = ["no Lambda holds it: peak × time"] if case.hypothetical else []
        size = [] if case.memory_mib is None else [f"{case.memory_mib} MB on Lambda"]
        yield _entry(f"{name}/GB-seconds", "GB-s", [float(case.gb_s)], [*size, *sold])
    if case.usd_per_request is not None:
        where = ["paid for an EC2 machine by its time"] if case.hypothetical else []
        yield _entry(f"{name}/dollars per request", "USD", [float(case.usd_per_request)], where)


def _entry(name: str, unit: str, values: Sequence[float], extra: Sequence[str]) -> dict[str, Any]:
    around = spread(values)
    return {
        "name": name,
        "unit": unit,
        "value": _rounded(median(values)),
        **({} if around is None else {"range": f"± {_rounded(around)}"}),
        **({"extra": "\n".join(extra)} if extra else {}),
    }


def _repeats(figures: Figures) -> list[str]:
    repeats = len(figures.cpu_s)
    return [f"median of {repeats} repeats"] if repeats > 1 else []


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
