"""The floor of the batched job: the least that its work takes, measured apart from the job."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.reference_runs import BATCHED, Kept, cpu_s
from profiler.jobs import bundled_folder
from profiler.model import Run, Variant
from profiler.runner.environment import pinned
from profiler.runner.keeping import Keeper, Replied, Start
from profiler.units import NS_PER_S
from profiler.work import Prepare

GB_S_PER_CPU_S = 1769 / 1024
"""Below one vCPU, work that is bound by its CPU costs the same at any memory size."""
_SUBJECTS = Path(__file__).resolve().parent / "subjects"


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """The parts of the least that the work takes, in CPU seconds and GB-seconds."""

    scan_cpu_s: float
    mathematics_cpu_s: float
    whole_function_cpu_s: float
    tasks: int
    init_s: dict[str, float]
    """By what is imported; nothing: a bare interpreter."""
    bare_init_gb_s: float
    """One per task, of a bare interpreter."""
    library_init_gb_s: float
    """One per task, with the one library that its work is done with."""

    @property
    def gb_s(self) -> float:
        """The floor."""
        return GB_S_PER_CPU_S * (self.scan_cpu_s + self.mathematics_cpu_s) + self.bare_init_gb_s

    @property
    def with_library_gb_s(self) -> float:
        """The same with an init that imports duckdb or numpy."""
        return self.gb_s - self.bare_init_gb_s + self.library_init_gb_s


def floor_of(kept: Kept) -> Floor:
    """Measure what the floor consists of; nothing of it is taken from the job that is held against it but its tasks."""
    batched = kept.verdicts[BATCHED, Variant.DECOMPOSED][0]
    init_s = {name: init_of(name) for name in ("", "numpy", "duckdb")}
    spent = mathematics(kept.runs[BATCHED][0], kept.files)
    library = {step.name: "duckdb" if step.kind in ("query", "combine") else "numpy" for step in batched.steps}

    def inits(of: dict[str, str]) -> float:
        return sum(step.tasks * init_s[of.get(step.name, "")] * (step.memory_mib or 0) / 1024 for step in batched.steps)

    return Floor(
        scan_cpu_s=statistics.median(cpu_s(run, "scan") for run in kept.scans),
        mathematics_cpu_s=spent["mathematics_s"],
        whole_function_cpu_s=spent["whole_function_s"],
        tasks=batched.tasks,
        init_s=init_s,
        bare_init_gb_s=inits({}),
        library_init_gb_s=inits(library),
    )


def init_of(name: str, times: int = 7) -> float:
    """Seconds from the start of a sandbox until it has imported so much; median."""
    found: list[float] = []
    for _ in range(times):
        keeper = Keeper(Start(env=pinned(os.environ, 1), cwd=os.getcwd(), log=os.devnull))
        reply = keeper.ask(Prepare(imports=(name,) if name else ()))
        keeper.close()
        assert isinstance(reply, Replied)
        found.append(reply.answer.init_ns / NS_PER_S)
    return statistics.median(found)


def mathematics(run: Run, files: Sequence[str]) -> dict[str, float]:
    """CPU seconds of the batched mathematics on one thread."""
    query = run.plan.decomposed[0].file or ""
    command = [sys.executable, str(_SUBJECTS / "mathematics.py"), str(bundled_folder()), query, *files]
    done = subprocess.run(command, env=dict(pinned(os.environ, 1)), check=True, capture_output=True, text=True)
    spent: dict[str, float] = json.loads(done.stdout)
    return spent
