"""What a Dask cluster of this machine makes of the main reference job, held against the local engine.

    python benchmarks/dask_job.py [--runs 3] [--rows 1000000]

Claims: on a cluster of 2 workers the decomposed variant takes at most 1.3 times the elapsed time of the local engine
with 2 tasks at a time, and the peak of each step is within 5 % of the local engine's.

Method: the real command, by turns on either engine, on the same made data. Elapsed time is the variant's, from its
first task to the end of its last: the start of a cluster is not in it. A step's peak is the highest of its tasks'; the
quotients are of the medians over the runs, their range from the worst and the best pair.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from statistics import median

from benchmarks.evidence import Figure, Result, Table, finish, number, parser, rounded
from benchmarks.many_tasks import PAREDOWN
from profiler.model import Run, Variant
from profiler.series import series_of
from profiler.store import load_run
from profiler.units import MIB, NS_PER_S

NAME = "dask_job"
JOB = "cost_anomalies"
ENGINES = {"local": (), "dask": ("--engine", "dask")}
MOST_TIMES, MOST_OFF = 1.3, 5
WORKERS = 2


def main(arguments: list[str] | None = None) -> int:
    """Measure, write and show."""
    options_of = parser(__doc__)
    options_of.add_argument("--runs", type=int, default=3)
    options_of.add_argument("--rows", type=int, default=1_000_000)
    options_of.add_argument("--groups", type=int, default=500)
    options = options_of.parse_args(arguments)
    runs: dict[str, list[Run]] = {engine: [] for engine in ENGINES}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(options.runs):
            for engine in [*ENGINES][:: 1 if turn % 2 == 0 else -1]:
                runs[engine].append(measured(engine, options.rows, options.groups, Path(folder)))
    return finish(
        Result(
            name=NAME,
            claim=f"On a Dask cluster of {WORKERS} workers the decomposed variant of the main reference job takes at "
            f"most {MOST_TIMES:g} times the elapsed time of the local engine, and the peak of each step is within "
            f"{MOST_OFF} % of the local engine's.",
            method="The real command by turns on either engine, on the same data. Quotients are of the medians over "
            "the runs, their range from the worst and the best pair.",
            runs=options.runs,
            settings={"--rows": options.rows, "--groups": options.groups, "tasks at a time": WORKERS},
            figures=(elapsed(runs), *peaks(runs)),
            tables=(table(runs),),
        ),
        options.results,
    )


def measured(engine: str, rows: int, groups: int, workspace: Path) -> Run:
    """Run the decomposed variant once."""
    subprocess.run(
        [
            *PAREDOWN, "run", JOB, f"rows={rows}", f"groups={groups}", "--variant", "decomposed",
            "--jobs", str(WORKERS), "--workspace", str(workspace), "--quiet", *ENGINES[engine],
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return load_run("last", folder=workspace)


def elapsed(runs: dict[str, list[Run]]) -> Figure:
    """Elapsed time on Dask over that here."""
    walls = {engine: [figures_of(run, None)[0] for run in found] for engine, found in runs.items()}
    return quotient("elapsed time: Dask ÷ local", walls["dask"], walls["local"], at_most=MOST_TIMES)


def peaks(runs: dict[str, list[Run]]) -> Iterator[Figure]:
    """How far each step's peak on Dask is from the one here."""
    for step in steps_of(runs):
        found = {engine: [figures_of(run, step)[1] for run in of_engine] for engine, of_engine in runs.items()}
        off = [100 * abs(one / other - 1) for one, other in product(found["dask"], found["local"])]
        yield Figure(
            name=f"peak of {step}: off the local engine's",
            value=rounded(100 * abs(median(found["dask"]) / median(found["local"]) - 1)),
            low=rounded(min(off)),
            high=rounded(max(off)),
            unit="%",
            at_most=MOST_OFF,
        )


def quotient(name: str, ones: list[float], others: list[float], *, at_most: float) -> Figure:
    """A quotient of medians."""
    pairs = [one / other for one, other in product(ones, others)]
    return Figure(
        name=name,
        value=rounded(median(ones) / median(others)),
        low=rounded(min(pairs)),
        high=rounded(max(pairs)),
        unit="times",
        at_most=at_most,
    )


def table(runs: dict[str, list[Run]]) -> Table:
    """The medians of both engines."""
    rows = []
    for step in (None, *steps_of(runs)):
        of_step = {engine: [figures_of(run, step) for run in found] for engine, found in runs.items()}
        walls = [number(median(wall for wall, _ in of_step[engine])) for engine in ENGINES]
        tops = [number(median(peak for _, peak in of_step[engine])) for engine in ENGINES]
        rows.append((step or "the whole", *walls, *tops))
    return Table(
        title="Medians; a step's seconds are the sum over its tasks, those of the whole elapsed time.",
        columns=("step", "local, s", "Dask, s", "local, peak MiB", "Dask, peak MiB"),
        rows=tuple(rows),
    )


def steps_of(runs: dict[str, list[Run]]) -> list[str]:
    """The steps, as the run has them."""
    return [series.step for series in series_of(runs["local"][0]) if series.step is not None]


def figures_of(run: Run, step: str | None) -> tuple[float, float]:
    """Seconds and peak in MiB of a step, or of the whole."""
    for series in series_of(run):
        if (series.variant, series.step) == (Variant.DECOMPOSED, step):
            return series.wall_ns[0] / NS_PER_S, series.peak_bytes[0] / MIB
    raise SystemExit(f"{run.path}: the decomposed variant did not come to its end")


if __name__ == "__main__":
    sys.exit(main())
