"""What a verdict rests on, in words: prices, model, spread, machine, settings. Every number stands beside these."""

from __future__ import annotations

from decimal import Decimal

from profiler.model import Machine, Run, Settings, Variant
from profiler.report.clean import one_line
from profiler.report.hosts import at_once
from profiler.report.moments import commit_words
from profiler.report.plain import many
from profiler.report.repeated import repeated_text
from profiler.report.shape import Statement
from profiler.units import count, memory, ratio
from profiler.verdict import Assumptions, Verdict

_NAMED_PACKAGES = ("duckdb", "pandas", "numpy", "scikit-learn")


def basis_of(verdict: Verdict, run: Run) -> tuple[Statement, ...]:
    """One statement per kind of assumption."""
    held = verdict.assumptions
    statements = [
        Statement(label="prices", text=f"AWS {held.region}, {held.arch}, as of {held.prices_date}"),
        Statement(label="memory", text=_memory(held)),
        Statement(label="time", text=_time(held, run)),
        Statement(label="spread", text=_spread(held)),
        Statement(label="machine", text=_machine(held.machine)),
        Statement(label="settings", text=_settings(held.settings, run)),
    ]
    if run.plan.decomposed and Variant.DECOMPOSED in run.settings.variants:
        statements.append(Statement(label="shards", text=_shards(run)))
    statements += [
        Statement(label="repeats", text=repeated_text(run)),
        Statement(label="run", text=_run(run)),
    ]
    statements += [Statement(label="note", text=one_line(note)) for note in held.notes]
    return tuple(statement for statement in statements if statement.text)


def _memory(held: Assumptions) -> str:
    if held.peaks_exact:
        peaks = "peaks from the kernel, exact"
    else:
        peaks = "peaks from the kernel; where a step had several processes, between two ends"
    return f"{peaks}; × {_plain(held.headroom)} headroom, + {count(held.runtime_mib)} MB for Lambda's own runtime"


def _time(held: Assumptions, run: Run) -> str:
    parts = [
        f"predicted from CPU seconds, one core here taken as one vCPU ({count(held.mib_per_vcpu)} MB)",
        _network(held, run),
        "sandboxes warm, no init billed" if held.warm else "every task starts cold",
    ]
    if held.tasks_at_once is not None:
        parts.append(f"{count(held.tasks_at_once)} tasks at once")
    if held.smallest_mib is not None and held.smallest_mib < held.accurate_from_mib:
        parts.append(f"less certain below {count(held.accurate_from_mib)} MB")
    if run.settings.repeats > 1 and run.settings.pace:
        parts.append("somewhat too long, since the pace of the cores was looked at; measured once it is not")
    return "; ".join(parts)


def _network(held: Assumptions, run: Run) -> str:
    """What is added to the time for Lambda's network."""
    rate = f"{memory(held.network_bytes_per_s)}/s"
    if not run.settings.workspace:
        return f"files between steps at {rate}"
    on_disk = any(not given.sizes for given in run.plan.inputs)
    return f"{f'input from this disk at {rate}; ' if on_disk else ''}files in stores take as long as here"


def _spread(held: Assumptions) -> str:
    """What was observed on Lambda beyond the model."""
    parts = []
    if held.fleet_cost_factor > 1 and held.slowest_of_tasks > 1:
        parts.append(f"a fleet costs about {_plain((held.fleet_cost_factor - 1) * 100)} % more")
    if held.slowest_of_tasks > 1 and held.slowest_factor > 1:
        times = ratio(held.slowest_factor)
        parts.append(f"the slowest of {count(held.slowest_of_tasks)} tasks takes about {times} times as long")
    return f"observed on Lambda, not counted above: {', and '.join(parts)}" if parts else ""


def _machine(machine: Machine) -> str:
    packages = [
        f"{one_line(name)} {one_line(machine.packages[name])}" for name in _NAMED_PACKAGES if name in machine.packages
    ]
    parts = (
        one_line(machine.cpu_model),
        many(machine.cores, "core"),
        memory(machine.memory_bytes),
        one_line(machine.system),
        f"Python {one_line(machine.python)}",
        *packages,
    )
    return ", ".join(part for part in parts if part)


def _settings(settings: Settings, run: Run) -> str:
    parts = []
    if Variant.DECOMPOSED in settings.variants:
        parts.append(at_once(settings, "task").removesuffix(" here"))
        parts.append("a fresh sandbox for each" if settings.cold else "sandboxes used again")
    whole = "the script" if run.is_script else "the monolith"
    threads = [
        f"not pinned in {where}" if number is None else f"{many(number, 'thread')} in {where}"
        for number, where, variant in (
            (settings.task_threads, "a task", Variant.DECOMPOSED),
            (settings.monolith_threads, whole, Variant.MONOLITH),
        )
        if variant in settings.variants
    ]
    parts.append(f"numeric libraries: {', '.join(threads)}")
    return "; ".join(parts)


def _shards(run: Run) -> str:
    reason = one_line(run.plan.shards_reason).rstrip(".")
    return f"{count(run.plan.shards)}: {reason}" if reason else count(run.plan.shards)


def _run(run: Run) -> str:
    created = one_line(run.created).replace("T", " ").removesuffix("Z")
    commit = f", {commit_words(run.commit, branch=run.commit.branch)}" if run.commit else ""
    return f"{one_line(run.id)}, {created} UTC, paredown {one_line(run.version)}{commit}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
