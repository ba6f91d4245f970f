"""A plan as text: every line fits the terminal, whatever names a job has, and the next command is the one to run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from profiler.cli.planned import describe
from profiler.model import FunctionRef, Plan
from profiler.work import MakeInput, Planned
from tests.factories import a_plan
from tests.sample_runs import a_run_on_s3, an_undecided_run

NEXT = "paredown run job.py"


def shown(plan: Plan, width: int = 80, **changes: object) -> str:
    return describe(Planned(plan=plan, **changes), width=width, next_line=NEXT)  # type: ignore[arg-type]


def a_described_plan() -> Plan:
    """The reference job with long descriptions, one long name, and groups that were counted."""
    plan = an_undecided_run().plan
    words = "Cost of each group and day: line items of a bill, added up exactly. " * 3
    steps = tuple(replace(step, description=words.strip()) for step in plan.decomposed)
    long = replace(plan.monolith[0], name="a_name_that_is_longer_than_any_column_has_room_for")
    return replace(plan, decomposed=steps, monolith=(long, *plan.monolith[1:]), params={"rows": 10**9, "seed": 7})


@pytest.mark.parametrize("width", [60, 80, 140])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    assert max(map(cell_len, shown(a_described_plan(), width).splitlines())) <= width


def test_what_a_step_reads_and_does_stands_beside_its_name() -> None:
    lines = shown(a_described_plan(), 140).splitlines()
    assert "  train        up to 20 tasks · reads daily_cost · per group of customer, service, region" in lines
    query = lines.index("  daily_cost   1 task · reads line_items · SQL in 512 MB, split by customer, service, region")
    assert lines[query + 1].startswith("               Cost of each group and day: line items of a bill, ")


def test_a_long_name_has_a_line_of_its_own() -> None:
    lines = shown(a_described_plan()).splitlines()
    place = lines.index("  a_name_that_is_longer_than_any_column_has_room_for")
    assert lines[place + 1] == "               1 task · reads line_items"


def test_an_input_says_how_much_it_is_and_where() -> None:
    text = shown(a_run_on_s3().plan)
    assert "  line_items   18 files · 512 MB · 10,003,680 rows · s3://focus/\n" in text
    assert "  line_items   1 file · 1.00 MB · 1,000 rows · " in shown(a_plan())


def test_an_input_that_is_not_there_yet_says_who_makes_it() -> None:
    making = MakeInput(
        name="line_items", function=FunctionRef(file="/job/job.py", qualname="make"), params={}, target="/data"
    )
    assert "  line_items   will be made by make\n" in shown(a_plan(), to_make=(making,))


def test_what_is_not_there_is_said() -> None:
    text = shown(a_plan(inputs=(), decomposed=()))
    assert "Inputs\n  none\n" in text
    assert "Decomposed\n  none\n" in text
    assert text.endswith(f"\n\nNext:  {NEXT}")


def test_names_move_no_cursor_and_break_no_line() -> None:
    plan = a_plan()
    step = replace(plan.monolith[0], name="st\x1b[31mep\n", reads=("in\nput",), description="a\x1b[2Jb\nc")
    text = shown(replace(plan, job="a\njob", monolith=(step,)))
    assert "\x1b" not in text
    assert text.startswith("a\\njob   ")
    assert "st\\x1b[31mep\\n   1 task · reads in\\nput" in text
