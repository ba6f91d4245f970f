"""What a Dask cluster costs beside the local engine: per task, for very many tasks, and for a real job.

    python benchmarks/dask_engine.py [--runs 3] [--tasks 2000] [--warm 200] [--rows 1000000]

Claims: on a LocalCluster of 2 workers a task in a warm sandbox costs at most 15 ms from submit to result. Of 2,000
trivial tasks none is lost, through Dask and locally, the harness needs no more memory for the last thousand than
16 MB, and the report is made within 10 seconds. The decomposed cost anomaly job takes at most 1.3 times the local
engine's wall time, and its peaks per step are within 5 % of the local engine's.

Method, tasks: a function that returns a number, from submit to result, one after another. Very many: the real command
on `subjects/many_job.py`, its resident memory read while its run's file grows; the growth is from half of the tasks to
the last one. Report: `paredown report` on that run. The job: both engines in turn, the medians held against each other.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

import psutil

from benchmarks.evidence import Figure, Result, Table, figure, finish, number, parser
from benchmarks.many_tasks import PAREDOWN, Many, tasks_of
from benchmarks.overhead import task_of
from profiler.jobs import find_job
from profiler.model import Plan, Run, Variant
from profiler.runner.engines.dask_engine import own_cluster
from profiler.runner.tasks import run_task
from profiler.runner.workspace import Workspace
from profiler.session import Options, run_job
from profiler.sizing import top

NAME = "dask_engine"
WORKERS = 2
MOST_TASK_MS, MOST_GROWTH_MB, MOST_REPORT_S, MOST_WALL, MOST_PEAK_PERCENT = 15, 16, 10, 1.3, 5


def main(arguments: list[str] | None = None) -> int:
    """Measure, write and show."""
    options_of = parser(__doc__)
    options_of.add_argument("--runs", type=int, default=3)
    options_of.add_argument("--tasks", type=int, default=2000, help="very many of them")
    options_of.add_argument("--warm", type=int, default=200, help="tasks of one round, for the overhead")
    options_of.add_argument("--rows", type=int, default=1_000_000, help="of the job's line items")
    options = options_of.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        figures = [
            *of_tasks(Path(folder) / "tasks", options),
            *of_many(Path(folder) / "dask", options, "dask"),
            *of_many(Path(folder) / "local", options, "local"),
        ]
        job_figures, rows = of_the_job(Path(folder) / "job", options)
    return finish(
        Result(
            name=NAME,
            claim=f"On a LocalCluster of {WORKERS} workers a task in a warm sandbox costs at most {MOST_TASK_MS} ms; "
            f"of {options.tasks:,} tasks none is lost, the harness stays flat and the report takes at most "
            f"{MOST_REPORT_S} s; a job takes at most {MOST_WALL} times the local engine's time, with the same peaks.",
            method="Tasks: from submit to result, one after another. Very many: the real command, its memory read "
            "while its run's file grows. The job: cost_anomalies, both engines in turn.",
            runs=options.runs,
            settings={f"--{name}": getattr(options, name) for name in ("tasks", "warm", "rows")},
            figures=(*figures, *job_figures),
            tables=(Table(
                title="The job's steps: highest memory of a task in MB, and CPU seconds of all tasks; medians.",
                columns=("step", "tasks", "local, MB", "Dask, MB", "local, CPU s", "Dask, CPU s"),
                rows=tuple(rows),
            ),),
        ),
        options.results,
    )  # fmt: skip


# --- one task after another -----------------------------------------------------------------------------------------


def of_tasks(folder: Path, options: Namespace) -> list[Figure]:
    """How long a trivial task takes from submit to result, in a warm sandbox."""
    folder.mkdir()
    with own_cluster(no_plan(), folder / "workspace", WORKERS) as engine:
        rounds = [waits_ms(engine, folder, options.warm, turn) for turn in range(options.runs)]
    return [
        figure("a task in a warm sandbox through Dask, median of a round", [statistics.median(each) for each in rounds],
               "ms", at_most=MOST_TASK_MS),
        figure("the same, 95th percentile", [statistics.quantiles(each, n=20)[-1] for each in rounds], "ms"),
    ]  # fmt: skip


def waits_ms(engine: Executor, folder: Path, tasks: int, turn: int) -> list[float]:
    """Each task's time from submit to result, where its sandbox was warm."""
    found = []
    task = replace(task_of(folder, "nothing"), stop_file=str(folder / "workspace" / "stop"), attempt=turn + 1)
    for index in range(tasks):
        began = time.perf_counter_ns()
        measurement = engine.submit(run_task, replace(task, index=index)).result()
        took = time.perf_counter_ns() - began
        assert measurement.outcome.ok, measurement.outcome
        if not measurement.init_ns:
            found.append(took / 1e6)
    return found


def no_plan() -> Plan:
    """A plan whose steps ask for nothing."""
    return Plan(
        job=NAME, file="", inputs=(), monolith=(), decomposed=(), params={}, shards=1, shards_reason="", code={}
    )  # fmt: skip


# --- very many tasks ------------------------------------------------------------------------------------------------


def of_many(folder: Path, options: Namespace, engine: str, url: str = "") -> list[Figure]:
    """Run very many trivial tasks, and make the report of them; `url` is of a workspace in a store."""
    many = Many(folder=folder, tasks=options.tasks, url=url)
    began = time.monotonic()
    process = many.start("--engine", engine, "--jobs", str(WORKERS))
    sizes = followed(process, many)
    took = time.monotonic() - began
    if process.returncode:
        said = process.stderr.read().decode() if process.stderr else ""
        raise SystemExit(f"{engine}: exit code {process.returncode}: {said}")
    run = many.run()
    began = time.monotonic()
    subprocess.run([*PAREDOWN, "report", run.path], check=True, stdout=subprocess.DEVNULL)
    reported = time.monotonic() - began
    tasks = tasks_of(run)
    half = next((size for done, size in sizes if done >= options.tasks / 2), 0)
    what = f"{options.tasks:,} tasks, {engine}{', workspace in a store' if url else ''}"
    return [
        figure(f"{what}: not measured well", options.tasks - sum(item.outcome.ok for item in tasks), at_most=0),
        figure(f"{what}: rows of the answer that differ", many.wrong_rows(), at_most=0),
        figure(f"{what}: growth of the harness over the second half", (sizes[-1][1] - half) / 2**20, "MB",
               at_most=MOST_GROWTH_MB),
        figure(f"{what}: report", reported, "s", at_most=MOST_REPORT_S),
        figure(f"{what}: harness at its end", sizes[-1][1] / 2**20, "MB"),
        figure(f"{what}: the whole run", took, "s"),
        figure(f"{what}: processes left", many.left(), at_most=0),
    ]  # fmt: skip


def followed(process: subprocess.Popen[bytes], many: Many) -> list[tuple[int, int]]:
    """Measurements in the run's file and resident bytes of the harness, until it ends or has measured its last task."""
    found: list[tuple[int, int]] = [(0, 0)]
    harness = psutil.Process(process.pid)
    while process.poll() is None:
        file = many.run_file()
        lines = file.read_bytes().count(b'{"event":"measurement"') if file else 0
        try:
            if lines <= many.tasks:  # Behind the last one of them it makes the report.
                found.append((lines, harness.memory_info().rss))
        except psutil.Error:
            break
        time.sleep(0.2)
    process.wait()
    return [item for item in found if item[1]]


# --- a job ----------------------------------------------------------------------------------------------------------


def of_the_job(folder: Path, options: Namespace) -> tuple[list[Figure], list[tuple[str, ...]]]:
    """Run the decomposed cost anomaly job on both engines in turn."""
    runs: dict[str, list[Run]] = {"local": [], "dask": []}
    for _ in range(options.runs):
        for engine, found in runs.items():
            found.append(measured(folder, engine, options.rows))
    walls = {engine: [run.variants[0].wall_ns / 1e9 for run in found] for engine, found in runs.items()}
    figures = [
        figure("the job: Dask ÷ local, wall", statistics.median(walls["dask"]) / statistics.median(walls["local"]),
               "times", at_most=MOST_WALL),
        figure("the job: wall, local", walls["local"], "s"),
        figure("the job: wall, Dask", walls["dask"], "s"),
    ]  # fmt: skip
    rows = []
    for step in runs["local"][0].plan.decomposed:
        local, dask = (statistics.median(peak_mb(run, step.name) for run in runs[name]) for name in ("local", "dask"))
        figures.append(
            figure(f"the job: peak of {step.name}, apart", 100 * abs(dask / local - 1), "%", at_most=MOST_PEAK_PERCENT)
        )
        cpu = [statistics.median(cpu_s(run, step.name) for run in runs[name]) for name in ("local", "dask")]
        tasks = sum(item.step == step.name for item in runs["local"][0].measurements)
        rows.append((step.name, str(tasks), number(local), number(dask), *map(number, cpu)))
    return figures, rows


def measured(folder: Path, engine: str, rows: int) -> Run:
    """One run of the decomposed variant, which has to end well."""
    options = Options(
        params={"rows": str(rows)},
        variants=(Variant.DECOMPOSED,),
        jobs=WORKERS,
        engine=engine,
        workspace=Workspace.at(folder),
    )
    run = run_job(str(find_job("cost_anomalies")), options)
    if not all(end.complete for end in run.variants):
        raise SystemExit(f"{engine}: {run.variants[0].reason}\nsee {run.path}")
    return run


def peak_mb(run: Run, step: str) -> float:
    """The highest memory of any of a step's tasks."""
    return max(top(item.peak) for item in run.measurements if item.step == step) / 2**20


def cpu_s(run: Run, step: str) -> float:
    """CPU seconds of all tasks of a step."""
    return sum(item.cpu_ns for item in run.measurements if item.step == step) / 1e9


if __name__ == "__main__":
    sys.exit(main())
