"""The pool of real runs that `regression_rates.py` resamples: made by measuring, one line for each run, never edited.

A run is a job measured several times in a row, as a check's run is. The job is the main reference job on small data,
as it is, or with a `train` that really holds more memory and really trains more; see `subjects/changed_job.py`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import profiler
from benchmarks.evidence import RESULTS
from profiler.model import Run, Variant
from profiler.runner.machine import this_machine
from profiler.series import series_of

POOL = RESULTS / "regression_pool.jsonl"
"""Not `.json`: it is what a result is made from, and none itself."""
JOB = Path(__file__).resolve().parent / "subjects" / "changed_job.py"
PARAMS = {"rows": 60_000, "groups": 100}
SHARDS = 1
MEASURES = {"peak": "memory", "cpu": "CPU"}
STEP = "train"
"""The step that is changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What the job is made to do more; see `subjects/changed_job.py`."""

    name: str
    hold_bytes: int = 0
    rounds: float = 0.0


KINDS = (Kind(name="base"), Kind(name="grown", hold_bytes=22_650_000, rounds=0.86))
"""`grown`: its step's peak is 207 MiB, of which this is 10 %; the rounds are 20 % of its CPU time, imports included."""
CYCLE = ("base", "base", "grown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """One run of the pool: repeats by variant, step (None: the whole) and measure ("peak" in bytes, "cpu" in ns)."""

    kind: str
    at: str
    """ISO 8601, UTC."""
    load: float
    """Of the machine over the minute before the run ended."""
    waited: tuple[float, ...]
    """Per repeat the share of the tasks' time in which they were ready to run, but the machine's cores were busy."""
    machine: str
    series: dict[tuple[str, str | None, str], tuple[float, ...]]
    pace: dict[tuple[str, str | None], tuple[float, ...]]
    """Per repeat of a step what the fixed work took on its cores meanwhile, in ns."""


def collect(cycles: int, repeats: int, path: Path = POOL) -> None:
    """Measure base and changed jobs in turn, and append every run to the pool as soon as it is there."""
    kinds = {kind.name: kind for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        measured(kinds["base"], 1, Path(folder))  # Makes the data and fills the caches; not kept.
        for cycle in range(cycles):
            for name in CYCLE:
                began = time.monotonic()
                append(path, measured(kinds[name], repeats, Path(folder)), kinds[name])
                told = f"cycle {cycle + 1} of {cycles}, {name}: {time.monotonic() - began:.0f} s"
                print(told, file=sys.stderr, flush=True)


def measured(kind: Kind, repeats: int, workspace: Path) -> Run:
    """Measure the decomposed variant so many times, as one run."""
    os.environ["CHANGED_HOLD_BYTES"], os.environ["CHANGED_ROUNDS"] = str(kind.hold_bytes), str(kind.rounds)
    run = profiler.run(
        JOB, variants=(Variant.DECOMPOSED,), repeat=repeats, shards=SHARDS, params=PARAMS, workspace=workspace
    )
    for repetition in run.repeated(Variant.DECOMPOSED):
        if not repetition.complete:
            raise SystemExit(f"{JOB}: did not end well: {repetition.end.reason if repetition.end else 'interrupted'}")
    return run


def append(path: Path, run: Run, kind: Kind) -> None:
    """Add one run to the pool."""
    machine = this_machine()
    line = {
        "kind": kind.name,
        "changed": asdict(kind),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "load": round(os.getloadavg()[0], 2),
        "waited": [round(share, 4) for share in next(found.waited for found in series_of(run) if found.step is None)],
        "machine": f"{machine.cpu_model}, {machine.cores} cores, {machine.system}, Python {machine.python}",
        "params": PARAMS | {"shards": SHARDS},
        "series": [
            {
                "variant": found.variant,
                "step": found.step,
                "peak": found.peak_bytes,
                "cpu": found.cpu_ns,
                "pace": [round(pace) for pace in found.pace_ns],
            }
            for found in series_of(run)
        ],
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def read(path: Path = POOL) -> list[Pooled]:
    """Every run of the pool, in the order in which they were measured."""
    if not path.exists():
        raise SystemExit(f"{path}: there is no pool yet; --collect 15 measures one")
    return [pooled(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def pooled(line: dict[str, Any]) -> Pooled:
    """Read one line of the pool."""
    return Pooled(
        kind=line["kind"],
        at=line["at"],
        load=line["load"],
        waited=tuple(line["waited"]),
        machine=line["machine"],
        series=dict(_series(line["series"])),
        pace={(item["variant"], item["step"]): tuple(item["pace"]) for item in line["series"]},
    )


def _series(found: list[dict[str, Any]]) -> Iterator[tuple[tuple[str, str | None, str], tuple[float, ...]]]:
    for item in found:
        for measure in ("peak", "cpu"):
            yield (item["variant"], item["step"], measure), tuple(item[measure])
