"""A whole run judged: the sentence, the budget, both variants, and every kind of run that ended early."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiler.decomposed import makespan
from profiler.facts import load, platform_of
from profiler.model import Answer, Comparison, Ending, Measurement, Repetition, Run, Variant, VariantEnd
from profiler.reasons import Effect, ReasonKind
from profiler.units import MIB, NS_PER_S
from profiler.verdict import Budget, VariantVerdict, Verdict, judge
from tests.factories import (
    a_measurement,
    a_plan,
    a_planned_step,
    a_run,
    an_unmeasured,
    between,
    ended,
    exactly,
    the_measurements,
    the_settings,
)

PLATFORM = platform_of(load())
BUDGET = Budget(usd_per_day=Decimal(7), requests_per_day=3000)


def judged(run: Run, budget: Budget | None = BUDGET, **options: Any) -> Verdict:
    """The run, held against Lambda in us-east-1."""
    return judge(run, PLATFORM, budget, **options)


def monolith_of(verdict: Verdict) -> VariantVerdict:
    """The monolith, which is there."""
    assert verdict.monolith is not None
    return verdict.monolith


def decomposed_of(verdict: Verdict) -> VariantVerdict:
    """The decomposed variant, which is there."""
    assert verdict.decomposed is not None
    return verdict.decomposed


def with_monolith(**changes: Any) -> tuple[Measurement, ...]:
    """The measurements of `a_run`, the monolith's changed."""
    return tuple(replace(task, **changes) if task.variant is Variant.MONOLITH else task for task in the_measurements())


def with_decomposed(**changes: Any) -> tuple[Measurement, ...]:
    """The measurements of `a_run`, the decomposed ones changed."""
    return tuple(
        replace(task, **changes) if task.variant is Variant.DECOMPOSED else task for task in the_measurements()
    )


BIG = with_monolith(peak=exactly(11_366))
"""A monolith of 11.1 GB, which no Lambda holds."""


# --- the sentence ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "budget", "fits", "sentence"),
    [
        pytest.param(
            a_run(),
            BUDGET,
            True,
            "cost_anomalies fits AWS Lambda when decomposed: one request takes 0.168 GB-seconds, 38 times less than "
            "as one process, and $7 a day for 3,000 requests allows 140.",
            id="it fits",
        ),
        pytest.param(
            a_run(),
            None,
            True,
            "cost_anomalies fits AWS Lambda when decomposed: one request takes 0.168 GB-seconds, 38 times less than "
            "as one process.",
            id="no budget",
        ),
        pytest.param(
            a_run(plan=a_plan(request=None)),
            None,
            True,
            "cost_anomalies fits AWS Lambda when decomposed: one run takes 6.73 GB-seconds, 38 times less than "
            "as one process.",
            id="no requests",
        ),
        pytest.param(
            a_run(),
            Budget(usd_per_day=Decimal("0.005"), requests_per_day=3000),
            False,
            "cost_anomalies fits AWS Lambda when decomposed, but not its budget: one request takes 0.168 GB-seconds, "
            "38 times less than as one process, and $0.00500 a day for 3,000 requests allows 0.0991.",
            id="over the budget",
        ),
        pytest.param(
            a_run(measurements=with_decomposed(peak=exactly(9_626))),
            BUDGET,
            False,
            "cost_anomalies does not fit AWS Lambda when decomposed: daily_cost needs 11.3 GB with headroom; "
            "it declares 512 MB (1 more against it). Aggregate earlier, or split it by file with combine=.",
            id="too big",
        ),
        pytest.param(
            a_run(comparison=Comparison(equal=False, rows=1000, equal_rows=900)),
            BUDGET,
            False,
            "cost_anomalies is not the same job when decomposed: it gives another answer than its monolith: "
            "900 of 1,000 rows agree.",
            id="another answer",
        ),
        pytest.param(
            a_run(measurements=the_measurements()[:4], variants=a_run().variants[:1]),
            BUDGET,
            None,
            "Whether cost_anomalies fits AWS Lambda when decomposed is not decided: train was measured in 1 of 2 tasks "
            "only. Measure it again.",
            id="interrupted",
        ),
        pytest.param(
            a_run(measurements=BIG[:2], plan=a_plan(decomposed=()), variants=a_run().variants[:1]),
            BUDGET,
            False,
            "cost_anomalies does not fit AWS Lambda as one process: it needs 13.4 GB with headroom; Lambda ends at "
            "10 GB. Load fewer columns or push the grouping into SQL.",
            id="a monolith alone",
        ),
        pytest.param(
            a_run(measurements=the_measurements()[:2], plan=a_plan(decomposed=()), variants=a_run().variants[:1]),
            BUDGET,
            True,
            "cost_anomalies fits AWS Lambda as one process: one request takes 6.34 GB-seconds, "
            "and $7 a day for 3,000 requests allows 140.",
            id="a monolith alone that fits",
        ),
    ],
)
def test_the_sentence_stands_alone(run: Run, budget: Budget | None, fits: bool | None, sentence: str) -> None:
    verdict = judged(run, budget)
    assert verdict.sentence == sentence
    assert verdict.fits is fits


# --- both variants --------------------------------------------------------------------------------------------------


def test_a_decomposed_variant_is_the_sum_of_its_steps() -> None:
    verdict = decomposed_of(judged(a_run()))
    assert verdict.gb_s == sum(step.gb_s or 0 for step in verdict.steps)
    assert verdict.invocations == 3
    assert verdict.peak == exactly(200)
    assert verdict.wall_ns == 4 * NS_PER_S
    assert verdict.gb_s_per_request == verdict.gb_s / 40
    assert [(step.name, step.tasks, step.memory_mib) for step in verdict.steps] == [
        ("daily_cost", 1, 512),
        ("train", 2, 320),
    ]


def test_a_monolith_is_one_invocation_as_large_as_its_highest_peak() -> None:
    verdict = monolith_of(judged(a_run()))
    assert verdict.invocations == 1
    assert verdict.memory_mib == 4992
    assert verdict.duration_ns == 50 * NS_PER_S
    assert verdict.gb_s == Decimal(4992) * 52 / 1024
    assert verdict.gb_s == sum(step.gb_s or 0 for step in verdict.steps)
    assert not verdict.hypothetical


def test_a_monolith_too_big_for_lambda_is_peak_by_wall_and_needs_a_machine() -> None:
    verdict = monolith_of(judged(a_run(measurements=BIG)))
    assert verdict.fits is False
    assert verdict.hypothetical
    assert verdict.gb_s == Decimal(11_366) * 50 / 1024
    assert verdict.answer_ns == verdict.wall_ns
    assert verdict.machine is not None
    assert (verdict.machine.type, verdict.machine.machines) == ("t3.xlarge", 1)
    # 75 runs a day serve 3,000 requests, 40 at a time; 50 s each.
    assert verdict.machine.hours_per_day == Decimal(75 * 50) / 3600
    assert round(verdict.usd_per_day or 0, 4) == Decimal("0.1733")
    assert verdict.default_machine is not None
    assert verdict.default_machine.usd_always_on == Decimal("7.9872")


def test_the_machine_has_the_cores_that_the_job_kept_busy() -> None:
    verdict = monolith_of(judged(a_run(measurements=with_monolith(cpu_ns=180 * NS_PER_S, cores=8.0))))
    assert verdict.machine is not None
    assert verdict.machine.vcpus == 8


def test_a_day_that_one_machine_is_too_short_for_takes_several() -> None:
    verdict = monolith_of(judged(a_run(), Budget(usd_per_day=Decimal(7), requests_per_day=100_000)))
    assert verdict.machine is not None
    assert verdict.machine.machines == 2


def test_a_job_that_no_listed_machine_holds_has_none() -> None:
    verdict = monolith_of(judged(a_run(measurements=with_monolith(peak=exactly(600_000)))))
    assert (verdict.machine, verdict.default_machine, verdict.usd_per_day) == (None, None, None)


def test_a_monolith_that_takes_too_long_for_lambda_does_not_fit() -> None:
    verdict = monolith_of(judged(a_run(measurements=with_monolith(wall_ns=500 * NS_PER_S, cpu_ns=500 * NS_PER_S))))
    assert verdict.fits is False
    assert [reason.kind for reason in verdict.reasons] == [ReasonKind.TIME]
    assert all(step.fits for step in verdict.steps), "each step alone would be quick enough"


def test_a_step_that_holds_what_earlier_ones_left_is_told_so() -> None:
    tasks = (BIG[0], replace(BIG[1], start_bytes=11_000 * MIB))
    verdict = monolith_of(judged(a_run(measurements=(*tasks, *BIG[2:]))))
    assert verdict.steps[1].reasons[0].sentence == (
        "train needs 13.4 GB with headroom, of which it added 366 MB itself; Lambda ends at 10 GB: "
        "earlier steps hold the rest: let go of it, or push the grouping into SQL."
    )


def test_a_script_is_shown_by_its_marks_and_counts_nested_ones_once() -> None:
    plan = a_plan(
        monolith=(a_planned_step(name="train.py", kind="script", function=None, reads=(), by=()),),
        decomposed=(),
        request=None,
    )
    mark: dict[str, Any] = {"variant": Variant.MONOLITH, "init_ns": 0}
    tasks = (
        a_measurement(**mark, step="inner", nested=True, started_ns=2, wall_ns=NS_PER_S, cpu_ns=NS_PER_S),
        a_measurement(**mark, step="load", started_ns=1, wall_ns=3 * NS_PER_S, cpu_ns=2 * NS_PER_S),
        a_measurement(**mark, step="train.py", wall_ns=NS_PER_S, cpu_ns=NS_PER_S),
    )
    run = a_run(
        plan=plan,
        measurements=tasks,
        variants=(VariantEnd(variant=Variant.MONOLITH, wall_ns=4 * NS_PER_S, complete=True),),
        settings=the_settings(variants=(Variant.MONOLITH,)),
        answers=(),
        comparison=None,
    )
    verdict = judged(run, None)
    assert verdict.decomposed is None
    assert verdict.decided_by is Variant.MONOLITH
    assert [(step.name, step.kind) for step in monolith_of(verdict).steps] == [
        ("load", "mark"),
        ("inner", "mark"),
        ("train.py", "script"),
    ]
    assert [step.name for step in monolith_of(verdict).steps if step.nested] == ["inner"]
    assert monolith_of(verdict).cpu_ns == 3 * NS_PER_S
    assert verdict.sentence.startswith("cost_anomalies fits AWS Lambda as one process: one run takes ")


def test_a_mark_that_is_entered_again_makes_no_fleet() -> None:
    plan = a_plan(monolith=(a_planned_step(name="train.py", kind="script"),), decomposed=(), request=None)
    tasks = tuple(a_measurement(variant=Variant.MONOLITH, step="fold", index=turn) for turn in range(5))
    run = a_run(
        plan=plan,
        measurements=tasks,
        variants=(VariantEnd(variant=Variant.MONOLITH, wall_ns=9 * NS_PER_S, complete=True),),
        settings=the_settings(variants=(Variant.MONOLITH,)),
    )
    assert judged(run, None).assumptions.slowest_of_tasks == 1


def test_a_last_attempt_replaces_those_before_it() -> None:
    failed = a_measurement(outcome=ended(Ending.KILLED), attempt=1)
    again = replace(the_measurements()[3], attempt=2)
    tasks = (*the_measurements()[:3], failed, the_measurements()[4], again)
    verdict = decomposed_of(judged(a_run(measurements=tasks)))
    assert verdict.fits is True
    assert verdict.steps[1].outcomes == {Ending.OK: 2}


@pytest.mark.parametrize(
    ("at_once", "seconds"),
    [
        pytest.param(None, 3, id="all at once: the longest"),
        pytest.param(3, 3, id="more than there are"),
        pytest.param(2, 4, id="two at a time"),
        pytest.param(1, 6, id="one after another"),
    ],
)
def test_tasks_end_as_many_at_a_time(at_once: int | None, seconds: int) -> None:
    assert makespan([1, 2, 3], at_once) == seconds


@given(st.lists(st.integers(0, 100), min_size=1), st.integers(1, 20))
def test_more_tasks_at_once_never_end_before_the_longest_or_after_all(times: list[int], at_once: int) -> None:
    assert max(times) <= makespan(times, at_once) <= sum(times)


# --- the budget -----------------------------------------------------------------------------------------------------


def test_the_jobs_own_budget_holds_unless_another_is_given() -> None:
    run = a_run(plan=a_plan(dollars_per_day="7", requests_per_day=3000))
    own, other = judged(run, None).budget, judged(run, Budget(usd_per_day=Decimal(1), requests_per_day=10)).budget
    assert own is not None
    assert (own.usd_per_day, own.requests_per_day) == (Decimal(7), 3000)
    assert other is not None
    assert other.usd_per_day == 1


def test_a_day_costs_its_gb_seconds_and_its_invocations() -> None:
    verdict = decomposed_of(judged(a_run()))
    assert verdict.gb_s is not None
    assert verdict.gb_s_per_day == verdict.gb_s * 75
    assert verdict.usd_per_day == verdict.gb_s * 75 * Decimal("0.0000166667") + 225 * Decimal("0.0000002")
    assert verdict.usd_per_run is not None
    assert verdict.usd_per_day == verdict.usd_per_run * 75


def test_without_a_budget_nothing_is_said_of_a_day() -> None:
    verdict = judged(a_run(), None)
    assert verdict.budget is None
    assert decomposed_of(verdict).usd_per_day is None
    assert decomposed_of(verdict).gb_s_per_request is not None


def test_requests_that_were_not_counted_are_not_made_up() -> None:
    verdict = judged(a_run(answers=()))
    assert verdict.requests is None
    assert decomposed_of(verdict).gb_s_per_request is None
    assert verdict.budget is not None
    assert verdict.budget.fits is None


def test_the_other_variants_answer_counts_the_requests_too() -> None:
    answers = (Answer(variant=Variant.MONOLITH, path="/m.parquet", rows=1, requests=8),)
    assert judged(a_run(answers=answers)).requests == 8


def test_cheaper_processors_cost_a_fifth_less_and_the_verdict_says_that_they_are_taken_as_equal() -> None:
    arm = judge(a_run(), platform_of(load(), arch="arm64"), BUDGET)
    x86 = judged(a_run())
    assert decomposed_of(arm).gb_s == decomposed_of(x86).gb_s
    assert (decomposed_of(arm).usd_per_day or 0) < (decomposed_of(x86).usd_per_day or 0)
    assert "A core of arm64" in arm.assumptions.notes[0]


# --- runs that ended early ------------------------------------------------------------------------------------------


def test_a_run_that_measured_nothing_is_undecided() -> None:
    verdict = judged(a_run(measurements=(), variants=(), answers=(), comparison=None))
    assert verdict.fits is None
    assert monolith_of(verdict).gb_s is None
    assert [step.fits for step in decomposed_of(verdict).steps] == [None, None]


def test_a_variant_that_was_not_asked_for_is_not_judged() -> None:
    run = a_run(
        settings=the_settings(variants=(Variant.DECOMPOSED,)),
        measurements=the_measurements()[2:],
        variants=a_run().variants[1:],
    )
    verdict = judged(run)
    assert verdict.monolith is None
    assert verdict.sentence.endswith("one request takes 0.168 GB-seconds, and $7 a day for 3,000 requests allows 140.")


def test_the_variant_that_decides_can_be_named() -> None:
    assert judged(a_run()).decided_by is Variant.DECOMPOSED
    verdict = judged(a_run(), variant=Variant.MONOLITH)
    assert verdict.decided_by is Variant.MONOLITH
    assert verdict.sentence.startswith("cost_anomalies fits AWS Lambda as one process")
    assert verdict.decomposed is not None
    alone = a_run(settings=the_settings(variants=(Variant.MONOLITH,)), measurements=with_monolith()[:2], variants=())
    with pytest.raises(ValueError, match="the run holds no decomposed"):
        judged(alone, variant=Variant.DECOMPOSED)


def test_a_monolith_that_failed_leaves_the_decomposed_verdict_alone() -> None:
    tasks = with_monolith(outcome=ended(Ending.OUT_OF_MEMORY, "MemoryError"))
    ends = (
        VariantEnd(variant=Variant.MONOLITH, wall_ns=50 * NS_PER_S, complete=False, reason="daily_cost ran out"),
        a_run().variants[1],
    )
    verdict = judged(a_run(measurements=tasks, variants=ends, comparison=Comparison(equal=None, reason="failed")))
    assert verdict.fits is True
    assert monolith_of(verdict).fits is False
    assert monolith_of(verdict).problem == "daily_cost ran out"
    assert monolith_of(verdict).answer_ns is None
    assert "as one process" not in verdict.sentence, "a lower bound is nothing to compare with"


def test_a_variant_that_stopped_for_a_reason_that_no_task_shows_is_undecided() -> None:
    ends = (
        a_run().variants[0],
        VariantEnd(variant=Variant.DECOMPOSED, wall_ns=1, complete=False, reason="the disk is full"),
    )
    verdict = judged(a_run(variants=ends))
    assert verdict.fits is None
    assert "did not come to its end (the disk is full)" in verdict.sentence


def test_steps_before_one_that_began_were_measured_whole() -> None:
    """Fewer tasks than shards are no gap: shards without rows are no tasks."""
    plan = a_plan(shards=20)
    verdict = judged(a_run(plan=plan, measurements=the_measurements()[:4], variants=a_run().variants[:1]))
    daily_cost, train = decomposed_of(verdict).steps
    assert daily_cost.fits is True
    assert (train.fits, train.tasks, train.planned_tasks) == (None, 1, 20)


# --- what it rests on -----------------------------------------------------------------------------------------------


def test_a_verdict_says_what_it_rests_on() -> None:
    ends = (replace(a_run().variants[0], from_run="20261101-080000-ffff"), a_run().variants[1])
    rests = judged(a_run(variants=ends), headroom=Decimal("1.5"), warm=True, tasks_at_once=20).assumptions
    assert (rests.region, rests.arch, rests.prices_date) == ("us-east-1", "x86_64", "2026-09-19")
    assert (rests.headroom, rests.warm, rests.tasks_at_once) == (Decimal("1.5"), True, 20)
    assert (rests.smallest_mib, rests.accurate_from_mib) == (384, 768)
    assert (rests.slowest_factor, rests.slowest_of_tasks) == (Decimal("1.16"), 2)
    assert rests.peaks_exact
    assert rests.notes == ("The monolith variant was measured in run 20261101-080000-ffff.",)


def test_a_verdict_says_what_was_tried_more_than_once() -> None:
    *monolith, daily_cost, first, second = the_measurements()
    lost = replace(first, outcome=ended(Ending.LOST, "the worker that ran it was lost"))
    again = (daily_cost, lost, second, replace(first, attempt=2))
    assert judged(a_run(measurements=(*monolith, *again))).assumptions.notes == (
        "Tasks tried again: 1 of train; only the last attempt of each is counted.",
    )
    whole = [replace(task, attempt=2) for task in monolith]
    assert judged(a_run(measurements=(*whole, daily_cost, first, second))).assumptions.notes == (
        "The monolith was begun again; what it did before is not counted.",
    )
    assert judged(a_run()).assumptions.notes == ()
    tried = Repetition(variant=Variant.DECOMPOSED, repeat=0, measurements=again)
    shown = replace(tried, repeat=1, measurements=(daily_cost, first, replace(second, attempt=3)))
    repeated = a_run(repetitions=(tried, shown))
    assert judged(repeated).assumptions.notes == (
        "Tasks tried again: 2 of train; only the last attempt of each is counted.",
    ), "of all repetitions, whichever is shown"


def test_a_variant_of_which_nothing_was_measured_costs_nothing_and_needs_nothing() -> None:
    """Every task was lost or stopped before it began: neither zeros nor a peak from 0 are a figure of it."""
    nothing = [an_unmeasured(variant=task.variant, step=task.step, index=task.index) for task in the_measurements()]
    ends = tuple(replace(end, complete=False, reason="a worker is gone") for end in a_run().variants)
    verdict = judged(a_run(measurements=tuple(nothing), variants=ends, answers=(), comparison=None))
    for variant in (monolith_of(verdict), decomposed_of(verdict)):
        figures = (variant.peak, variant.gb_s, variant.usd_per_run, variant.memory_mib, variant.machine)
        assert figures == (None,) * 5, variant.variant
        assert (variant.fits, variant.hypothetical) == (None, False)
        assert variant.tasks == (2 if variant.variant is Variant.MONOLITH else 3)
        assert {reason.kind for step in variant.steps for reason in step.reasons} == {ReasonKind.OUTCOME}
        assert all(step.gb_s is None and step.fits is None for step in variant.steps)


def test_bounded_peaks_are_said_to_be_so() -> None:
    assert not judged(a_run(measurements=with_decomposed(peak=between(100, 200)))).assumptions.peaks_exact


def test_reasons_come_with_what_decides_first() -> None:
    tasks = (
        *with_decomposed(peak=between(100, None), temp_bytes=600 * MIB)[:4],
        a_measurement(index=1, peak=exactly(9_000)),
    )
    effects = [reason.effect for reason in judged(a_run(measurements=tasks)).reasons]
    assert effects == sorted(effects, key=list(Effect).index)
    assert set(effects) == set(Effect)


def test_the_same_run_gives_the_same_verdict() -> None:
    assert judged(a_run()) == judged(a_run())


def test_no_tasks_at_once_mean_nothing() -> None:
    with pytest.raises(ValueError, match="tasks_at_once is 0"):
        judged(a_run(), tasks_at_once=0)


@given(st.integers(1, 20_000), st.integers(1, 10**12), st.integers(0, 10**12), st.floats(0.5, 16))
def test_every_run_gets_a_verdict_with_a_sentence(peak_mib: int, wall_ns: int, cpu_ns: int, cores: float) -> None:
    tasks = tuple(
        replace(task, peak=exactly(peak_mib), wall_ns=wall_ns, cpu_ns=cpu_ns, cores=cores)
        for task in the_measurements()
    )
    verdict = judged(a_run(measurements=tasks))
    assert verdict.sentence.endswith(".")
    assert verdict.fits is not None
    assert decomposed_of(verdict).gb_s is not None
