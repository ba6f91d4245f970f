"""How well a time and a memory size are predicted: held against invocations that others published.

    python benchmarks/lambda_accuracy.py [--data FILE] [--results FOLDER]

Time: warm invocations of a numpy matrix product on two threads, medians per memory size and matrix size. Those at
3,008 MB, where Lambda gives 1.7 vCPUs, stand for the free run; from their wall and CPU time `predict_duration` says
what the smaller sizes take. Memory: what a matrix size needs is fitted on cold invocations that ended well; then every
invocation of the set, whatever became of it, is held against its memory size.

Writes `lambda_accuracy.json` and `lambda_accuracy.txt`. Exit code 1: a figure to reach is not reached.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np

from benchmarks.evidence import Figure, figure_as_json
from profiler import duration
from profiler.duration import predict_duration
from profiler.units import NS_PER_MS, count

if TYPE_CHECKING:
    import pandas as pd

DATA = Path(__file__).parents[2] / "shared" / "data" / "lambda_matmul_2024.parquet"
RESULTS = Path(__file__).parent / "results"

FREE_MIB = 3008
FREE_CORES = FREE_MIB / duration.MIB_PER_VCPU
SHORTEST_MS = 200
"""AWS's CPU counters tick in steps of 10 ms, so that shorter invocations say little about their CPU time."""
FULLEST = 0.7
"""Work close to its memory limit slows down for other reasons than its CPU share."""
SMALLEST_MIB = 768

MOST_MEDIAN, MOST_P90 = 0.03, 0.08


def main(arguments: list[str] | None = None) -> int:
    """Measure, write and show; says whether the figures to reach are reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    if not options.data.exists():
        print(f"{options.data} is not there; it holds the published invocations", file=sys.stderr)
        return 2
    invocations = read(options.data)
    need = fit_need(invocations)
    result: dict[str, Any] = {
        "schema": 1,
        "name": "lambda_accuracy",
        "claim": "Times and memory sizes are predicted as real invocations of AWS Lambda had them.",
        "method": "Published invocations of a numpy matrix product, medians per memory size and matrix size: from the "
        "time at 3,008 MB the times at smaller sizes are predicted; what a matrix size needs is held against what "
        "became of each invocation.",
        "data": {
            "file": options.data.name,
            "source": "SidAg26/aws-lambda-power-tuning, MemFigLess, arXiv 2411.07444",
            "invocations": len(invocations),
        },
        "duration": judge_duration(invocations, need),
        "memory": judge_memory(invocations, need),
    }
    result["figures"] = [figure_as_json(item) for item in figures(result)]
    result["met"] = result["duration"]["reached"] and result["memory"]["reached"]
    text = describe(result)
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "lambda_accuracy.json").write_text(json.dumps(result, indent=2) + "\n")
    (options.results / "lambda_accuracy.txt").write_text(text)
    print(text, end="")
    return 0 if result["met"] else 1


def read(file: Path) -> pd.DataFrame:
    """One row per invocation: n, memory_mb, duration_ms, cpu_ms, max_memory_used_mb, cold, failed."""
    return duckdb.execute(
        """
        SELECT n, memory_mb, duration_ms, cpu_user_ms + cpu_system_ms AS cpu_ms, max_memory_used_mb,
               cold_start AS cold, function_error IS NOT NULL AS failed
        FROM read_parquet($file)
        """,
        {"file": str(file)},
    ).df()


# --- memory ---------------------------------------------------------------------------------------------------------


def fit_need(invocations: pd.DataFrame) -> dict[str, Any]:
    """What a matrix size needs, in MB: a base, and so many bytes per element of the matrix.

    Fitted by least squares on all cold invocations that ended well and reported less than 90 % of their memory size:
    a warm environment reports the highest of all its invocations, and a report near the limit is cut off by it.
    """
    good = invocations[(invocations.cold == True) & ~invocations.failed]  # noqa: E712 - three values: NULL is unknown
    used = good[good.max_memory_used_mb < 0.9 * good.memory_mb]
    elements = used.n.astype(float) ** 2
    slope, base = np.polyfit(elements, used.max_memory_used_mb.astype(float), 1)
    residuals = np.abs(base + slope * elements - used.max_memory_used_mb.astype(float))
    return {
        "base_mb": round(float(base), 2),
        "bytes_per_element": round(float(slope) * 2**20, 3),
        "fitted_on": len(used),
        "residual_mb_p95": round(float(np.percentile(residuals, 95)), 2),
        "residual_mb_max": round(float(residuals.max()), 2),
    }


def need_mb(need: dict[str, Any], n: pd.Series) -> pd.Series:
    """Memory that each matrix size needs, in MB."""
    return need["base_mb"] + need["bytes_per_element"] / 2**20 * n.astype(float) ** 2


def judge_memory(invocations: pd.DataFrame, need: dict[str, Any]) -> dict[str, Any]:
    """Hold every invocation's need against its memory size: never "fits" of one that failed."""
    known = invocations[invocations.n.notna()]
    ratio = need_mb(need, known.n) / known.memory_mb
    fits = ratio <= 1
    borders = [0, 0.5, 0.9, 1, 1.02, 1.05, 1.1, float("inf")]
    bands = [
        {
            "need_over_memory": [low, None if high == float("inf") else high],
            "invocations": int(((ratio > low) & (ratio <= high)).sum()),
            "failed": int((known.failed & (ratio > low) & (ratio <= high)).sum()),
        }
        for low, high in pairwise(borders)
    ]
    said_fits_but_failed = int((fits & known.failed).sum())
    return {
        "need": need,
        "judged": len(known),
        "left_out": {"the matrix size is not known": int(invocations.n.isna().sum())},
        "fits": int(fits.sum()),
        "fits_but_failed": said_fits_but_failed,
        "does_not_fit": int((~fits).sum()),
        "does_not_fit_but_ended_well": int((~fits & ~known.failed).sum()),
        "bands": bands,
        "reached": said_fits_but_failed == 0,
    }


# --- duration -------------------------------------------------------------------------------------------------------


def judge_duration(invocations: pd.DataFrame, need: dict[str, Any]) -> dict[str, Any]:
    """Predict every smaller memory size from the free run, and hold it against the median that was measured."""
    warm = invocations[(invocations.cold == False) & ~invocations.failed]  # noqa: E712 - three values
    points = warm.groupby(["memory_mb", "n"], as_index=False).agg(
        duration_ms=("duration_ms", "median"), cpu_ms=("cpu_ms", "median"), invocations=("duration_ms", "size")
    )
    free = points[points.memory_mb == FREE_MIB].set_index("n")
    points = points[points.memory_mb < FREE_MIB]
    reasons = {
        "below 768 MB": points.memory_mb < SMALLEST_MIB,
        "no free run of that matrix size": ~points.n.isin(free.index),
        "free run below 200 ms": points.n.map(free.duration_ms) < SHORTEST_MS,
        "needs over 70 % of its memory": need_mb(need, points.n) > FULLEST * points.memory_mb,
    }
    left_out = {}
    kept = points
    for reason, rows in reasons.items():
        out = rows.reindex(kept.index).fillna(True).astype(bool)
        left_out[reason] = int(out.sum())
        kept = kept[~out]
    errors = errors_of(kept, free)
    summary = summarise(errors)
    others = points[reasons["below 768 MB"] & ~reasons["free run below 200 ms"]]
    others = others[~reasons["needs over 70 % of its memory"].reindex(others.index)]
    return {
        "free_run": {"memory_mb": FREE_MIB, "cores": round(FREE_CORES, 3), "matrix_sizes": len(free)},
        "points": len(kept),
        "invocations": int(kept.invocations.sum()),
        "left_out": left_out,
        **summary,
        "signed_median": round(float(np.median(errors)), 4),
        "by_memory_mb": {
            str(size): {"points": len(rows), **summarise(errors_of(rows, free))}
            for size, rows in kept.groupby("memory_mb")
        },
        "smaller_sizes": {
            str(size): {
                "points": len(rows),
                **summarise(errors_of(rows, free)),
                "signed_median": round(float(np.median(errors_of(rows, free))), 4),
            }
            for size, rows in others.groupby("memory_mb")
        },
        "with_another_efficiency": {
            str(efficiency): summarise(errors_of(kept, free, efficiency))
            for efficiency in (0.96, 0.97, 0.98, 0.99, 1.0)
        },
        "efficiency": float(duration.CPU_EFFICIENCY),
        "to_reach": {"median": MOST_MEDIAN, "p90": MOST_P90},
        "reached": summary["median"] <= MOST_MEDIAN and summary["p90"] <= MOST_P90,
    }


def errors_of(points: pd.DataFrame, free: pd.DataFrame, efficiency: float | None = None) -> np.ndarray:
    """Relative errors: predicted ÷ measured, less one.

    Another efficiency is the same as that much more memory, since both only stretch the share.
    """
    stretch = 1 if efficiency is None else efficiency / float(duration.CPU_EFFICIENCY)
    return np.array(
        [
            predict_duration(
                wall_ns=round(free.duration_ms[row.n] * NS_PER_MS),
                cpu_ns=round(free.cpu_ms[row.n] * NS_PER_MS),
                cores=FREE_CORES,
                memory_mib=round(row.memory_mb * 1000 * stretch),
                mib_per_vcpu=duration.MIB_PER_VCPU * 1000,
            )
            / (row.duration_ms * NS_PER_MS)
            - 1
            for row in points.itertuples()
        ]
    )


def summarise(errors: np.ndarray) -> dict[str, float]:
    """Median, 90th percentile and worst of the absolute errors."""
    sizes = np.abs(errors)
    return {
        "median": round(float(np.median(sizes)), 4),
        "p90": round(float(np.percentile(sizes, 90)), 4),
        "worst": round(float(sizes.max()), 4),
    }


def figures(result: dict[str, Any]) -> list[Figure]:
    """The figures to reach, as every benchmark writes them."""
    time, memory = result["duration"], result["memory"]
    return [
        _figure("error of a predicted time, median", 100 * time["median"], "%", at_most=100 * MOST_MEDIAN),
        _figure("error of a predicted time, 90th percentile", 100 * time["p90"], "%", at_most=100 * MOST_P90),
        _figure("invocations said to fit that failed", memory["fits_but_failed"], "", at_most=0),
        _figure("invocations said not to fit that ended well", memory["does_not_fit_but_ended_well"], ""),
    ]


def _figure(name: str, value: float, unit: str, at_most: float | None = None) -> Figure:
    value = round(float(value), 4)
    return Figure(name=name, value=value, low=value, high=value, unit=unit, at_most=at_most)


# --- text -----------------------------------------------------------------------------------------------------------


def describe(result: dict[str, Any]) -> str:
    """The same in words."""
    time, memory = result["duration"], result["memory"]
    lines = [
        f"{count(result['data']['invocations'])} published invocations of a numpy matrix product on AWS Lambda "
        f"({result['data']['source']})",
        "",
        f"Time, from the free run at {FREE_MIB} MB ({time['free_run']['cores']} cores): "
        f"{count(time['points'])} points, medians of {count(time['invocations'])} warm invocations",
        f"  error: median {_percent(time['median'])} (to reach: {_percent(MOST_MEDIAN)}), "
        f"90th percentile {_percent(time['p90'])} (to reach: {_percent(MOST_P90)}), worst {_percent(time['worst'])}",
        f"  predictions are {_percent(abs(time['signed_median']))} too "
        f"{'long' if time['signed_median'] > 0 else 'short'} in the median",
        *(f"  left out, {reason}: {count(number)} points" for reason, number in time["left_out"].items()),
        "  with another CPU efficiency than "
        f"{time['efficiency']}: "
        + ", ".join(
            f"{name}: {_percent(errors['median'])} / {_percent(errors['p90'])}"
            for name, errors in time["with_another_efficiency"].items()
        ),
        "  memory size: median / 90th percentile / worst (points); the sizes in brackets are left out above",
    ]
    for size, errors in {**time["smaller_sizes"], **time["by_memory_mb"]}.items():
        shown = f"[{size}]" if size in time["smaller_sizes"] else f"{size} "
        lines.append(
            f"    {shown:>6}  {_percent(errors['median']):>6} / {_percent(errors['p90']):>6} / "
            f"{_percent(errors['worst']):>6}  ({errors['points']})"
        )
    need = memory["need"]
    lines += [
        "",
        f"Memory, need = {need['base_mb']} MB + {need['bytes_per_element']} bytes per element, fitted on "
        f"{count(need['fitted_on'])} cold invocations (residual at most {need['residual_mb_p95']} MB for 95 %)",
        f'  said "fits" of {count(memory["fits"])} of {count(memory["judged"])} invocations; '
        f"of these failed: {count(memory['fits_but_failed'])} (to reach: 0)",
        f'  said "does not fit" of {count(memory["does_not_fit"])}; of these ended well all the same: '
        f"{count(memory['does_not_fit_but_ended_well'])}",
        *(f"  left out, {reason}: {count(number)}" for reason, number in memory["left_out"].items()),
        "  need ÷ memory size: invocations, failed",
    ]
    for band in memory["bands"]:
        low, high = band["need_over_memory"]
        name = f"above {low}" if high is None else f"{low} to {high}"
        lines.append(f"    {name:>12}  {count(band['invocations']):>6}  {count(band['failed']):>6}")
    return "\n".join(lines) + "\n"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


if __name__ == "__main__":
    sys.exit(main())
