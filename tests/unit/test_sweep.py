"""One step at every memory size: the same model as the verdict, whose own point is on the curve."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from profiler.facts import load, platform_of
from profiler.model import Run, Variant
from profiler.sweep import MOST_TASKS, sweeps_of
from profiler.units import NS_PER_MS
from profiler.verdict import Verdict, judge
from tests.factories import a_measurement, a_planned_step, a_run, exactly
from tests.sample_runs import a_fitting_run, a_run_that_does_not_fit

PLATFORM = platform_of(load())


def judged(run: Run, **how: object) -> Verdict:
    return judge(run, PLATFORM, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("run", [a_run(), a_fitting_run()], ids=["both fit", "only the decomposed"])
def test_the_chosen_point_is_the_verdicts_and_the_model_gives_the_same(run: Run, warm: bool) -> None:
    verdict = judged(run, warm=warm)
    assert verdict.decomposed is not None
    steps = {step.name: step for step in verdict.decomposed.steps}
    for sweep in sweeps_of(run, verdict):
        if sweep.variant is Variant.DECOMPOSED:
            step = steps[sweep.name]
            assert sweep.chosen is not None
            assert (sweep.chosen.memory_mib, sweep.chosen.duration_ns) == (step.memory_mib, step.duration_ns)
            assert sweep.chosen.gb_s == step.gb_s
            assert sweep.chosen in sweep.points


def test_the_curve_without_the_chosen_point_goes_through_it() -> None:
    run = a_fitting_run()
    first = sweeps_of(run, judged(run))
    # With more headroom other sizes are chosen, and what was chosen before is a point of the curve like all others.
    more = judged(run, headroom=Decimal(2))
    sizes = {sweep.name: {point.memory_mib: point for point in sweep.points} for sweep in sweeps_of(run, more)}
    compared = 0
    for sweep in first:
        if sweep.chosen is not None and sweep.chosen.memory_mib in sizes[sweep.name]:
            again = sizes[sweep.name][sweep.chosen.memory_mib]
            assert (again.gb_s, again.duration_ns) == (sweep.chosen.gb_s, sweep.chosen.duration_ns)
            compared += 1
    assert compared >= 2


def test_a_monolith_is_one_invocation_with_the_time_between_its_steps() -> None:
    verdict = judged(a_run())
    assert verdict.monolith is not None
    whole = sweeps_of(a_run(), verdict)[0]
    assert whole.variant is Variant.MONOLITH
    assert whole.chosen is not None
    assert whole.chosen.gb_s == verdict.monolith.gb_s
    assert whole.chosen.usd == verdict.monolith.usd_per_run
    assert whole.chosen.duration_ns == verdict.monolith.duration_ns


def test_where_no_size_will_do_nothing_is_chosen() -> None:
    run = a_run_that_does_not_fit()
    chosen = {(sweep.variant, sweep.name): sweep.chosen for sweep in sweeps_of(run, judged(run))}
    assert chosen[Variant.MONOLITH, run.plan.job] is None
    assert chosen[Variant.DECOMPOSED, "predict"] is not None


def test_more_memory_never_takes_longer() -> None:
    for sweep in sweeps_of(a_run(), judged(a_run())):
        times = [point.duration_ns for point in sweep.points]
        assert times == sorted(times, reverse=True)


def test_sizes_below_what_the_peak_asks_for_are_said_to_hold_nothing() -> None:
    sweep = sweeps_of(a_run(), judged(a_run()))[-1]
    assert sweep.needed_mib > 200
    assert {point.holds for point in sweep.points if point.memory_mib < sweep.needed_mib} == {False}
    assert {point.holds for point in sweep.points if point.memory_mib >= sweep.needed_mib} == {True}


def test_of_very_many_tasks_some_stand_for_all() -> None:
    tasks = tuple(
        a_measurement(
            index=index,
            cpu_ns=(100 + index % 97) * NS_PER_MS,
            wall_ns=(100 + index % 97) * NS_PER_MS,
            init_ns=0,
            peak=exactly(200),
        )
        for index in range(20 * MOST_TASKS)
    )
    plan = replace(
        a_run().plan,
        decomposed=(a_planned_step(shard_by=("customer",), fans_out=True),),
        shards=len(tasks),
    )
    run = a_run(plan=plan, measurements=tasks)
    verdict = judged(run)
    assert verdict.decomposed is not None
    (sweep,) = [sweep for sweep in sweeps_of(run, verdict) if sweep.variant is Variant.DECOMPOSED]
    assert (sweep.tasks, sweep.sampled) == (len(tasks), MOST_TASKS)
    assert sweep.chosen is not None
    assert sweep.chosen.gb_s == verdict.decomposed.gb_s
    # Another headroom chooses another size: there the model gives what the curve shows within a hundredth.
    other = judged(run, headroom=Decimal(2))
    assert other.decomposed is not None
    (step,) = other.decomposed.steps
    drawn = next(point for point in sweep.points if point.memory_mib == step.memory_mib)
    assert step.gb_s is not None
    assert drawn.duration_ns == step.duration_ns
    assert float(drawn.gb_s) == pytest.approx(float(step.gb_s), rel=0.01)
