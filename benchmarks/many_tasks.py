"""Runs of `subjects/many_job.py`, the real command in a process of its own, for the benchmarks of engines.

Nothing is measured here; the benchmarks look at the process and at what it leaves.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import psutil

from profiler import mirror
from profiler.model import Measurement, Run, Variant
from profiler.store import load_run
from profiler.stores import objects

SUBJECT = Path(__file__).resolve().parent / "subjects" / "many_job.py"
PAREDOWN = [sys.executable, "-c", "import sys; from profiler.cli.main import main; sys.exit(main())"]
PER_TASK = 20
"""Numbers per shard, so that hardly any shard of random ones has none."""
STEP = "twice"
_MARK = "PAREDOWN_BENCHMARK_MARK"


@dataclass(slots=True, kw_only=True)
class Many:
    """The job on data for so many tasks, in a workspace of its own."""

    folder: Path
    tasks: int
    seconds: float = 0
    """How long each task sleeps."""
    url: str = ""
    """Of a workspace in a store; empty: it is a folder of its own."""
    marks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        count = PER_TASK * self.tasks
        duckdb.sql(f"COPY (SELECT range AS number FROM range({count})) TO '{self.data}' (FORMAT parquet)")

    @property
    def data(self) -> Path:
        """The numbers."""
        return self.folder / "numbers.parquet"

    @property
    def workspace(self) -> Path:
        """Where runs are kept on this disk."""
        return mirror.folder_of(self.url) if self.url else self.folder / "workspace"

    @property
    def notes(self) -> Path:
        """Where each task says that it has begun."""
        return self.folder / "notes"

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        """Start a run of the decomposed variant, in a session of its own."""
        mark = uuid.uuid4().hex
        self.marks.append(mark)
        return subprocess.Popen(
            [
                *PAREDOWN, "run", str(SUBJECT), "--variant", "decomposed", "--shards", str(self.tasks), "--input",
                f"numbers={self.data}", "--workspace", self.url or str(self.workspace), "--timeout", "0", *options,
            ],
            env=os.environ | {"MANY_NOTES": str(self.notes), "MANY_SECONDS": str(self.seconds), _MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip

    def run_file(self) -> Path | None:
        """The newest run's file, once there is one."""
        return max((self.workspace / "runs").glob("*.jsonl"), default=None)

    def run(self) -> Run:
        """The newest run."""
        return load_run("last", folder=self.workspace)

    def wrong_rows(self) -> int:
        """How many rows of the newest run's answer are not what they should be, missing ones included."""
        (answer,) = [item for item in self.run().answers if item.variant is Variant.DECOMPOSED]
        path = answer.path
        if self.url:
            path = str(self.folder / "answer.parquet")
            objects.get(answer.path, path)
        right = f"SELECT range AS number, 2 * range AS twice FROM range({PER_TASK * self.tasks})"
        found = f"SELECT number, twice FROM '{path}'"
        both = f"(({right} EXCEPT ALL {found}) UNION ALL ({found} EXCEPT ALL {right}))"
        ((count,),) = duckdb.sql(f"SELECT count(*) FROM {both}").fetchall()
        return int(count)

    def begun(self) -> Counter[str]:
        """How often each task began, by its smallest number."""
        return Counter(self.notes.read_text().split()) if self.notes.exists() else Counter()

    def left(self) -> int:
        """How many processes of all its runs are still there."""
        return sum(1 for _ in marked(self.marks))


def tasks_of(run: Run) -> list[Measurement]:
    """Return the trivial step's measurements, the last one of each task."""
    return [item for item in run.measurements if item.step == STEP]


def marked(marks: list[str], *, patience_s: float = 5) -> Iterator[psutil.Process]:
    """Processes that inherited one of these marks; those that are on their way out get a moment."""
    end = time.monotonic() + patience_s
    while (found := [process for process in psutil.process_iter() if _mark(process) in marks]) and (
        time.monotonic() < end
    ):
        time.sleep(0.1)
    yield from found


def _mark(process: psutil.Process) -> str:
    try:
        return process.environ().get(_MARK, "") if process.status() != psutil.STATUS_ZOMBIE else ""
    except psutil.Error:
        return ""
