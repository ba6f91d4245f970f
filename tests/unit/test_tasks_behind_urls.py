"""What tasks are told of inputs behind URLs before they begin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from profiler.model import Plan
from profiler.runner.decomposed import QueryLimits, Setting, tasks_of
from profiler.task import Task
from profiler.work import RunQuery
from tests.factories import a_plan, the_settings


def first_tasks(plan: Plan) -> list[Task]:
    """The tasks of the plan's first step, a query."""
    step = plan.decomposed[0]
    setting = Setting(
        plan=plan,
        settings=the_settings(),
        folder=Path("/work"),
        files="/work",
        stop_file=Path("/work/stop"),
        started_ns=0,
        environment={},
        cores=2,
        limits={step.memory_mib or 0: QueryLimits(memory_limit_mib=100, threads=1)},
    )
    return tasks_of(step, {}, setting)


def a_plan_of(*paths: str, sizes: tuple[int, ...] = ()) -> Plan:
    """A plan whose one input is these files."""
    plan = a_plan()
    return replace(plan, inputs=(replace(plan.inputs[0], paths=paths, sizes=sizes),))


@pytest.mark.parametrize(
    ("plan", "imports"),
    [
        (a_plan_of("/a.parquet"), ("duckdb",)),
        (a_plan_of("s3://b/a.parquet", sizes=(1,)), ("duckdb", "s3fs")),
        (a_plan_of("gs://b/a.parquet", sizes=(1,)), ("duckdb", "gcsfs")),
        (a_plan_of("https://b/a.parquet", sizes=(1,)), ("duckdb", "fsspec")),
    ],
    ids=["on a disk", "on S3", "on Google's", "elsewhere"],
)
def test_a_query_imports_what_its_inputs_are_read_with_in_its_init(plan: Plan, imports: tuple[str, ...]) -> None:
    assert [task.prepare.imports for task in first_tasks(plan)] == [imports]


def test_a_part_knows_the_sizes_of_its_own_files() -> None:
    plan = a_plan_of("s3://b/a", "s3://b/b", "s3://b/c", sizes=(1, 2, 3))
    first, *others = plan.decomposed
    parts = (("s3://b/a",), ("s3://b/b", "s3://b/c"))
    tasks = first_tasks(replace(plan, decomposed=(replace(first, parts=parts), *others)))
    orders = [task.order for task in tasks if isinstance(task.order, RunQuery)]
    assert [order.sources[0].sizes for order in orders] == [(1,), (2, 3)]
