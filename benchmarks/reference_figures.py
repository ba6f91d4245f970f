"""The figures of `reference_jobs`, each with its target."""

from __future__ import annotations

from benchmarks.evidence import Figure, figure
from benchmarks.floor import Floor
from benchmarks.reference_runs import (
    BATCHED,
    CAREFUL,
    DECOMPOSED,
    PER_GROUP,
    SMALLER,
    Kept,
    cpu_s,
    gb_s_of,
    peak_mib,
    sql_cpu_s,
    times,
)
from profiler.model import Kind, Variant
from profiler.variants import VariantVerdict


def savings(kept: Kept) -> list[Figure]:
    """How many times less the decomposed variants take; the careful monolith first."""
    careful = kept.gb_s(CAREFUL, Variant.MONOLITH)
    research = [gb_s for job in (PER_GROUP, BATCHED) for gb_s in kept.gb_s(job, Variant.MONOLITH)]
    batched, per_group = (kept.gb_s(job, Variant.DECOMPOSED) for job in (BATCHED, PER_GROUP))
    return [
        times("GB-seconds: careful monolith ÷ batched", careful, batched, at_least=5),
        times("GB-seconds: careful monolith ÷ per group with scikit-learn", careful, per_group),
        times("GB-seconds: research monolith ÷ batched", research, batched, at_least=80),
        times("GB-seconds: research monolith ÷ per group with scikit-learn", research, per_group, at_least=25),
    ]


def sizes(kept: Kept) -> list[Figure]:
    """The largest memory size that a decomposed task needs on Lambda, and the highest peak here."""
    found = []
    for job, name in DECOMPOSED:
        held = kept.verdicts[job, Variant.DECOMPOSED]
        largest = [float(max(step.memory_mib or 10**6 for step in variant.steps)) for variant in held]
        found.append(figure(f"largest memory size of a task, {name}", largest, "MB", at_most=512))
        peaks = [max(peak_mib(step) for step in variant.steps) for variant in held]
        found.append(figure(f"highest peak of a task, {name}", peaks, "MB", at_most=512))
    return found


def floors(kept: Kept, floor: Floor) -> list[Figure]:
    """How near the jobs are to the floor."""
    batched, per_group = (kept.gb_s(job, Variant.DECOMPOSED) for job in (BATCHED, PER_GROUP))
    return [
        times("GB-seconds: batched ÷ floor of the work", batched, [floor.gb_s], at_most=4),
        times("GB-seconds: batched ÷ floor with the library's import", batched, [floor.with_library_gb_s]),
        times("GB-seconds: per group with scikit-learn ÷ floor of the work", per_group, [floor.gb_s]),
    ]


def sql_figures(kept: Kept) -> list[Figure]:
    """CPU of the grouping SQL, held against only scanning."""
    found = []
    for job, name in DECOMPOSED:
        spent = sql_cpu_s(kept, job)
        for held, what, target in (
            ("scan", "only scanning the needed columns", {"at_most": 2}),
            ("look", "comparing each of their values once", {}),
            ("group", "finding the groups and counting their lines", {}),
        ):
            found.append(
                times(f"CPU: SQL of {name} ÷ {what}", spent, [cpu_s(run, held) for run in kept.scans], **target)
            )  # fmt: skip
    return found


def growth(kept: Kept) -> list[Figure]:
    """GB-seconds and peaks of ten times the rows ÷ those of the rows."""
    found = []
    for job, name in DECOMPOSED:
        smaller, bigger = kept.grown[job]
        found.append(
            times(f"GB-seconds for {SMALLER} times the rows, {name}", gb_s_of(bigger), gb_s_of(smaller), at_most=10.5)
        )
        for what, of_queries in (("a shard's task", False), ("a query, which handles all groups,", True)):
            found.append(
                times(
                    f"highest peak of {what} for {SMALLER} times the rows, {name}",
                    [highest_peak(held, of_queries=of_queries) for held in bigger],
                    [highest_peak(held, of_queries=of_queries) for held in smaller],
                    at_most=1.1,
                    note="the same, within 10 %",
                )
            )
    return found


def highest_peak(held: VariantVerdict, *, of_queries: bool) -> float:
    """The highest peak of a task, in MB: of the queries, or of the other steps."""
    return max(peak_mib(step) for step in held.steps if (step.kind in (Kind.QUERY, Kind.COMBINE)) == of_queries)


def same_answer(kept: Kept) -> Figure:
    """Rows that differ between the variants of any job."""
    compared = [run.comparison for runs in kept.runs.values() for run in runs if len(run.variants) == 2]
    if any(comparison is None or comparison.equal is None for comparison in compared):
        raise SystemExit("the answers of some run were not compared")
    differing = [float(comparison.rows - comparison.equal_rows) for comparison in compared if comparison]
    rows = max((comparison.rows for comparison in compared if comparison), default=0)
    return figure(
        f"rows of {rows:,} that differ between monolith and decomposed, worst of {len(compared)} jobs", max(differing),
        at_most=0,
    )  # fmt: skip
