"""The history of a job for a program: every run with the figures of every repeat. docs/history.schema.json."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from profiler.history.values import History, Past, Trend
from profiler.report.json_report import commit_document

SCHEMA = "paredown.history/1"
# 1: the first. A new key does not change the number; a key that goes, or means something else, does.


def document(history: History) -> dict[str, Any]:
    """Return a history as plain values."""
    return {
        "schema": SCHEMA,
        "job": history.job,
        "runs": [_run(run) for run in history.runs],
        "older_runs": history.older,
        "trends": [_trend(trend) for trend in history.trends],
        "unreadable": [{"path": file.path, "problem": file.problem} for file in history.unreadable],
    }


def _run(run: Past) -> dict[str, Any]:
    header, made = run.header, run.header.run
    return {
        "id": header.id,
        "path": header.run.path,
        "created": f"{header.created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "commit": commit_document(made.commit),
        "machine": {"host": made.machine.host, "cpu_model": made.machine.cpu_model, "cores": made.machine.cores},
        "ending": run.ending.value,
        "reason": run.reason,
        "same_machine": run.same_machine,
        "busy": sorted(variant.value for variant in run.busy),
        "other_work": run.other_data,
        "workspace": made.settings.workspace or None,
        "taken_from_another_run": sorted(variant.value for variant in run.taken),
        "figures": [
            {
                "variant": series.variant.value,
                "step": series.step,
                "tasks": series.tasks,
                "peak_bytes": list(series.peak_bytes),
                "bounded": series.bounded,
                "cpu_ns": list(series.cpu_ns),
                "pace_ns": list(series.pace_ns),
                "wall_ns": list(series.wall_ns),
            }
            for series in run.series.values()
        ],
    }


def _trend(trend: Trend) -> dict[str, Any]:
    return {
        "variant": trend.variant.value,
        "step": trend.step,
        "measure": trend.measure.value,
        "values": list(trend.values),
        "at_pace_of": trend.at_pace_of or None,
        "slower": list(trend.slower),
        "rise": None if trend.rise is None else {"rise": trend.rise.rise, "p_value": trend.rise.p_value},
    }
