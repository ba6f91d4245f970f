"""The tables and notes of `reference_jobs`, for a reader who wants to see more than the figures."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence

import duckdb

from benchmarks.evidence import Table, number
from benchmarks.floor import GB_S_PER_CPU_S, Floor
from benchmarks.reference_runs import (
    BATCHED,
    CAREFUL,
    DECOMPOSED,
    PER_GROUP,
    SMALLER,
    Kept,
    cpu_s,
    peak_mib,
    sql_cpu_s,
)
from profiler.facts import load, platform_of
from profiler.model import Run, Variant
from profiler.sizing import top, work_of
from profiler.units import MIB, NS_PER_S


def middle(values: Iterable[float]) -> str:
    """Return a median as text."""
    return number(statistics.median(values))


def variants_table(kept: Kept) -> Table:
    """Every variant with its figures."""
    names = {
        (CAREFUL, Variant.MONOLITH): "careful monolith",
        (PER_GROUP, Variant.MONOLITH): "research monolith",
        (BATCHED, Variant.MONOLITH): "research monolith, again",
        (PER_GROUP, Variant.DECOMPOSED): "per group with scikit-learn",
        (BATCHED, Variant.DECOMPOSED): "batched",
    }
    lines = []
    for (job, variant), name in names.items():
        held = kept.verdicts[job, variant]
        size = "none" if held[0].memory_mib is None else f"{held[0].memory_mib:,}"
        lines.append((
            name, str(len(held)), str(held[0].tasks if variant is Variant.DECOMPOSED else 1),
            middle(top(item.peak) / MIB for item in held if item.peak), size,
            middle(item.wall_ns / NS_PER_S for item in held), middle(item.cpu_ns / NS_PER_S for item in held),
            middle(float(item.gb_s) for item in held if item.gb_s is not None)
            + (" (peak × wall)" if held[0].hypothetical else ""),
            str(held[0].fits),
        ))  # fmt: skip
    columns = ("", "runs", "tasks", "peak MB", "size on Lambda, MB", "wall s", "CPU s", "GB-seconds", "fits Lambda")
    return Table(title="The variants, medians.", columns=columns, rows=tuple(lines))


def steps_table(kept: Kept) -> Table:
    """The steps of the decomposed variants."""
    lines = []
    for job, name in DECOMPOSED:
        held = kept.verdicts[job, Variant.DECOMPOSED]
        for number_, step in enumerate(held[0].steps):
            steps = [item.steps[number_] for item in held]
            lines.append((
                f"{name}: {step.name}", str(step.tasks), middle(map(peak_mib, steps)), str(step.memory_mib),
                middle((item.init_ns_median or 0) / 1e6 for item in steps),
                middle(item.cpu_ns / NS_PER_S for item in steps),
                middle(float(item.gb_s) for item in steps if item.gb_s is not None),
            ))  # fmt: skip
    columns = ("", "tasks", "peak MB", "size MB", "init ms", "CPU s, inits left out", "GB-seconds")
    return Table(title="The steps of the decomposed variants, medians.", columns=columns, rows=tuple(lines))


def floor_table(floor: Floor) -> Table:
    """The parts of the floor."""
    lines = (
        ("only scanning the needed columns", number(floor.scan_cpu_s), number(GB_S_PER_CPU_S * floor.scan_cpu_s)),
        (
            "the mathematics: all groups' regressions", number(floor.mathematics_cpu_s),
            number(GB_S_PER_CPU_S * floor.mathematics_cpu_s),
        ),
        (
            f"an init of a bare interpreter ({1000 * floor.init_s['']:.0f} ms) for each of {floor.tasks} tasks", "",
            number(floor.bare_init_gb_s),
        ),
        ("the floor of the work", "", number(floor.gb_s)),
        (
            f"beside it: inits that import duckdb ({1000 * floor.init_s['duckdb']:.0f} ms) or numpy "
            f"({1000 * floor.init_s['numpy']:.0f} ms)", "", number(floor.library_init_gb_s),
        ),
        (
            "beside it: the whole batched function, with arrays laid out and a table made",
            number(floor.whole_function_cpu_s), number(GB_S_PER_CPU_S * floor.whole_function_cpu_s),
        ),
    )  # fmt: skip
    return Table(title="The floor of the work.", columns=("", "CPU s", "GB-seconds"), rows=lines)


def parts_table(kept: Kept) -> Table:
    """What the batched job's GB-seconds consist of, beside the floor, which has neither imports nor a network."""
    limits = platform_of(load()).limits
    lines = []
    for place, step in enumerate(kept.verdicts[BATCHED, Variant.DECOMPOSED][0].steps):
        found: list[tuple[float, ...]] = []
        for run, verdict in zip(kept.runs[BATCHED], kept.verdicts[BATCHED, Variant.DECOMPOSED], strict=True):
            held = verdict.steps[place]
            gb = (held.memory_mib or 0) / 1024
            tasks = [item for item in run.of(Variant.DECOMPOSED) if item.step == step.name]
            network = gb * sum(work_of(item, limits).network_ns for item in tasks) / NS_PER_S
            init = gb * held.tasks * (held.init_ns_median or 0) / NS_PER_S
            work = GB_S_PER_CPU_S * held.cpu_ns / NS_PER_S
            whole = float(held.gb_s or 0)
            found.append((init, network, work, whole - init - network - work, whole))
        lines.append((step.name, *(middle(column) for column in zip(*found, strict=True))))
    columns = ("", "inits", "network", "CPU", "waiting and rounding", "in all")
    return Table(title="What the batched job's GB-seconds consist of, medians.", columns=columns, rows=tuple(lines))


def sql_table(kept: Kept) -> Table:
    """CPU of the SQL and of what it is held against."""
    spent = {
        "SQL of batched": sql_cpu_s(kept, BATCHED),
        "SQL of per group": sql_cpu_s(kept, PER_GROUP),
        "only scanning the needed columns": [cpu_s(run, "scan") for run in kept.scans],
        "comparing each of their values once": [cpu_s(run, "look") for run in kept.scans],
        "finding the groups and counting their lines": [cpu_s(run, "group") for run in kept.scans],
    }
    lines = tuple(
        (
            name, middle(found), f"{number(min(found))} to {number(max(found))}",
            f"{NS_PER_S * statistics.median(found) / kept.params['rows']:.0f}",
        )
        for name, found in spent.items()
    )  # fmt: skip
    columns = ("", "CPU s", "range", "ns per line item")
    return Table(title="CPU of the SQL, inits left out, same threads and memory limit.", columns=columns, rows=lines)


def growth_table(kept: Kept) -> Table:
    """The steps at both sizes of the data."""
    lines = []
    for job, name in DECOMPOSED:
        smaller, bigger = kept.grown[job]
        for place, step in enumerate(smaller[0].steps):
            both = [[held.steps[place] for held in side] for side in (smaller, bigger)]
            lines.append((
                f"{name}: {step.name}",
                *(str(side[0].tasks) for side in both),
                *(middle(map(peak_mib, side)) for side in both),
                *(middle(float(item.gb_s or 0) for item in side) for side in both),
            ))  # fmt: skip
    columns = ("", "tasks", f"tasks, {SMALLER} times", "peak MB", f"peak MB, {SMALLER} times", "GB-seconds",
               f"GB-seconds, {SMALLER} times")  # fmt: skip
    return Table(title=f"A tenth of the rows, groups and shards, and {SMALLER} times that.", columns=columns,
                 rows=tuple(lines))  # fmt: skip


def notes(kept: Kept) -> Iterable[str]:  # fmt: skip
    """Sentences on what the figures rest on."""
    plan = kept.runs[BATCHED][0].plan
    yield f"Shards: {plan.shards}, {plan.shards_reason}."
    research = kept.verdicts[PER_GROUP, Variant.MONOLITH][0]
    if research.hypothetical:
        yield "The research monolith fits no Lambda; its GB-seconds are peak × wall, without headroom or rounding."
    scanned = needed_columns(sql_of(kept.scans[0], "scan"), kept.files)
    for job, _ in DECOMPOSED:
        run = kept.runs[job][0]
        needed = needed_columns(sql_of(run, run.plan.decomposed[0].name), kept.files)
        same = "the same as" if needed == scanned else f"NOT the same as (only there: {sorted(needed ^ scanned)})"
        yield f"The columns that the SQL of {job} reads are {same} the scan's: {', '.join(sorted(needed))}."


def sql_of(run: Run, name: str) -> str:
    """The text of a decomposed query."""
    return next(step.sql or "" for step in run.plan.decomposed if step.name == name)


def needed_columns(sql: str, files: Sequence[str]) -> set[str]:
    """Columns of the files that a query reads, as DuckDB plans it."""
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW line_items AS SELECT * FROM read_parquet([{listed}], union_by_name = true)")
        (_, text), *_ = connection.execute(f"EXPLAIN (FORMAT json) {sql.rstrip().rstrip(';')}").fetchall()
    found: set[str] = set()
    nodes = json.loads(text)
    while nodes:
        node = nodes.pop()
        nodes += node.get("children", [])
        if "PARQUET" in node["name"]:
            projected = node["extra_info"].get("Projections", [])
            found |= {projected} if isinstance(projected, str) else set(projected)
    return found
