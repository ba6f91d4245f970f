"""A bad night: workers of a Dask cluster are killed at random while a job runs, and the harness, until all is done.

    python benchmarks/bad_night.py [--tasks 200] [--seconds 0.5] [--every 3] [--harness 6] [--seed 1]

Twice: on a cluster of paredown's own, and on one that was there before, whose workers share only a store with it.

Claims: every task ends with an outcome, or is done by `--resume`; none begins twice in one attempt; the answer is the
same; nothing is left behind.

Method: `subjects/many_job.py` under `paredown run --engine dask`, whose tasks note in a file that they have begun. A
random one of the workers gets SIGKILL, after random times of some seconds; Dask's nannies put others in their place.
Every so many kills it is the harness instead. A run that has lost tasks, or its harness, is resumed, with the killing
going on, until nothing is missing. The store is moto's S3 on this machine; the workers that use it have folders of
their own for all that they write.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.evidence import Figure, Result, Table, figure, finish, parser
from benchmarks.many_tasks import STEP, Many, tasks_of
from benchmarks.store_workspace import BUCKET, running_store

NAME = "bad_night"
WORKERS = 2
MOST_RUNS = 40
LONGEST_S = 3600


@dataclass(slots=True, kw_only=True)
class Night:
    """What was seen."""

    killed: int = 0
    """Workers."""
    harnesses: int = 0
    """Harnesses that were killed."""
    runs: list[tuple[str, ...]] = field(default_factory=list)
    """One row each: tasks that this run did, that it lost or stopped, workers killed meanwhile, seconds, exit code."""
    without_outcome: int = 0


def main(arguments: list[str] | None = None) -> int:
    """Run, write and show."""
    options_of = parser(__doc__)
    options_of.add_argument("--tasks", type=int, default=200)
    options_of.add_argument("--seconds", type=float, default=0.5, help="that each task sleeps")
    options_of.add_argument("--every", type=float, default=3, help="seconds between two kills, in the mean")
    options_of.add_argument("--harness", type=int, default=6, help="kills of which one is the harness's")
    options_of.add_argument("--seed", type=int, default=1, help="of the random numbers")
    options = options_of.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        nights = [
            seen("own cluster", Many(folder=Path(folder) / "own", tasks=options.tasks, seconds=options.seconds),
                 OWN, options),
        ]  # fmt: skip
        with running_store(Path(folder)), cluster_by_itself(Path(folder) / "cluster") as cluster:
            url = f"s3://{BUCKET}/bad-night"
            many = Many(folder=Path(folder) / "away", tasks=options.tasks, seconds=options.seconds, url=url)
            nights.append(seen("only a store shared", many, cluster, options))
    return finish(
        Result(
            name=NAME,
            claim="While workers are killed at random, and the harness now and then, every task ends with an outcome "
            "or is done by `--resume`, none begins twice in one attempt, the answer is the same, and nothing is left "
            "behind: on a cluster of paredown's own, and on one whose workers share only a store with it.",
            method="The real command on a local Dask cluster; after random times a worker or the harness gets SIGKILL; "
            "runs that have lost tasks, or their harness, are resumed. Tasks note themselves that they have begun.",
            runs=1,
            settings={f"--{name}": getattr(options, name) for name in ("tasks", "seconds", "every", "harness", "seed")},
            figures=tuple(item for figures, _ in nights for item in figures),
            tables=tuple(table for _, table in nights),
        ),
        options.results,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Where tasks run."""

    options: tuple[str, ...]
    """How a run is told so."""
    nannies: tuple[int, ...] = ()
    """Processes whose children are the workers; none: the harness itself."""


OWN = Cluster(options=("--engine", "dask", "--jobs", str(WORKERS)))


@contextmanager
def cluster_by_itself(folder: Path) -> Iterator[Cluster]:
    """A scheduler and workers, each with its nanny, in processes and folders of their own."""
    folder.mkdir()
    known = folder / "scheduler.json"
    with ExitStack() as opened:

        def start(number: int, module: str, *options: str) -> int:
            own = folder / str(number)
            own.mkdir()
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", "--scheduler-file", known, *options],
                cwd=own,
                env=os.environ | {"TMPDIR": str(own), "XDG_CACHE_HOME": str(own)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            opened.callback(process.wait)
            opened.callback(process.terminate)
            return process.pid

        start(0, "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        while not known.exists():
            time.sleep(0.1)
        nannies = [start(number, "dask_worker", "--nthreads", "1", "--no-dashboard", "--death-timeout", "600")
                   for number in range(1, WORKERS + 1)]  # fmt: skip
        address = json.loads(known.read_text())["address"]
        yield Cluster(options=("--engine", "dask", "--scheduler", address), nannies=tuple(nannies))


def seen(what: str, many: Many, cluster: Cluster, options: Namespace) -> tuple[list[Figure], Table]:
    """Spend a night, and look at what is left of it."""
    night = spent(many, cluster, options)
    left = many.left()
    run = many.run()
    tasks = tasks_of(run)
    begun = many.begun()
    attempts = sum(number for one in run.repetitions for (step, _), number in one.attempts.items() if step == STEP)
    figures = [
        figure(f"{what}: workers killed", night.killed, at_least=3),
        figure(f"{what}: harnesses killed", night.harnesses, at_least=1),
        figure(f"{what}: tasks of a run without an outcome", night.without_outcome, at_most=0),
        figure(f"{what}: tasks that never ended well", sum(not item.outcome.ok for item in tasks), at_most=0),
        figure(f"{what}: begun more often than the runs have attempts", max(0, begun.total() - attempts),
               at_most=0),
        figure(f"{what}: rows of the answer that differ", many.wrong_rows(), at_most=0),
        figure(f"{what}: processes left", left, at_most=0),
        figure(f"{what}: tasks", len(tasks)),
        figure(f"{what}: attempts", attempts),
        figure(f"{what}: runs until all was done, resumed ones included", len(night.runs)),
    ]  # fmt: skip
    table = Table(
        title=f"Each run, with what was resumed: {what}.",
        columns=("tasks done", "lost or stopped", "workers killed", "seconds", "exit code"),
        rows=tuple(night.runs),
    )
    return figures, table


def spent(many: Many, cluster: Cluster, options: Namespace) -> Night:
    """Run and resume until nothing is missing, killing workers and harnesses meanwhile."""
    night, chance = Night(), random.Random(options.seed)
    seen: set[tuple[int, int]] = set()
    while len(night.runs) < MOST_RUNS:
        resumed = ["--resume"] if night.runs else []
        before = dict.fromkeys(seen)
        began, killed = time.monotonic(), night.killed
        written = size_of(many.run_file())
        process = many.start(*cluster.options, *resumed)
        try:
            while process.poll() is None and size_of(many.run_file()) == written:
                time.sleep(0.05)  # A cluster that does not come up is told before anything runs.
            while process.poll() is None:
                end = time.monotonic() + chance.uniform(0.2, 1.8) * options.every
                while process.poll() is None and time.monotonic() < end:
                    time.sleep(0.05)
                if (night.killed + night.harnesses) % options.harness == options.harness - 1 and process.poll() is None:
                    process.kill()
                    night.harnesses += process.wait() < 0
                else:
                    night.killed += killed_one(cluster.nannies or (process.pid,), chance)
                if time.monotonic() - began > LONGEST_S:
                    raise SystemExit(f"a run did not end within {LONGEST_S} s: {many.folder}")
        finally:
            process.kill()
        said = (process.stderr.read() if process.stderr else b"").decode("utf-8", "replace")
        if process.returncode not in (0, 1, -signal.SIGKILL):
            raise SystemExit(f"exit code {process.returncode}: {said}")
        run = many.run()
        tasks = tasks_of(run)
        planned = next((begin.tasks for begin in run.begun if begin.step == "twice"), 0)
        now = [item for item in tasks if (item.index, item.attempt) not in before]
        seen |= {(item.index, item.attempt) for item in tasks}
        if process.returncode >= 0:
            night.without_outcome += planned - len(tasks)
        lost = sum(not item.outcome.ok for item in now)
        night.runs.append((
            str(len(now) - lost), str(lost), str(night.killed - killed), f"{time.monotonic() - began:.0f}",
            str(process.returncode) if process.returncode >= 0 else "harness killed",
        ))  # fmt: skip
        print(f"run {len(night.runs)}: {len(now) - lost} done, {lost} lost or stopped", file=sys.stderr)
        if process.returncode == 0:
            break
    return night


def size_of(file: Path | None) -> int:
    """Bytes of a file; 0 where there is none."""
    return file.stat().st_size if file else 0


def killed_one(nannies: Sequence[int], chance: random.Random) -> int:
    """Kill one of the workers below these processes, where there is any; returns how many that were."""
    try:
        below = [child for nanny in nannies for child in psutil.Process(nanny).children()]
        workers = [child for child in below if "spawn_main" in " ".join(child.cmdline())]
        if not workers:
            return 0
        chance.choice(workers).kill()
    except psutil.Error:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
