"""Values for tests: each factory gives a sound one, and `changes` say what the test is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from profiler.model import (
    PACE_VERSION,
    Answer,
    Comparison,
    Ending,
    FunctionRef,
    InputFiles,
    Machine,
    Measurement,
    Outcome,
    Peak,
    Plan,
    PlannedStep,
    Run,
    Settings,
    Variant,
    VariantEnd,
)
from profiler.units import MIB, NS_PER_S


def exactly(mib: float) -> Peak:
    """A peak that the kernel saw."""
    return Peak(low=int(mib * MIB), high=int(mib * MIB))


def between(low_mib: int, high_mib: int | None) -> Peak:
    """A peak of several processes: somewhere between two ends."""
    return Peak(low=low_mib * MIB, high=None if high_mib is None else high_mib * MIB)


def ended(ending: Ending, message: str = "", **changes: Any) -> Outcome:
    """How a task ended."""
    return replace(Outcome(ending=ending, message=message), **changes)


OK = Outcome(ending=Ending.OK)


def a_measurement(**changes: Any) -> Measurement:
    """One task of a decomposed step: one second on one core, 200 MiB, in a fresh sandbox that took half a second."""
    measurement = Measurement(
        variant=Variant.DECOMPOSED,
        step="train",
        index=0,
        outcome=OK,
        started_ns=0,
        wall_ns=NS_PER_S,
        cpu_ns=NS_PER_S,
        wait_ns=0,
        init_ns=NS_PER_S // 2,
        init_cpu_ns=NS_PER_S // 2,
        peak=exactly(200),
        start_bytes=100 * MIB,
        cores=2.0,
        pace_ns=10 * 2_500_000,
        paces=10,
    )
    return replace(measurement, **changes)


def an_unmeasured(ending: Ending = Ending.LOST, message: str = "worker 7 is gone", **changes: Any) -> Measurement:
    """A task that was lost, or stopped before it began: nothing of it was measured."""
    nothing = {"started_ns": 0, "wall_ns": 0, "cpu_ns": 0, "init_ns": 0, "init_cpu_ns": 0, "start_bytes": 0}
    changes = {**nothing, "pace_ns": 0, "paces": 0, "peak": between(0, None), **changes}
    return a_measurement(outcome=ended(ending, message), **changes)


def a_planned_step(**changes: Any) -> PlannedStep:
    """A step that handles each group by itself."""
    step = PlannedStep(
        name="train",
        kind="per_group",
        reads=("daily_cost",),
        function=FunctionRef(file="/job/job.py", qualname="train"),
        by=("customer",),
    )
    return replace(step, **changes)


def a_plan(**changes: Any) -> Plan:
    """A job of two steps: daily_cost (a step in the monolith, a query of 512 MiB in the decomposed variant), train."""
    plan = Plan(
        job="cost_anomalies",
        file="/job/job.py",
        inputs=(
            InputFiles(name="line_items", paths=("/data/a.parquet",), total_bytes=MIB, rows=1000, fingerprint="f"),
        ),
        monolith=(a_planned_step(name="daily_cost", kind="step", reads=("line_items",), by=()), a_planned_step()),
        decomposed=(
            a_planned_step(
                name="daily_cost",
                kind="query",
                reads=("line_items",),
                function=None,
                sql="SELECT 1",
                file="/job/daily_cost.sql",
                by=(),
                shard_by=("customer",),
                memory_mib=512,
            ),
            a_planned_step(shard_by=("customer",), fans_out=True),
        ),
        params={},
        shards=2,
        shards_reason="two, because the test says so",
        code={"/job/job.py": "0" * 64},
        request="customer",
        answer_key=("customer",),
    )
    return replace(plan, **changes)


def a_machine(**changes: Any) -> Machine:
    """A machine with two cores."""
    machine = Machine(
        system="Linux 6.18",
        cpu_model="a processor",
        cores=2,
        memory_bytes=24 * 1024 * MIB,
        python="3.11.7",
        packages={"duckdb": "1.4.0"},
    )
    return replace(machine, **changes)


def the_settings(**changes: Any) -> Settings:
    """How a run was made: two tasks at a time, one thread each."""
    settings = Settings(
        variants=(Variant.MONOLITH, Variant.DECOMPOSED),
        jobs=2,
        task_threads=1,
        monolith_threads=2,
        cold=False,
        timeout_ns=900 * NS_PER_S,
        pace=PACE_VERSION,
    )
    return replace(settings, **changes)


def the_measurements() -> tuple[Measurement, ...]:
    """Both variants of `a_plan`, measured: a monolith of 4 GiB in 50 s, and a query and two shards of train."""
    monolith: dict[str, Any] = {"variant": Variant.MONOLITH, "peak": exactly(4096)}
    return (
        a_measurement(
            **monolith,
            step="daily_cost",
            wall_ns=20 * NS_PER_S,
            cpu_ns=20 * NS_PER_S,
            init_ns=2 * NS_PER_S,
            init_cpu_ns=2 * NS_PER_S,
        ),
        a_measurement(
            **monolith,
            step="train",
            started_ns=20 * NS_PER_S,
            wall_ns=30 * NS_PER_S,
            cpu_ns=30 * NS_PER_S,
            init_ns=0,
            init_cpu_ns=0,
            start_bytes=4000 * MIB,
            groups=100,
        ),
        a_measurement(step="daily_cost", started_ns=60 * NS_PER_S, wall_ns=2 * NS_PER_S, cpu_ns=2 * NS_PER_S),
        a_measurement(index=0, started_ns=62 * NS_PER_S, groups=60),
        a_measurement(index=1, started_ns=62 * NS_PER_S, groups=40, wall_ns=NS_PER_S // 2, cpu_ns=NS_PER_S // 2),
    )


def a_run(**changes: Any) -> Run:
    """A run of `a_plan` in which everything went well, with the same answer on both sides: 40 requests."""
    run = Run(
        id="20261124-120000-abcd",
        path=".paredown/runs/20261124-120000-abcd.jsonl",
        created="2026-11-24T12:00:00Z",
        version="0.1.0",
        plan=a_plan(),
        machine=a_machine(),
        settings=the_settings(),
        measurements=the_measurements(),
        variants=(
            VariantEnd(variant=Variant.MONOLITH, wall_ns=50 * NS_PER_S, complete=True),
            VariantEnd(variant=Variant.DECOMPOSED, wall_ns=4 * NS_PER_S, complete=True),
        ),
        answers=(
            Answer(variant=Variant.MONOLITH, path="/m.parquet", rows=1000, requests=40, groups=100),
            Answer(variant=Variant.DECOMPOSED, path="/d.parquet", rows=1000, requests=40, groups=100),
        ),
        comparison=Comparison(equal=True, rows=1000, equal_rows=1000, largest_difference=2.1e-12),
        ended=True,
    )
    return replace(run, **changes)
