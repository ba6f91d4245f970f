"""What it costs to be measured: CPU of the harness and the keepers, and wall time per task.

    python benchmarks/overhead.py [--runs 3] [--seconds 10] [--tasks 200]

Claims: while a script of ten CPU seconds or more runs, harness and keepers together take at most 1 % of its own CPU
time; a task in a warm sandbox costs at most 5 ms of wall time.

Method, CPU: the same fixed work runs by itself and under `paredown run`, in turn. The script itself notes, at the first
and the last line of its work, its own CPU time and that of its keeper and its harness (the kernel's nanosecond
counters), so that neither start-up nor the report is part of the figure; both are given apart, from a script that does
nothing. The work: plain Python in one process, hashing in two threads, plain Python in two processes below the script,
and the same in two processes of 500 MB. Once more as a job's step whose progress is drawn on a terminal.

Method, tasks: `run_task` again and again on a function that returns a number, in one warm sandbox; the same through a
thread pool, from submit to result. The figure is elapsed time ÷ tasks.
"""

from __future__ import annotations

import json
import os
import pty
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.evidence import Figure, Result, Table, figure, finish, number, parser
from profiler.model import FunctionRef, Kind, Variant
from profiler.runner.environment import pinned
from profiler.runner.tasks import close_idle, run_task
from profiler.task import Task
from profiler.work import CallFunction, Prepare

NAME = "overhead"
MOST_PERCENT, MOST_TASK_MS = 1, 5
SUBJECTS = Path(__file__).resolve().parent / "subjects"
KINDS = ("one process", "two threads", "two processes", "two large processes")
PAREDOWN = [sys.executable, "-c", "import sys; from profiler.cli.main import main; sys.exit(main())", "run"]

Noted = dict[str, float]


def main(arguments: list[str] | None = None) -> int:
    """Measure, write and show."""
    options_of = parser(__doc__)
    options_of.add_argument("--runs", type=int, default=3)
    options_of.add_argument("--seconds", type=float, default=10, help="CPU seconds of a script")
    options_of.add_argument("--tasks", type=int, default=200, help="tasks of one round")
    options = options_of.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        figures, rows = of_scripts(Path(folder), options.runs, options.seconds)
        figures += of_tasks(Path(folder), options.runs, options.tasks)
    return finish(
        Result(
            name=NAME,
            claim=f"While a script of ten CPU seconds or more is measured, harness and keepers take at most "
            f"{MOST_PERCENT} % of its own CPU time; a task in a warm sandbox costs at most {MOST_TASK_MS} ms of wall "
            "time.",
            method="The same fixed work by itself and under `paredown run`, in turn; the script notes its own CPU time "
            "and that of its keeper and its harness from the first to the last line of its work, so that start-up is "
            "given apart. Tasks: elapsed time ÷ tasks, one after another in one warm sandbox.",
            runs=options.runs,
            settings={"--seconds": options.seconds, "--tasks": options.tasks},
            figures=tuple(figures),
            tables=(Table(
                title="Medians of the scripts: CPU of the script by itself and when measured, of its keeper and of the "
                "harness.",
                columns=("work", "alone, CPU s", "measured, CPU s", "wall s", "keeper, ms", "harness, ms"),
                rows=tuple(rows),
            ),),
        ),
        options.results,
    )  # fmt: skip


# --- scripts --------------------------------------------------------------------------------------------------------


def of_scripts(folder: Path, runs: int, seconds: float) -> tuple[list[Figure], list[tuple[str, ...]]]:
    """Measure every kind of work, by itself and measured, in turn."""
    figures, rows = [], []
    for kind in KINDS:
        rounds = calibrated(folder, kind, seconds)
        pairs = [(alone(folder, kind, rounds), measured(folder, kind, rounds)) for _ in range(runs)]
        noted = [found for _, found in pairs]
        figures += [
            figure(f"{kind}: harness and keeper ÷ script", percents(noted), "%", at_most=MOST_PERCENT),
            figure(
                f"{kind}: CPU of the script when measured ÷ alone",
                [found["own_s"] / bare["own_s"] for bare, found in pairs], "times",
            ),
        ]  # fmt: skip
        rows.append(row(kind, [bare for bare, _ in pairs], noted))
    kind = KINDS[0]
    rounds = calibrated(folder, kind, seconds)
    drawn = [on_terminal(folder, kind, rounds) for _ in range(runs)]
    figures.append(figure("a job's step, progress on a terminal: the same", percents(drawn), "%", at_most=MOST_PERCENT))
    rows.append(row("a job's step, on a terminal", [], drawn))
    starts = [start_up(folder) for _ in range(max(5, runs))]
    figures.append(figure("start-up and report of `paredown run SCRIPT`, CPU", starts, "ms"))
    return figures, rows


def percents(noted: list[Noted]) -> list[float]:
    """CPU of keeper and harness in percent of the script's own."""
    return [100 * (found["keeper_s"] + found["harness_s"]) / found["own_s"] for found in noted]


def row(name: str, bare: list[Noted], noted: list[Noted]) -> tuple[str, ...]:
    """Lay out the medians of one kind of work."""

    def median(found: list[Noted], key: str, scale: float = 1) -> str:
        return number(scale * statistics.median(item[key] for item in found)) if found else ""

    return (
        name, median(bare, "own_s"), median(noted, "own_s"), median(noted, "wall_s"),
        median(noted, "keeper_s", 1000), median(noted, "harness_s", 1000),
    )  # fmt: skip


def calibrated(folder: Path, kind: str, seconds: float) -> int:
    """How many rounds take so many CPU seconds; even, for two to share. From two trials: rounds do not cost it all."""
    few, many = 20, 100
    less, more = alone(folder, kind, few)["own_s"], alone(folder, kind, many)["own_s"]
    each = max(more - less, 0.1 * more) / (many - few)
    return 2 * max(1, round((many + (1.1 * seconds - more) / each) / 2))


def alone(folder: Path, kind: str, rounds: int) -> Noted:
    """Run the script without a watcher."""
    return noting(folder, lambda env: subprocess.run(
        [sys.executable, str(SUBJECTS / "load.py"), kind, str(rounds)], env=env, check=True
    ))  # fmt: skip


def measured(folder: Path, kind: str, rounds: int) -> Noted:
    """Run the script under paredown."""
    command = [*PAREDOWN, "--workspace", str(folder / "work"), str(SUBJECTS / "load.py"), "--", kind, str(rounds)]
    return noting(folder, lambda env: subprocess.run(
        command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ))  # fmt: skip


def on_terminal(folder: Path, kind: str, rounds: int) -> Noted:
    """Run the work as a job's step, with stderr on a terminal that somebody reads."""
    ours, theirs = pty.openpty()

    def run(env: dict[str, str]) -> None:
        command = [*PAREDOWN, "--workspace", str(folder / "work"), str(SUBJECTS / "load_job.py")]
        env |= {"LOAD_KIND": kind, "LOAD_ROUNDS": str(rounds), "TERM": "xterm-256color"}
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        reader = threading.Thread(target=drain, args=(ours,))
        reader.start()
        if process.wait():
            raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
        reader.join()

    try:
        return noting(folder, run)
    finally:
        os.close(ours)


def drain(terminal: int) -> None:
    """Read a terminal until its other end is closed."""
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        return  # How Linux says that the other end is closed.


def noting(folder: Path, run: Callable[[dict[str, str]], object]) -> Noted:
    """Run something that leaves notes, and read them."""
    notes = folder / "notes.json"
    notes.unlink(missing_ok=True)
    run(dict(os.environ) | {"LOAD_NOTES": str(notes)})
    found: Noted = json.loads(notes.read_text())
    return found


def start_up(folder: Path) -> float:
    """CPU milliseconds of everything but the script itself, for a script that does nothing."""
    before = os.times()
    found = measured(folder, "nothing", 0)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return 1000 * (used - found["all_own_s"])


# --- tasks ----------------------------------------------------------------------------------------------------------


def of_tasks(folder: Path, runs: int, tasks: int) -> list[Figure]:
    """Measure rounds of warm tasks, one way after another."""
    ways: dict[str, Callable[[str], float]] = {
        "run_task": lambda function: one_after_another(folder, function, tasks, run_task),
        "thread pool, submit to result": lambda function: through_pool(folder, function, tasks),
    }
    found: dict[tuple[str, str], list[float]] = {}
    for _ in range(max(5, runs)):
        for function in ("nothing", "small_table"):
            for way, measure in ways.items():
                found.setdefault((function, way), []).append(measure(function))
    close_idle()
    figures = [
        figure(f"warm task that returns a number, {way}", values, "ms", at_most=MOST_TASK_MS)
        for (function, way), values in found.items()
        if function == "nothing"
    ]
    return figures + [
        figure(f"the same with a small table, which is written as Parquet, {way}", values, "ms")
        for (function, way), values in found.items()
        if function == "small_table"
    ]


def one_after_another(folder: Path, function: str, tasks: int, run: Callable[[Task], object]) -> float:
    """Milliseconds per task; the first, which starts the sandbox, is not counted."""
    task = task_of(folder, function)
    run(task)
    began = time.perf_counter()
    for _ in range(tasks):
        run(task)
    return 1000 * (time.perf_counter() - began) / tasks


def through_pool(folder: Path, function: str, tasks: int) -> float:
    """Milliseconds per task that goes through a thread pool."""
    with ThreadPoolExecutor(1) as pool:
        return one_after_another(folder, function, tasks, lambda task: pool.submit(run_task, task).result())


def task_of(folder: Path, function: str) -> Task:
    """A task of a step that does next to nothing."""
    reference = FunctionRef(file=str(SUBJECTS / "trivial.py"), qualname=function)
    (folder / "temp").mkdir(exist_ok=True)
    return Task(
        variant=Variant.DECOMPOSED,
        step=function,
        index=0,
        order=CallFunction(
            kind=Kind.STEP, function=reference, sources=(), by=(), target=str(folder / f"result-{function}")
        ),
        prepare=Prepare(folder=str(SUBJECTS), functions=(reference,), threads=1),
        env=pinned(os.environ, 1),
        folder=str(folder),
        stop_file=str(folder / "stop"),
        run_started_ns=time.time_ns(),
        timeout_ns=None,
        cold=False,
        cores=1.0,
    )


if __name__ == "__main__":
    sys.exit(main())
