"""The report for programs: one JSON document, described by `docs/report.schema.json` and `docs/report-json.md`.

Every figure is the verdict's own, unrounded; nothing is computed here. Money and GB-seconds are JSON numbers: a double
holds fifteen digits, and what a bill rounds was rounded before, with decimals.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from profiler.fit import StepFit
from profiler.hosts import Hosts
from profiler.model import Commit, Comparison, Machine, Measurement, Moved, Plan, Run, Score
from profiler.reasons import Reason
from profiler.report.findings import alike, warnings_of
from profiler.report.repeated import repeated_values
from profiler.report.shape import Report
from profiler.report.skew import best_gain
from profiler.variants import MachineCost, VariantVerdict
from profiler.verdict import Assumptions, BudgetVerdict, Verdict

SCHEMA = "paredown.report/1"
# 1: the first. A new key does not change the number; a key that goes, or means something else, does.

_MOST_TASKS = 20
_MOST_FINDINGS = 100
_NOT_ASCII = re.compile(r"[^\x00-\x7e]+")


def render(report: Report) -> str:
    """Return the report as JSON that ends in a newline."""
    return as_json(document(report))


def as_json(plain: dict[str, Any]) -> str:
    """Return plain values as JSON that ends in a newline; nothing in it steers a terminal."""
    text = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)
    return _NOT_ASCII.sub(lambda match: "".join(map(_shown, match[0])), text) + "\n"


def _shown(character: str) -> str:
    """Escape what JSON allows, but what steers a terminal, turns its text around or cannot be encoded."""
    return character if character.isprintable() else json.dumps(character)[1:-1]


def document(report: Report) -> dict[str, Any]:
    """Return the report as plain values."""
    run, verdict = report.run, report.verdict
    findings = alike(run)
    variants = {"monolith": verdict.monolith, "decomposed": verdict.decomposed}
    return {
        "schema": SCHEMA,
        "job": verdict.job,
        "run": _run(run),
        "verdict": {
            "fits": verdict.fits,
            "sentence": verdict.sentence,
            "reasons": reasons(verdict.reasons),
            "decided_by": verdict.decided_by.value,
        },
        "budget": None if verdict.budget is None else _budget(verdict.budget),
        "same_answer": _same_answer(run.comparison),
        **_scores(run, verdict),
        "requests": verdict.requests,
        "groups": max((answer.groups for answer in run.answers if answer.groups is not None), default=None),
        "inputs": [
            {"name": given.name, "files": len(given.paths), "rows": given.rows, "bytes": given.total_bytes}
            for given in run.plan.inputs
        ],
        "shards": _shards(run.plan) if run.plan.decomposed else None,
        "variants": {name: _variant(variant) for name, variant in variants.items() if variant is not None},
        "repetitions": repeated_values(run),
        "findings": [_finding(group) for group in findings[:_MOST_FINDINGS]],
        "more_findings": max(0, len(findings) - _MOST_FINDINGS),
        "warnings": list(warnings_of(run)),
        "assumptions": _assumptions(verdict.assumptions),
        "machine": _machine(verdict.assumptions.machine),
        "hosts": None if report.hosts is None else _hosts(report.hosts),
        "settings": _settings(verdict.assumptions),
    }


def _shards(plan: Plan) -> dict[str, Any]:
    skew = plan.skew
    return {
        "count": plan.shards,
        "reason": plan.shards_reason,
        "skew": None
        if skew is None
        else {
            "step": skew.step,
            "keys": list(skew.keys),
            "groups": skew.groups,
            "rows": skew.rows,
            "best_gain": number(float(best_gain(skew))) if skew.rows else None,
            "largest": [
                {"key": list(group.key), "rows": group.rows, "share": number(group.rows / skew.rows)}
                for group in skew.largest
            ],
        },
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "created": run.created,
        "paredown": run.version,
        "ended": run.ended,
        "script": run.is_script,
        "exit_code": run.exit_code,
        "dropped_bytes": run.dropped_bytes,
        "commit": commit_document(run.commit),
    }


def commit_document(commit: Commit | None) -> dict[str, Any] | None:
    """Return a commit as plain values."""
    return None if commit is None else {"id": commit.id, "branch": commit.branch or None, "dirty": commit.dirty}


def reasons(found: Iterable[Reason]) -> list[dict[str, Any]]:
    """Return reasons as plain values."""
    return [
        {
            "kind": reason.kind.value,
            "effect": reason.effect.value,
            "subject": reason.subject,
            "sentence": reason.sentence,
            "remedy": reason.remedy or None,
            "figure": number(reason.figure),
            "limit": number(reason.limit),
            "unit": None if reason.unit is None else reason.unit.value,
        }
        for reason in found
    ]


def _budget(budget: BudgetVerdict) -> dict[str, Any]:
    return {
        "usd_per_day": number(budget.usd_per_day),
        "requests_per_day": budget.requests_per_day,
        "allowed_gb_s_per_request": number(budget.allowed_gb_s_per_request),
        "needed_gb_s_per_request": number(budget.needed_gb_s_per_request),
        "requests_bought": budget.requests_bought,
        "share": number(budget.share),
        "fits": budget.fits,
    }


def _same_answer(comparison: Comparison | None) -> dict[str, Any]:
    if comparison is None:
        comparison = Comparison(equal=None, reason="there are not two answers to compare")
    return {
        "equal": comparison.equal,
        "rows": comparison.rows,
        "equal_rows": comparison.equal_rows,
        "largest_difference": number(comparison.largest_difference),
        "only_monolith": comparison.only_monolith,
        "only_decomposed": comparison.only_decomposed,
        "reason": comparison.reason or None,
        "columns": list(comparison.columns),
        "first_differing": [list(row) for row in comparison.first_differing],
        "first_only_monolith": [list(row) for row in comparison.first_only_monolith],
        "first_only_decomposed": [list(row) for row in comparison.first_only_decomposed],
    }


def _scores(run: Run, verdict: Verdict) -> dict[str, Any]:
    """The score of the deciding variant's answer, and those of both."""
    scores = {score.variant: score for score in run.scores}
    decided = scores.get(verdict.decided_by)
    return {
        "score": None if decided is None or decided.problem else _score(decided),
        "scores": {
            variant.value: {"values": _score(score), "problem": score.problem or None}
            for variant, score in scores.items()
        },
    }


def _score(score: Score) -> dict[str, Any]:
    return {name: value if isinstance(value, str) else number(value) for name, value in score.values.items()}


def _variant(variant: VariantVerdict) -> dict[str, Any]:
    return {
        "fits": variant.fits,
        "reasons": reasons(variant.reasons),
        "complete": variant.complete,
        "problem": variant.problem or None,
        "tasks": variant.tasks,
        "invocations": variant.invocations,
        "peak_bytes": None if variant.peak is None else variant.peak.high,
        "peak_low_bytes": None if variant.peak is None else variant.peak.low,
        "wall_ns": variant.wall_ns,
        "cpu_ns": variant.cpu_ns,
        "init_ns": variant.init_ns,
        "memory_mib": variant.memory_mib,
        "duration_ns": variant.duration_ns,
        "answer_ns": variant.answer_ns,
        "gb_s": number(variant.gb_s),
        "gb_s_per_request": number(variant.gb_s_per_request),
        "gb_s_per_day": number(variant.gb_s_per_day),
        "hypothetical": variant.hypothetical,
        "usd_per_run": number(variant.usd_per_run),
        "usd_per_day": number(variant.usd_per_day),
        "utilisation": number(variant.utilisation),
        "floor_gb_s": number(variant.floor_gb_s),
        "times_floor": number(variant.times_floor),
        "machine": _machine_cost(variant.machine),
        "default_machine": _machine_cost(variant.default_machine),
        "steps": [_step(step) for step in variant.steps],
    }


def _step(step: StepFit) -> dict[str, Any]:
    return {
        "name": step.name,
        "kind": step.kind,
        "tasks": step.tasks,
        "planned_tasks": step.planned_tasks,
        "groups": step.groups,
        "peak_bytes": None if step.peak is None else step.peak.high,
        "peak_low_bytes": None if step.peak is None else step.peak.low,
        "added_bytes": step.added_bytes,
        "temp_bytes": step.temp_bytes,
        "moved": _moved(step.moved),
        "wall_ns": step.wall_ns,
        "task_wall_ns_median": step.task_wall_ns_median,
        "task_wall_ns_max": step.task_wall_ns_max,
        "cpu_ns": step.cpu_ns,
        "init_ns": step.init_ns,
        "init_ns_median": step.init_ns_median,
        "memory_mib": step.memory_mib,
        "needed_mib": step.needed_mib,
        "duration_ns": step.duration_ns,
        "billed_ns": step.billed_ns,
        "gb_s": number(step.gb_s),
        "gb_s_per_task": number(step.gb_s_per_task),
        "hypothetical": step.hypothetical,
        "utilisation": number(step.utilisation),
        "fits": step.fits,
        "reasons": reasons(step.reasons),
        "outcomes": {ending.value: tasks for ending, tasks in step.outcomes.items() if tasks},
    }


def _moved(moved: Moved | None) -> dict[str, Any] | None:
    if moved is None:
        return None
    return {
        "get": moved.get,
        "put": moved.put,
        "list": moved.list,
        "received_bytes": moved.received_bytes,
        "sent_bytes": moved.sent_bytes,
        "estimated": moved.estimated,
    }


def _machine_cost(machine: MachineCost | None) -> dict[str, Any] | None:
    if machine is None:
        return None
    return {
        "type": machine.type,
        "memory_mib": machine.memory_mib,
        "vcpus": machine.vcpus,
        "machines": machine.machines,
        "usd_per_hour": number(machine.usd_per_hour),
        "hours_per_day": number(machine.hours_per_day),
        "usd_per_day_for_hours": number(machine.usd_for_hours),
        "usd_per_day_always_on": number(machine.usd_always_on),
        "usd_per_run": number(machine.usd_per_run),
    }


def _finding(group: list[Measurement]) -> dict[str, Any]:
    first = group[0]
    return {
        "variant": first.variant.value,
        "step": first.step,
        "ending": first.outcome.ending.value,
        "tasks": len(group),
        "first_tasks": [measurement.index for measurement in group[:_MOST_TASKS]],
        "message": first.outcome.message,
        "traceback": first.outcome.traceback or None,
        "printed": first.outcome.output_tail or None,
        "exit_code": first.outcome.exit_code,
        "signal": first.outcome.signal,
    }


def _assumptions(held: Assumptions) -> dict[str, Any]:
    return {
        "region": held.region,
        "arch": held.arch,
        "prices_date": held.prices_date,
        "headroom": number(held.headroom),
        "warm": held.warm,
        "tasks_at_once": held.tasks_at_once,
        "runtime_mib": held.runtime_mib,
        "network_bytes_per_s": held.network_bytes_per_s,
        "mib_per_vcpu": held.mib_per_vcpu,
        "peaks_exact": held.peaks_exact,
        "accurate_from_mib": held.accurate_from_mib,
        "fleet_cost_factor": number(held.fleet_cost_factor),
        "slowest_factor": number(held.slowest_factor),
        "slowest_of_tasks": held.slowest_of_tasks,
        "notes": list(held.notes),
    }


def _hosts(hosts: Hosts) -> dict[str, Any]:
    return {
        "each": [
            {
                "name": host.name,
                "here": host.here,
                "tasks": {variant.value: tasks for variant, tasks in host.tasks.items()},
                "cpu_ns": {variant.value: cpu_ns for variant, cpu_ns in host.cpu_ns.items()},
                "machine": None if host.machine is None else _machine(host.machine),
            }
            for host in hosts.each
        ],
        "unlike": [trait.value for trait in hosts.unlike],
        "lost_tasks": hosts.lost,
        "elapsed_comparable": hosts.same_speed,
    }


def _machine(machine: Machine) -> dict[str, Any]:
    return {
        "system": machine.system,
        "cpu_model": machine.cpu_model,
        "cores": machine.cores,
        "memory_bytes": machine.memory_bytes,
        "clock_mhz": machine.clock_mhz,
        "python": machine.python,
        "packages": dict(machine.packages),
    }


def _settings(held: Assumptions) -> dict[str, Any]:
    settings = held.settings
    return {
        "variants": [variant.value for variant in settings.variants],
        "jobs": settings.jobs,
        "task_threads": settings.task_threads,
        "monolith_threads": settings.monolith_threads,
        "cold": settings.cold,
        "timeout_ns": settings.timeout_ns,
        "engine": settings.engine,
        "repeats": settings.repeats,
        "workspace": settings.workspace or None,
    }


def number(value: Decimal | float | int | None) -> float | int | None:
    """A JSON number; None for what JSON has no number for."""
    if value is None or not math.isfinite(value):
        return None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
