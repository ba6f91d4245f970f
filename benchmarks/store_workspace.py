"""What a workspace in a store costs its tasks beside one on a disk, and whether very many tasks come through it.

    python benchmarks/store_workspace.py [--runs 3] [--rows 1000000] [--tasks 2000]

Claims: of 2,000 trivial tasks that pass what they pass by a store none is lost, the harness needs no more memory for
the last thousand than 16 MB, and the report is made within 10 seconds. What the store costs the tasks of a job in CPU
time, memory and requests is reported and held against nothing: it is a property of s3fs and of the job.

Method: the store is moto's S3, in a process of its own on this machine and without TLS, so requests come back sooner
than AWS answers them. The job is cost_anomalies_batched on the same files of this disk, its workspace by turns in a
folder and in the store; figures are those of the decomposed tasks alone.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3

from benchmarks.dask_engine import MOST_GROWTH_MB, MOST_REPORT_S, cpu_s, of_many, peak_mb
from benchmarks.evidence import Figure, Result, Table, figure, finish, number, parser
from profiler.jobs import find_job
from profiler.model import Moved, Run, Variant, moved_by
from profiler.runner.workspace import Workspace
from profiler.session import Options, run_job

NAME = "store_workspace"
STORE = Path(__file__).resolve().parent / "subjects" / "store.py"
JOB = "cost_anomalies_batched"
JOBS = 2
BUCKET = "benchmark"


def main(arguments: list[str] | None = None) -> int:
    """Measure, write and show."""
    options_of = parser(__doc__)
    options_of.add_argument("--runs", type=int, default=3)
    options_of.add_argument("--rows", type=int, default=1_000_000, help="of the job's line items")
    options_of.add_argument("--tasks", type=int, default=2000, help="very many of them")
    options = options_of.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, running_store(Path(folder)):
        figures, rows = of_the_job(Path(folder), options)
        many = of_many(Path(folder) / "many", options, "local", f"s3://{BUCKET}/many")
    return finish(
        Result(
            name=NAME,
            claim=f"Of {options.tasks:,} trivial tasks by a workspace in a store none is lost, the harness grows by at "
            f"most {MOST_GROWTH_MB} MB over the second half, and the report takes at most {MOST_REPORT_S} s.",
            method=f"{JOB} on files of this disk, its workspace by turns in a folder and in moto's S3 on this "
            "machine. Very many: the real command, its memory read while its run's file grows.",
            runs=options.runs,
            settings={f"--{name}": getattr(options, name) for name in ("rows", "tasks")},
            figures=(*figures, *many),
            tables=(Table(
                title="The job's steps: highest memory of a task in MB, CPU seconds of all tasks, and what they ask of "
                "the store; medians.",
                columns=("step", "tasks", "folder, MB", "store, MB", "folder, CPU s", "store, CPU s", "GET", "PUT",
                         "MB received", "MB sent"),
                rows=tuple(rows),
            ),),
        ),
        options.results,
    )  # fmt: skip


@contextmanager
def running_store(folder: Path) -> Iterator[None]:
    """Run a store with an empty bucket; this process and those below it ask no other one."""
    with subprocess.Popen([sys.executable, STORE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as store:
        assert store.stdout is not None
        os.environ |= {
            "AWS_ENDPOINT_URL": store.stdout.readline().strip(),
            "AWS_ACCESS_KEY_ID": "benchmark",
            "AWS_SECRET_ACCESS_KEY": "benchmark",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield


def of_the_job(folder: Path, options: Namespace) -> tuple[list[Figure], list[tuple[str, ...]]]:
    """Run the decomposed job with both workspaces in turn, after one run that makes its data."""
    places = {"folder": str(folder / "workspace"), "store": f"s3://{BUCKET}/workspace"}
    made = measured(places["folder"], options.rows, ())
    files = made.plan.inputs[0].paths
    runs: dict[str, list[Run]] = {name: [] for name in places}
    for _ in range(options.runs):
        for name, place in places.items():
            runs[name].append(measured(place, options.rows, files))
    cpu = {name: [tasks_cpu_s(run) for run in found] for name, found in runs.items()}
    wall = {name: [run.variants[0].wall_ns / 1e9 for run in found] for name, found in runs.items()}
    moved = moved_by(task.moved for task in runs["store"][-1].measurements) or Moved()
    requests = (moved.get or 0) + (moved.put or 0) + (moved.list or 0)
    more_s = statistics.median(cpu["store"]) - statistics.median(cpu["folder"])
    figures = [
        figure("the job: store ÷ folder, CPU of its tasks",
               statistics.median(cpu["store"]) / statistics.median(cpu["folder"]), "times"),
        figure("the job: store ÷ folder, wall",
               statistics.median(wall["store"]) / statistics.median(wall["folder"]), "times"),
        figure("the job: requests of a run", requests),
        figure("the job: CPU that a request takes more", 1000 * more_s / requests, "ms"),
    ]  # fmt: skip
    rows = []
    for step in made.plan.decomposed:
        sides = [(peak_mb, "folder"), (peak_mb, "store"), (cpu_s, "folder"), (cpu_s, "store")]
        values = [statistics.median(take(run, step.name) for run in runs[name]) for take, name in sides]
        tasks = [task for task in runs["store"][-1].measurements if task.step == step.name]
        asked = moved_by(task.moved for task in tasks) or Moved()
        rows.append(
            (step.name, str(len(tasks)), *map(number, values), str(asked.get), str(asked.put),
             number((asked.received_bytes or 0) / 2**20), number((asked.sent_bytes or 0) / 2**20))
        )  # fmt: skip
    return figures, rows


def tasks_cpu_s(run: Run) -> float:
    """CPU seconds of all tasks, with their inits."""
    return sum(task.cpu_ns + task.init_cpu_ns for task in run.measurements) / 1e9


def measured(place: str, rows: int, files: tuple[str, ...]) -> Run:
    """One run of the decomposed variant, which has to end well."""
    options = Options(
        inputs={"line_items": files} if files else {},
        params={} if files else {"rows": str(rows)},
        variants=(Variant.DECOMPOSED,),
        jobs=JOBS,
        workspace=Workspace.at(place),
    )
    run = run_job(str(find_job(JOB)), options)
    if not all(end.complete for end in run.variants):
        raise SystemExit(f"{place}: {run.variants[0].reason}\nsee {run.path}")
    return run


if __name__ == "__main__":
    sys.exit(main())
