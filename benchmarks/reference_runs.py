"""Runs of the reference jobs with what the verdict says of each; the figures and tables are made from these alone."""

from __future__ import annotations

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import profiler
from benchmarks.evidence import Figure, rounded
from profiler.fit import StepFit
from profiler.model import Run, Variant
from profiler.sizing import top
from profiler.units import MIB, NS_PER_S
from profiler.variants import VariantVerdict
from profiler.verdict import Verdict

PER_GROUP, BATCHED, CAREFUL = "cost_anomalies", "cost_anomalies_batched", "cost_anomalies_careful"
DECOMPOSED = ((BATCHED, "batched"), (PER_GROUP, "per group"))
SMALLER = 10
"""The small data have so many times fewer rows, groups and shards."""


@dataclass(slots=True)
class Kept:
    """All runs so far, each with its verdict."""

    workspace: Path
    params: dict[str, int]
    """Of the data."""
    runs: dict[str, list[Run]] = field(default_factory=lambda: defaultdict(list))
    """By job."""
    verdicts: dict[tuple[str, Variant], list[VariantVerdict]] = field(default_factory=lambda: defaultdict(list))
    scans: list[Run] = field(default_factory=list)
    """Of the queries that the jobs' SQL is held against."""
    grown: dict[str, tuple[list[VariantVerdict], list[VariantVerdict]]] = field(default_factory=dict)
    """By job: the decomposed variant on the small data and on all of them."""

    @property
    def files(self) -> tuple[str, ...]:
        """The line items."""
        return self.runs[BATCHED][0].plan.inputs[0].paths

    def measure(self, job: str, *variants: Variant) -> None:
        """Run a job on all data, and keep what the verdict says of it."""
        run, verdict = self.run(job, *variants, params=self.params)
        self.runs[job].append(run)
        for variant in variants:
            held = verdict.monolith if variant is Variant.MONOLITH else verdict.decomposed
            assert held is not None
            self.verdicts[job, variant].append(held)

    def scan(self) -> None:
        """Run the queries that the SQL is held against."""
        job = str(Path(__file__).resolve().parent / "subjects" / "scan_job.py")
        self.scans.append(self.run(job, Variant.DECOMPOSED, inputs={"line_items": self.files})[0])

    def grow(self, job: str) -> None:
        """Run a job's decomposed variant on a tenth of the rows, groups and shards, and on ten times that."""
        shards = max(1, round(self.runs[job][0].plan.shards / SMALLER))
        small = self.params | {name: max(1, self.params[name] // SMALLER) for name in ("rows", "groups")}
        sides = self.grown.setdefault(job, ([], []))
        for side, params, count in ((sides[0], small, shards), (sides[1], self.params, SMALLER * shards)):
            _, verdict = self.run(job, Variant.DECOMPOSED, params=params, shards=count)
            assert verdict.decomposed is not None
            side.append(verdict.decomposed)

    def run(self, job: str, *variants: Variant, **options: Any) -> tuple[Run, Verdict]:
        """Run a job, which has to end well, and judge it."""
        began = time.monotonic()
        run = profiler.run(job, variants=variants, workspace=self.workspace, **options)
        for end in run.variants:
            if not end.complete:
                raise SystemExit(f"{job}: the {end.variant} variant did not end well: {end.reason}\nsee {run.path}")
        told = f"{run.plan.job}, {' and '.join(variants)}: {time.monotonic() - began:.0f} s"
        print(told, file=sys.stderr, flush=True)
        return run, profiler.judge(run)

    def gb_s(self, job: str, variant: Variant) -> list[float]:
        """GB-seconds of every run of a variant."""
        return gb_s_of(self.verdicts[job, variant])


def cpu_s(run: Run, step: str) -> float:
    """CPU seconds of a decomposed step's tasks, inits left out."""
    return sum(item.cpu_ns for item in run.of(Variant.DECOMPOSED) if item.step == step) / NS_PER_S


def sql_cpu_s(kept: Kept, job: str) -> list[float]:
    """CPU seconds of a job's first query, by run."""
    return [cpu_s(run, run.plan.decomposed[0].name) for run in kept.runs[job]]


def peak_mib(step: StepFit) -> float:
    """The highest peak of a step's tasks."""
    return top(step.peak) / MIB if step.peak else 0.0


def gb_s_of(verdicts: list[VariantVerdict]) -> list[float]:
    """GB-seconds of each."""
    return [float(held.gb_s) for held in verdicts if held.gb_s is not None]


def times(name: str, dividends: Sequence[float], divisors: Sequence[float], **target: Any) -> Figure:
    """Make a figure of a ratio of medians; its range is from the worst to the best pair."""
    return Figure(
        name=name,
        value=rounded(statistics.median(dividends) / statistics.median(divisors)),
        low=rounded(min(dividends) / max(divisors)),
        high=rounded(max(dividends) / min(divisors)),
        unit="times",
        **target,
    )
