"""How Step Functions can drive steps: what each way uses, and where it is not allowed."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from profiler.facts import load, platform_of
from profiler.fit import StepFit
from profiler.pipeline.workflow import workflows_of
from profiler.units import NS_PER_MS, NS_PER_S
from profiler.verdict import judge
from tests.factories import a_run

FACTS = load()
QUERY, TRAIN = judge(a_run(), platform_of(FACTS)).decomposed.steps  # type: ignore[union-attr]
FANNED = frozenset({"train"})


def of(tasks: int, *, seconds: float = 1.0) -> StepFit:
    """A step that fans out into so many tasks of so long."""
    return replace(TRAIN, tasks=tasks, task_times_ns=(int(seconds * NS_PER_S),) * tasks)


def amounts(workflow: object) -> dict[str, Fraction]:
    return {usage.quantity.split(".")[1]: usage.amount for usage in workflow.usage}  # type: ignore[attr-defined]


def test_a_chain_of_single_steps_is_one_transition_each() -> None:
    (only,) = workflows_of([QUERY, replace(TRAIN, tasks=1)], frozenset(), FACTS)
    assert amounts(only) == {"transitions": 2}
    assert only.obstacle == ""


def test_an_inline_map_is_a_transition_and_one_for_each_task() -> None:
    inline, _ = workflows_of([QUERY, of(20)], FANNED, FACTS)
    assert amounts(inline) == {"transitions": 1 + 1 + 20}


def test_a_distributed_map_is_a_transition_and_one_started_express_workflow_for_each_task() -> None:
    _, distributed = workflows_of([QUERY, of(20, seconds=3)], FANNED, FACTS)
    assert amounts(distributed) == {
        "transitions": 2 + 20,
        "express_requests": 20,
        # 50 MB come to one chunk of 64, which is a sixteenth of a GB.
        "express_gb_hours": Fraction(20 * 3, 16 * 3600),
    }


@pytest.mark.parametrize(
    ("ms", "billed_ms"),
    [
        pytest.param(1, 100, id="a hundred milliseconds at least"),
        pytest.param(100, 100, id="on the border"),
        pytest.param(101, 200, id="one millisecond beyond it"),
    ],
)
def test_an_express_child_is_billed_in_steps_of_100_ms(ms: int, billed_ms: int) -> None:
    _, distributed = workflows_of([of(1, seconds=ms / 1000)], FANNED, FACTS)
    assert amounts(distributed)["express_gb_hours"] == Fraction(billed_ms * NS_PER_MS, 16 * 3600 * NS_PER_S)


@pytest.mark.parametrize(
    ("tasks", "allowed"),
    # A workflow that is one inline Map over three tasks was recorded with 27 events: 6 + 3 × 7.
    [pytest.param(3570, True, id="6 + 3,570 × 7 = 24,996"), pytest.param(3571, False, id="6 + 3,571 × 7 = 25,003")],
)
def test_an_inline_map_ends_where_the_history_does(tasks: int, allowed: bool) -> None:
    inline, distributed = workflows_of([of(tasks)], FANNED, FACTS)
    assert (inline.obstacle == "") is allowed
    assert distributed.obstacle == ""
    if not allowed:
        assert inline.obstacle == "its history would hold 25,003 events; 25,000 are allowed"


def test_an_express_child_cannot_wait_for_athena() -> None:
    inline, distributed = workflows_of([QUERY, of(2)], FANNED, FACTS, scanned=FANNED)
    assert inline.obstacle == ""
    assert distributed.obstacle == "an Express workflow cannot wait for a query of Athena"


def test_athena_beside_a_map_is_no_obstacle() -> None:
    _, distributed = workflows_of([QUERY, of(2)], FANNED, FACTS, scanned=frozenset({QUERY.name}))
    assert distributed.obstacle == ""


def test_an_express_child_ends_after_five_minutes() -> None:
    inline, distributed = workflows_of([of(2, seconds=301)], FANNED, FACTS)
    assert inline.obstacle == ""
    assert distributed.obstacle == "a task takes 5 min 1 s; an Express workflow may take 5 min 0 s"
