"""From a run to its report, judged against the facts that come with paredown; and to its file."""

from __future__ import annotations

import shlex
from decimal import Decimal
from pathlib import Path
from typing import Any

from profiler.facts import load, platform_of
from profiler.judging import sources_for
from profiler.model import Run
from profiler.pricing.budgeting import Budget
from profiler.report.build import build
from profiler.report.shape import Names, Report
from profiler.store import Recorder
from profiler.verdict import judge

FACTS = load()


def a_report(run: Run, *, names: Names | None = None, arch: str = "x86_64", **how: Any) -> Report:
    """Judge a run with its job's own budget, and lay it out."""
    plan = run.plan
    budget = None
    if plan.dollars_per_day is not None and plan.requests_per_day is not None:
        budget = Budget(usd_per_day=Decimal(plan.dollars_per_day), requests_per_day=plan.requests_per_day)
    platform = platform_of(FACTS, arch=arch)
    verdict = judge(run, platform, budget, **how)
    return build(run, verdict, names=names, sources=sources_for(FACTS, platform))


def too_wide(text: str, width: int) -> list[str]:
    """Lines of a page that a terminal has no room for; a single word of a command is longer rather than broken."""
    from rich.cells import cell_len  # Not above: some tests are of what is imported.

    page, _, following = text.partition("\n  Next\n")
    lines = [line for line in page.splitlines() if cell_len(line) > width]
    words = [line for line in following.splitlines() if cell_len(line) > width]
    return lines + [line for line in words if len(shlex.split(line.removesuffix("\\"))) > 1]


def keep(run: Run, path: str = ".paredown/runs/a.jsonl") -> Path:
    """Write a run to its file, as if it had been measured in this folder."""
    recorder = Recorder.create(
        Path(path),
        run_id=run.id,
        created=run.created,
        version=run.version,
        plan=run.plan,
        machine=run.machine,
        settings=run.settings,
        commit=run.commit,
    )
    comparisons = () if run.comparison is None else (run.comparison,)
    for machine in run.hosts:
        recorder.record(machine)
    for measured in run.repetitions or (run,):
        for event in (*measured.begun, *measured.measurements):
            recorder.record(event)
    ends = [repetition.end for repetition in run.repetitions if repetition.end] or run.variants
    for event in (*ends, *run.answers, *comparisons, *run.scores):
        recorder.record(event)
    if run.exit_code is not None:
        recorder.exit_code(run.exit_code)
    if run.ended:
        recorder.end()
    return recorder.path
