"""What the curve of memory over time costs: CPU of the keeper that samples, and of the task that is sampled.

    python benchmarks/sampling.py [--runs 11] [--seconds 5]

Claims: a keeper that samples a task and keeps its curve uses at most 1 % of the task's elapsed time as CPU time; the
task itself uses at most 1 % more CPU time than one that nobody samples.

Method: the same fixed work as a task, each time in a sandbox of its own, four ways in turn: with its curve, with its
curve and the pace of its core (as where a variant is repeated), sampled but without a curve, and not sampled at all (by
a copy of the keeper that looks once an hour). Which way is first
changes from round to round. CPU time of the task is what it measures of itself; the keeper's is the kernel's nanosecond
counter, from the order to the answer. Quotients are of two tasks of the same round. The work: plain Python in one
process, in two processes below the task, and in two processes of 500 MB; and in one process with room for 16 points
only, so that the curve has to be made coarser again and again.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.evidence import Figure, Result, Table, figure, finish, number, parser
from benchmarks.subjects.load import cpu_s_of
from profiler.model import FunctionRef, Kind
from profiler.runner import keeping
from profiler.runner.curves import MOST_POINTS
from profiler.runner.environment import pinned
from profiler.runner.keeping import Keeper, Replied, Start
from profiler.work import CallFunction, Prepare

NAME = "sampling"
MOST_PERCENT, MOST_TIMES = 1, 1.01
SUBJECTS = Path(__file__).resolve().parent / "subjects"
SAMPLING = "FAST_NS, SLOW_NS = 10_000_000, 50_000_000"
BLIND = "FAST_NS, SLOW_NS = 3_600_000_000_000, 3_600_000_000_000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a task does, and into how many points its curve has to fit."""

    title: str
    kind: str
    """A key of `load.KINDS`."""
    points: int = MOST_POINTS


WORK = (
    Work(title="one process", kind="one process"),
    Work(title="one process, 16 points", kind="one process", points=16),
    Work(title="two processes", kind="two processes"),
    Work(title="two large processes", kind="two large processes"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a task is watched."""

    keeper: Path
    points: int
    pace: bool = False
    """Whether the pace of the task's core is looked at too, as where a variant is repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one task and its keeper used."""

    cpu_s: float
    wall_s: float
    keeper_s: float
    points: int

    @property
    def percent(self) -> float:
        """CPU time of the keeper in percent of the task's elapsed time."""
        return 100 * self.keeper_s / self.wall_s


def main(arguments: list[str] | None = None) -> int:
    """Measure, write and show."""
    options_of = parser(__doc__)
    options_of.add_argument("--runs", type=int, default=11)
    options_of.add_argument("--seconds", type=float, default=5, help="CPU seconds of a task")
    options = options_of.parse_args(arguments)
    figures: list[Figure] = []
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for work in WORK:
            rounds = rounds_of(Path(folder), work, options.runs, options.seconds)
            figures += figures_of(work, rounds)
            rows.append(row(work, rounds))
    return finish(
        Result(
            name=NAME,
            claim=f"A keeper that samples a task and keeps its curve of memory over time uses at most {MOST_PERCENT} % "
            f"of the task's elapsed time; the task uses at most {MOST_TIMES:g} times the CPU time of one that nobody "
            "samples.",
            method="The same fixed work as a task in a sandbox of its own, four ways in turn: with its curve, with "
            "its curve and the pace of its core, sampled without a curve, and not sampled at all. Quotients are of "
            "two tasks of the same round.",
            runs=options.runs,
            settings={"--seconds": options.seconds},
            figures=tuple(figures),
            tables=(Table(
                title="Medians with a curve.",
                columns=("work", "task, CPU s", "task, wall s", "keeper, ms", "points"),
                rows=tuple(rows),
            ),),
        ),
        options.results,
    )  # fmt: skip


def figures_of(work: Work, rounds: list[dict[str, Seen]]) -> list[Figure]:
    """Hold the cost of one kind of work against the targets."""

    def quotients(of: str, key: str, other: str) -> list[float]:
        return [getattr(found[of], key) / getattr(found[other], key) for found in rounds]

    title = work.title
    return [
        figure(f"{title}: CPU of the keeper ÷ elapsed time of the task", [found["curve"].percent for found in rounds],
               "%", at_most=MOST_PERCENT),
        figure(f"{title}: CPU of the task with its curve ÷ not sampled", quotients("curve", "cpu_s", "blind"),
               "times", at_most=MOST_TIMES),
        figure(f"{title}: elapsed time, the same", quotients("curve", "wall_s", "blind"), "times"),
        figure(f"{title}: CPU of the keeper with a curve ÷ without", quotients("curve", "keeper_s", "sampled"),
               "times"),
        figure(f"{title}: CPU of a keeper that looks at the pace too ÷ elapsed time of the task",
               [found["paced"].percent for found in rounds], "%"),
        figure(f"{title}: CPU of the task whose pace is looked at ÷ not sampled", quotients("paced", "cpu_s", "blind"),
               "times"),
    ]  # fmt: skip


def row(work: Work, rounds: list[dict[str, Seen]]) -> tuple[str, ...]:
    """Lay the medians of one kind of work out."""
    keys = (("cpu_s", 1), ("wall_s", 1), ("keeper_s", 1000), ("points", 1))
    medians = [scale * statistics.median(getattr(found["curve"], key) for found in rounds) for key, scale in keys]
    return (work.title, *map(number, medians))


def rounds_of(folder: Path, work: Work, runs: int, seconds: float) -> list[dict[str, Seen]]:
    """Measure every way once a round; which is first changes."""
    blind = folder / "blind_keeper.py"
    source = keeping._KEEPER.read_text(encoding="utf-8")
    if SAMPLING not in source:
        raise SystemExit(f"{keeping._KEEPER}: no line {SAMPLING!r} to make it blind by")
    blind.write_text(source.replace(SAMPLING, BLIND), encoding="utf-8")
    ways = {
        "curve": Way(keeper=keeping._KEEPER, points=work.points),
        "paced": Way(keeper=keeping._KEEPER, points=work.points, pace=True),
        "sampled": Way(keeper=keeping._KEEPER, points=0),
        "blind": Way(keeper=blind, points=0),
    }
    trial = 20
    amount = 2 * max(1, round(trial * seconds / seen(folder, work, ways["blind"], trial).cpu_s / 2))
    found = []
    for turn in range(runs):
        names = [*ways][turn % len(ways) :] + [*ways][: turn % len(ways)]
        found.append({name: seen(folder, work, ways[name], amount) for name in names})
    return found


def seen(folder: Path, work: Work, way: Way, rounds: int) -> Seen:
    """Run one task in a sandbox of its own."""
    function = FunctionRef(file=str(SUBJECTS / "sampled.py"), qualname="do_work")
    order = CallFunction(kind=Kind.STEP, function=function, sources=(), by=(), target=str(folder / "result"))
    environment = dict(os.environ) | {"LOAD_KIND": work.kind, "LOAD_ROUNDS": str(rounds)}
    start = Start(env=pinned(environment, 1), cwd=str(folder), log=str(folder / "log"), pace=way.pace)
    keeper = watched_by(way, start)
    try:
        keeper.ask(Prepare(folder=str(SUBJECTS), functions=(function,), threads=1))
        before = cpu_s_of(keeper._process.pid)
        reply = keeper.ask(order, points=way.points)
        used = cpu_s_of(keeper._process.pid) - before
    finally:
        keeper.close()
    if not isinstance(reply, Replied) or not reply.answer.outcome.ok:
        raise SystemExit(f"{work.title}: the task did not end well: {reply}")
    reading = reply.answer.reading
    return Seen(
        cpu_s=reading.cpu_ns / 1e9, wall_s=reading.wall_ns / 1e9, keeper_s=used, points=len(reply.curve) // 2
    )  # fmt: skip


def watched_by(way: Way, start: Start) -> Keeper:
    """Start a sandbox under this way's keeper; paredown itself has one only, so there is nothing to ask for another."""
    usual = keeping._KEEPER
    keeping._KEEPER = way.keeper
    try:
        return Keeper(start)
    finally:
        keeping._KEEPER = usual


if __name__ == "__main__":
    sys.exit(main())
