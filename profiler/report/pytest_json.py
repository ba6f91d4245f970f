"""Figures as pytest-benchmark writes them, for `pytest-benchmark compare` and for dashboards that read its files.

What it calls the time of a round is here the CPU time of a repetition, in seconds: elapsed time depends on what else a
shared machine does. Memory, GB-seconds and dollars are in `extra_info`, which its readers pass on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import mean, median, stdev
from typing import Any

from profiler.model import Machine, Run
from profiler.report.cases import Case, Figures, cases_of
from profiler.report.clean import one_line
from profiler.report.shape import Report


def render(report: Report) -> str:
    """Return the file's text, which ends in a newline; without benchmarks where no variant ended well."""
    run = report.run
    document = {
        "machine_info": _machine(run.machine),
        "commit_info": _commit(run, report.title),
        "benchmarks": [_benchmark(case, case.figures, report) for case in cases_of(report) if case.figures is not None],
        "datetime": one_line(run.created),
        "version": one_line(f"paredown {run.version}"),
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _machine(machine: Machine) -> dict[str, Any]:
    system, _, release = one_line(machine.system).partition(" ")
    return {
        "node": one_line(machine.host),
        "processor": one_line(machine.cpu_model),
        "python_version": one_line(machine.python),
        "system": system,
        "release": release,
        "cpu": {"brand_raw": one_line(machine.cpu_model), "count": machine.cores},
        "memory_bytes": machine.memory_bytes,
    }


def _commit(run: Run, project: str) -> dict[str, Any]:
    commit = run.commit
    return {
        "id": "unversioned" if commit is None else one_line(commit.id),
        "time": None,
        "author_time": None,
        "dirty": commit is not None and commit.dirty,
        "project": project,
        "branch": (one_line(commit.branch) if commit else "") or "(unknown)",
    }


def _benchmark(case: Case, figures: Figures, report: Report) -> dict[str, Any]:
    name = f"{case.variant.value}/{case.name}" if case.name else case.variant.value
    return {
        "group": case.variant.value,
        "name": name,
        "fullname": f"{report.title}/{name}",
        "params": None,
        "param": None,
        "extra_info": _extra(case, figures),
        "options": {"timer": "cpu_time", "warmup": False},
        "stats": stats_of(figures.cpu_s),
    }


def _extra(case: Case, figures: Figures) -> dict[str, Any]:
    return {
        "peak_bytes": median(figures.peak_bytes),
        "peak_bytes_of_rounds": list(figures.peak_bytes),
        "peak_exact": not figures.bounded,
        "wall_seconds": median(figures.wall_s),
        "tasks": case.tasks,
        "memory_mib": case.memory_mib,
        "gb_seconds": None if case.gb_s is None else float(case.gb_s),
        "hypothetical": case.hypothetical,
        "usd_per_request": None if case.usd_per_request is None else float(case.usd_per_request),
        "fits": case.fits,
    }


def stats_of(seconds: Sequence[float]) -> dict[str, Any]:
    """What pytest-benchmark says of as many rounds, by its own definitions: quartiles by Tukey's hinges or between."""
    data = sorted(seconds)
    middle, first, third = median(data), _quartile(data), -_quartile([-value for value in reversed(data)])
    deviation = stdev(data) if len(data) > 1 else 0.0
    between = third - first
    low, high = first - 1.5 * between, third + 1.5 * between
    centre = mean(data)
    beyond_deviation = sum(not centre - deviation <= value <= centre + deviation for value in data)
    beyond_fences = sum(not low <= value <= high for value in data)
    total = sum(seconds)
    return {
        "min": data[0],
        "max": data[-1],
        "mean": centre,
        "stddev": deviation,
        "rounds": len(data),
        "median": middle,
        "iqr": between,
        "q1": first,
        "q3": third,
        "iqr_outliers": beyond_fences,
        "stddev_outliers": beyond_deviation,
        "outliers": f"{beyond_deviation};{beyond_fences}",
        "ld15iqr": min(value for value in data if value >= low),
        "hd15iqr": max(value for value in data if value <= high),
        "ops": len(data) / total if total else 0.0,
        "total": total,
        "data": list(seconds),
        "iterations": 1,
    }


def _quartile(data: Sequence[float]) -> float:
    """The lower quartile of sorted values; the upper one is that of the values turned around.

    Of an even number it is the median of the lower half; of an odd one between both ways to count the middle.
    """
    whole, rest = divmod(len(data), 4)
    if len(data) == 1:
        return data[0]
    if len(data) % 2 == 0:
        return median(data[: len(data) // 2])
    if rest == 1:
        return 0.25 * data[whole - 1] + 0.75 * data[whole]
    return 0.75 * data[whole] + 0.25 * data[whole + 1]
