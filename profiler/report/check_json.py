"""A check for programs: one JSON document, described by `docs/check.schema.json` and `docs/checking.md`."""

from __future__ import annotations

from typing import Any

from profiler.checking.outcome import Baseline, Change, Check, Creep
from profiler.model import Run, Variant
from profiler.report.json_report import as_json, commit_document, number, reasons
from profiler.report.shape import Report

SCHEMA = "paredown.check/1"
# 1: the first. A new key does not change the number; a key that goes, or means something else, does.


def check_json(report: Report) -> str:
    """Return what a check found as JSON that ends in a newline."""
    return as_json(check_document(report))


def check_document(report: Report) -> dict[str, Any]:
    """Return what a check found as plain values."""
    check, checked = report.check, report.checked
    assert check is not None
    assert checked is not None
    return {
        "schema": SCHEMA,
        "job": check.verdict.job,
        "run": _run(report.run),
        "passed": check.passed,
        "sentence": checked.headline.text,
        "variant": check.variant.value,
        "verdict": {
            "fits": check.verdict.fits,
            "sentence": check.verdict.sentence,
            "reasons": reasons(check.verdict.reasons),
        },
        "objections": reasons(check.objections),
        "changes": [_change(change, check) for change in check.changes],
        "creeps": [_creep(creep, check) for creep in check.creeps],
        "baselines": [_baseline(baseline) for baseline in check.baselines],
        "steps": {
            "new": _steps(check.new_steps),
            "gone": _steps(check.gone_steps),
            "renamed": [
                {"variant": variant.value, "before": before, "now": now} for variant, before, now in check.renamed_steps
            ],
        },
        "notes": list(check.notes),
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "created": run.created,
        "paredown": run.version,
        "ended": run.ended,
        "repeats": run.settings.repeats,
        "commit": commit_document(run.commit),
    }


def _change(change: Change, check: Check) -> dict[str, Any]:
    return {
        "variant": change.variant.value,
        "step": change.step,
        "measure": change.measure.value,
        "before": number(change.before),
        "after": number(change.after),
        "ratio": number(change.ratio),
        "threshold": number(change.threshold),
        "called": change.called.value,
        "decides": change.variant is check.variant,
        "interval": None if change.interval is None else [number(end) for end in change.interval],
        "p_value": number(change.p_value),
        "busy": change.busy,
        "slower_before": number(change.slower_before),
        "before_repeats": change.before_repeats,
        "after_repeats": change.after_repeats,
        "baseline": change.baseline,
    }


def _creep(creep: Creep, check: Check) -> dict[str, Any]:
    return {
        "variant": creep.variant.value,
        "step": creep.step,
        "measure": creep.measure.value,
        "decides": creep.variant is check.variant,
        "runs": list(creep.runs),
        "values": [number(value) for value in creep.values],
        "rise": number(creep.rise),
        "threshold": number(creep.threshold),
        "p_value": number(creep.p_value),
    }


def _baseline(baseline: Baseline) -> dict[str, Any]:
    return {
        "id": baseline.run_id,
        "path": baseline.path,
        "created": baseline.created,
        "commit": commit_document(baseline.commit),
        "repeats": baseline.repeats,
        "same_machine": baseline.same_machine,
        "differences": list(baseline.differences),
        "refused": baseline.refused or None,
    }


def _steps(steps: tuple[tuple[Variant, str], ...]) -> list[dict[str, str]]:
    return [{"variant": variant.value, "step": step} for variant, step in steps]
