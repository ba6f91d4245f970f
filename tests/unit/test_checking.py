"""A run held against a platform, limits and earlier runs: what passes, what does not, and why."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiler.checking.check import unknown_steps
from profiler.checking.outcome import Called, Check, Measure
from profiler.errors import UsageError
from profiler.model import Comparison, Ending, Machine, Measurement, Run, Variant
from profiler.reasons import Effect, ReasonKind
from profiler.settings import Limits
from profiler.units import MIB, NS_PER_S
from tests.checks import (
    EARLIER,
    EPYC,
    XEON,
    a_baseline,
    a_history,
    called,
    changed,
    checked,
    larger,
    on_hosts,
    repeated,
    the_change,
)
from tests.factories import (
    a_machine,
    a_plan,
    a_planned_step,
    a_run,
    between,
    ended,
    the_measurements,
    the_settings,
)
from tests.sample_runs import (
    a_fitting_run,
    a_run_that_does_not_fit,
    a_run_with_another_answer,
    a_run_with_failed_tasks,
    a_script_run,
    an_interrupted_run,
    an_undecided_run,
)


def kinds(found: Check, effect: Effect = Effect.NO) -> list[tuple[str, str]]:
    """What speaks against it, as kind and subject."""
    return [(reason.kind.value, reason.subject) for reason in found.objections if reason.effect is effect]


def with_train(**changes: Any) -> tuple[Measurement, ...]:
    """The measurements of `a_run`, the decomposed train changed."""
    return tuple(
        replace(item, **changes) if (item.variant, item.step) == (Variant.DECOMPOSED, "train") else item
        for item in the_measurements()
    )


# --- does it fit ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "passed", "variant"),
    [
        pytest.param(a_run(), True, Variant.DECOMPOSED, id="fits"),
        pytest.param(a_fitting_run(), True, Variant.DECOMPOSED, id="a monolith too big for Lambda need not fit"),
        pytest.param(a_run_that_does_not_fit(), False, Variant.DECOMPOSED, id="does not fit"),
        pytest.param(a_run_with_another_answer(), False, Variant.DECOMPOSED, id="answers differ"),
        pytest.param(a_run_with_failed_tasks(), False, Variant.DECOMPOSED, id="failed tasks"),
        pytest.param(an_undecided_run(), False, Variant.DECOMPOSED, id="undecided"),
        pytest.param(an_interrupted_run(), False, Variant.DECOMPOSED, id="interrupted"),
        pytest.param(a_script_run(), False, Variant.MONOLITH, id="a script that failed"),
    ],
)
def test_it_passes_if_the_variant_that_has_to_fit_does(run: Run, passed: bool, variant: Variant) -> None:
    found = checked(run)
    assert (found.passed, found.variant) == (passed, variant)
    assert bool(found.objections) is not passed


def test_undecided_is_no_unless_it_is_allowed() -> None:
    found = checked(an_undecided_run(), allow_undecided=True)
    assert found.passed
    assert kinds(found, Effect.UNDECIDED) == [("memory", "train")]
    assert not checked(a_run_that_does_not_fit(), allow_undecided=True).passed


def test_the_variant_that_has_to_fit_can_be_named() -> None:
    found = checked(a_fitting_run(), variant=Variant.MONOLITH)
    assert (found.passed, found.variant) == (False, Variant.MONOLITH)
    assert found.objections[0].kind is ReasonKind.MEMORY


def test_answers_that_differ_are_no_whichever_variant_has_to_fit() -> None:
    run = replace(a_run_with_another_answer(), measurements=a_run().measurements, plan=a_plan())
    found = checked(run, variant=Variant.MONOLITH)
    assert not found.passed
    assert kinds(found) == [("answer", "cost_anomalies")]


def test_answers_that_were_not_compared_are_a_doubt() -> None:
    found = checked(a_run(comparison=Comparison(equal=None, reason="the monolith gave no answer")))
    assert not found.passed
    assert kinds(found, Effect.UNDECIDED) == [("answer", "cost_anomalies")]
    assert "the monolith gave no answer" in found.objections[0].sentence


def test_one_variant_alone_has_no_answers_to_compare_and_that_is_said() -> None:
    run = a_run(
        settings=the_settings(variants=(Variant.DECOMPOSED,)),
        measurements=the_measurements()[2:],
        variants=a_run().variants[1:],
        comparison=None,
    )
    found = checked(run)
    assert found.passed
    assert found.notes == ("Only the decomposed variant was measured, so there are no two answers to compare.",)


def test_a_run_that_did_not_end_is_a_doubt_even_where_everything_measured_fits() -> None:
    assert kinds(checked(a_run(ended=False)), Effect.UNDECIDED) == [("incomplete", "cost_anomalies")]


# --- repetitions ----------------------------------------------------------------------------------------------------


TOO_BIG = larger("train", 60)
"""12 GB: no Lambda holds it."""


def as_it_is(item: Measurement) -> Measurement:
    return item


def test_it_fits_when_every_repetition_does() -> None:
    assert checked(repeated(a_run())).objections == ()


def test_it_does_not_fit_when_no_repetition_does() -> None:
    found = checked(repeated(a_run(), [TOO_BIG] * 5))
    assert kinds(found) == [("memory", "train")]
    assert "repetitions" not in found.objections[0].text


def test_some_repetitions_that_fit_and_some_that_do_not_are_undecided_and_counted() -> None:
    run = repeated(a_run(), [as_it_is, as_it_is, TOO_BIG, as_it_is, as_it_is])
    found = checked(run)
    assert not found.passed
    assert kinds(found) == []
    assert [reason.sentence for reason in found.objections] == [
        "cost_anomalies fits in 4 of 5 repetitions of the decomposed variant.",
        "train needs 14.1 GB with headroom; Lambda ends at 10 GB, in 1 of 5 repetitions: use more shards, so that each "
        "task holds fewer groups.",
    ]
    assert checked(run, allow_undecided=True).passed


def test_repetitions_that_do_not_fit_for_different_reasons_do_not_fit() -> None:
    slow = 2_000 * NS_PER_S

    def too_long(item: Measurement) -> Measurement:
        return replace(item, wall_ns=slow, cpu_ns=slow) if item.step == "daily_cost" else item

    found = checked(repeated(a_run(), [TOO_BIG, too_long]))
    assert {kind for kind, _ in kinds(found)} == {"memory", "time"}


def test_a_repetition_that_failed_is_no() -> None:
    def fails(item: Measurement) -> Measurement:
        return replace(item, outcome=ended(Ending.RAISED, "ValueError: no")) if item.step == "train" else item

    found = checked(repeated(a_run(), [as_it_is, as_it_is, fails, as_it_is, as_it_is]), allow_undecided=True)
    assert not found.passed
    assert [kind for kind, _ in kinds(found)] == ["outcome"] * len(kinds(found))
    assert found.objections[0].text.endswith("in 1 of 5 repetitions")


def test_every_reason_of_a_single_measurement_is_told() -> None:
    found = checked(a_run_with_failed_tasks())
    assert len([reason for reason in found.objections if reason.kind is ReasonKind.OUTCOME]) >= 1
    assert found.objections == tuple(
        reason for reason in found.verdict.reasons if reason.effect is not Effect.NOTE
    ) + tuple(reason for reason in found.objections if reason.kind is ReasonKind.ANSWER)


# --- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "sentences"),
    [
        pytest.param(Limits(max_peak_bytes=200 * MIB), [], id="a peak at its limit"),
        pytest.param(
            Limits(max_peak_bytes=200 * MIB - 1),
            [
                "daily_cost holds 209,715,200 bytes at its peak; max-peak is 209,715,199 bytes.",
                "train holds 209,715,200 bytes at its peak; max-peak is 209,715,199 bytes.",
            ],
            id="one byte too many, and the texts differ",
        ),
        pytest.param(Limits(max_gb_s=Decimal("0.2")), [], id="GB-seconds below"),
        pytest.param(
            Limits(max_gb_s=Decimal("0.1")),
            ["cost_anomalies takes 0.168 GB-seconds per request; max-gb-s is 0.1."],
            id="GB-seconds above",
        ),
        pytest.param(Limits(max_usd_per_request=Decimal("0.001")), [], id="dollars below"),
        pytest.param(
            Limits(max_usd_per_request=Decimal("0.000001")),
            ["cost_anomalies costs $0.00000282 per request; max-usd-per-request is $0.000001."],
            id="dollars above",
        ),
    ],
)
def test_a_limit_that_is_passed_is_no_with_its_figure(limits: Limits, sentences: list[str]) -> None:
    found = checked(a_run(), whole=limits)
    assert [reason.sentence for reason in found.objections] == sentences
    assert found.passed is not bool(sentences)


def test_a_step_has_limits_of_its_own_and_its_part_of_a_request() -> None:
    found = checked(a_run(), steps={"train": Limits(max_peak_bytes=100 * MIB, max_gb_s=Decimal("0.01"))})
    assert kinds(found) == [("max_peak", "train"), ("max_gb_s", "train")]
    assert found.objections[0].text == "holds 200 MB at its peak; max-peak is 100 MB"
    parts = [step.gb_s or 0 for step in (found.verdict.decomposed.steps if found.verdict.decomposed else ())]
    assert found.verdict.decomposed is not None
    assert found.objections[1].figure == parts[1] / 40
    assert sum(parts) / 40 == found.verdict.decomposed.gb_s_per_request, "the parts are the whole"


def test_a_steps_own_peak_goes_before_the_one_for_every_step() -> None:
    rules = {"whole": Limits(max_peak_bytes=100 * MIB), "steps": {"train": Limits(max_peak_bytes=300 * MIB)}}
    assert kinds(checked(a_run(), **rules)) == [("max_peak", "daily_cost")]


@pytest.mark.parametrize(
    ("peak", "effect"),
    [
        pytest.param(between(100, 150), None, id="both ends below"),
        pytest.param(between(150, 250), Effect.UNDECIDED, id="the limit between them"),
        pytest.param(between(150, None), Effect.UNDECIDED, id="no upper end"),
        pytest.param(between(201, 400), Effect.NO, id="both ends above"),
    ],
)
def test_a_bounded_peak_passes_a_limit_only_with_both_ends(peak: Any, effect: Effect | None) -> None:
    run = a_run(measurements=with_train(peak=peak))
    found = checked(run, steps={"train": Limits(max_peak_bytes=200 * MIB)})
    effects = [reason.effect for reason in found.objections if reason.kind is ReasonKind.MAX_PEAK]
    assert effects == ([] if effect is None else [effect])


def test_a_limit_per_request_is_not_decided_where_requests_were_not_counted() -> None:
    run = a_run(answers=tuple(replace(answer, requests=None) for answer in a_run().answers))
    found = checked(run, whole=Limits(max_gb_s=Decimal(1), max_usd_per_request=Decimal(1)))
    assert kinds(found, Effect.UNDECIDED) == [("max_gb_s", "cost_anomalies"), ("max_usd_per_request", "cost_anomalies")]


def test_limits_of_a_step_that_only_the_other_variant_has_hold_nothing_and_that_is_said() -> None:
    plan = a_plan(monolith=(a_planned_step(name="load", kind="step", reads=("line_items",), by=()), a_planned_step()))
    run = a_run(
        plan=plan,
        measurements=tuple(
            replace(item, step="load") if (item.variant, item.step) == (Variant.MONOLITH, "daily_cost") else item
            for item in the_measurements()
        ),
    )
    found = checked(run, steps={"load": Limits(max_peak_bytes=1)})
    assert found.passed
    assert any(note.startswith("The limits of load hold nothing here") for note in found.notes)


def test_a_limit_that_some_repetitions_pass_is_a_doubt() -> None:
    run = repeated(a_run(), [as_it_is, larger("train", 2), as_it_is])
    found = checked(run, steps={"train": Limits(max_peak_bytes=300 * MIB)})
    assert kinds(found, Effect.UNDECIDED) == [("repetitions", "cost_anomalies"), ("max_peak", "train")]


def test_unknown_steps_are_named_with_the_near_ones() -> None:
    assert list(unknown_steps(a_run(), ["train", "trian", "zzz"])) == [
        ("trian", "did you mean train?"),
        ("zzz", "its steps are daily_cost, train"),
    ]


@given(st.integers(1, 400), st.integers(1, 400))
def test_a_higher_limit_never_makes_a_run_fail(one: int, other: int) -> None:
    lower, higher = sorted((one, other))
    passes = [checked(a_run(), whole=Limits(max_peak_bytes=size * MIB)).passed for size in (lower, higher)]
    assert passes[0] <= passes[1]


# --- baselines ------------------------------------------------------------------------------------------------------


def test_the_same_figures_pass_and_every_one_is_compared() -> None:
    found = checked(repeated(a_run()), [a_baseline()])
    assert found.passed
    assert {item.called for item in found.changes} == {Called.NO_CHANGE}
    assert len(found.changes) == 2 * 3 * 2, "both variants, two steps and the whole, memory and CPU"
    assert {item.baseline for item in found.changes} == {EARLIER["id"]}


def test_a_step_that_holds_more_is_worse_with_its_interval() -> None:
    found = checked(changed(repeated(a_run()), larger("train", 1.2)), [a_baseline()])
    assert not found.passed
    assert called(found, Called.WORSE) == [("decomposed", None, "peak"), ("decomposed", "train", "peak")]
    change = the_change(found, "train", Measure.PEAK)
    assert change.ratio == pytest.approx(1.2, abs=0.01)
    assert change.interval is not None
    assert change.interval[0] <= change.ratio <= change.interval[1]


def test_a_step_that_holds_less_is_better_and_passes() -> None:
    found = checked(changed(repeated(a_run()), larger("train", 0.8, cpu=0.5)), [a_baseline()])
    assert found.passed
    assert ("decomposed", "train", "peak") in called(found, Called.BETTER)
    assert ("decomposed", "train", "cpu") in called(found, Called.BETTER)


def test_what_got_worse_in_the_variant_that_need_not_fit_is_named_and_passes() -> None:
    found = checked(changed(repeated(a_run()), larger("train", 1.2, variant=Variant.MONOLITH, cpu=2)), [a_baseline()])
    assert found.passed
    assert ("monolith", "train", "peak") in called(found, Called.WORSE)


def test_a_threshold_of_ones_own_holds_for_its_step() -> None:
    run = changed(repeated(a_run()), larger("train", 1.2))
    assert not checked(run, [a_baseline()], whole=Limits(max_regression=Decimal("0.1"))).passed
    assert checked(run, [a_baseline()], whole=Limits(max_regression=Decimal("0.3"))).passed
    half = {"train": Limits(max_regression=Decimal("0.3"))}
    found = checked(run, [a_baseline()], steps=half)
    assert called(found, Called.WORSE) == [("decomposed", None, "peak")], "the whole keeps its own threshold"


def test_time_of_another_machine_is_not_compared_and_memory_is() -> None:
    before = a_baseline(machine=a_machine(cpu_model="another processor"))
    found = checked(changed(repeated(a_run()), larger("train", 1, cpu=3)), [before])
    assert found.passed
    assert {item.called for item in found.changes if item.measure is Measure.CPU} == {Called.NOT_COMPARED}
    assert all(item.interval is None for item in found.changes if item.measure is Measure.CPU)
    assert found.baselines[0].same_machine is False
    assert found.baselines[0].differences[0] == (
        "another machine: another processor with 2 cores then, a processor with 2 cores now"
    )
    assert not checked(changed(repeated(a_run()), larger("train", 2)), [before]).passed


def test_another_kernel_is_the_same_machine() -> None:
    found = checked(repeated(a_run()), [a_baseline(machine=a_machine(system="Linux 6.1", host="runner-7"))])
    assert found.baselines[0].same_machine
    assert not called(found, Called.NOT_COMPARED)


def compared_cpu(found: Check) -> set[Variant]:
    """The variants whose CPU time was held against the baseline."""
    return {
        item.variant for item in found.changes if item.measure is Measure.CPU and item.called is not Called.NOT_COMPARED
    }


@pytest.mark.parametrize(
    ("then", "now", "compared", "said"),
    [
        pytest.param((EPYC,), (EPYC, EPYC), {*Variant}, "", id="as many kinds of host"),
        pytest.param((EPYC, XEON), (XEON, EPYC), {*Variant}, "", id="the same kinds of host"),
        pytest.param(
            (EPYC,),
            (EPYC, XEON),
            {Variant.MONOLITH},
            "decomposed tasks on EPYC with 8 cores then, on EPYC with 8 cores and Xeon with 4 cores now",
            id="another kind of host",
        ),
        pytest.param(
            (),
            (),
            {Variant.MONOLITH},
            "decomposed tasks on hosts that nobody described then, on hosts that nobody described now",
            id="unknown hosts",
        ),
    ],
)
def test_time_of_decomposed_tasks_is_compared_where_the_same_kinds_of_host_ran_them(
    then: tuple[Machine, ...], now: tuple[Machine, ...], compared: set[Variant], said: str
) -> None:
    found = checked(on_hosts(repeated(a_run()), *now), [on_hosts(a_baseline(), *then)])
    assert compared_cpu(found) == compared
    assert found.baselines[0].same_machine is not bool(said)
    assert found.baselines[0].differences == ((f"another machine: {said}",) if said else ())


def test_the_harness_has_no_part_in_the_time_of_tasks_on_other_hosts() -> None:
    before = replace(on_hosts(a_baseline(), EPYC), machine=a_machine(cpu_model="a laptop's"))
    found = checked(on_hosts(repeated(a_run()), EPYC), [before])
    assert compared_cpu(found) == {Variant.DECOMPOSED}
    assert found.baselines[0].same_machine


def test_a_run_on_hosts_is_no_run_of_this_machine() -> None:
    found = checked(on_hosts(repeated(a_run()), EPYC), [a_baseline()])
    assert compared_cpu(found) == {Variant.MONOLITH}
    assert found.baselines[0].differences == (
        "another machine: decomposed tasks on a processor with 2 cores then, on EPYC with 8 cores now",
    )


def test_time_is_compared_with_the_newest_run_of_the_same_machine() -> None:
    newer = a_baseline(
        id="20261121-090000-0002", created="2026-11-21T09:00:00Z", machine=a_machine(cores=4), path="/newer"
    )
    found = checked(repeated(a_run()), [a_baseline(), newer])
    assert [item.run_id for item in found.baselines] == ["20261121-090000-0002", EARLIER["id"]]
    assert {(item.measure, item.baseline) for item in found.changes} == {
        (Measure.PEAK, "20261121-090000-0002"),
        (Measure.CPU, EARLIER["id"]),
    }


def test_with_fewer_than_five_repeats_only_memory_is_called_and_the_noise_said_to_be_unknown() -> None:
    found = checked(changed(a_run(), larger("train", 1.2, cpu=2)), [a_baseline()])
    assert called(found, Called.WORSE) == [("decomposed", None, "peak"), ("decomposed", "train", "peak")]
    assert ("decomposed", "train", "cpu") in called(found, Called.UNKNOWN)
    assert any(
        "The noise is unknown, since the baseline has 5 repeats and this run 1 repeat" in note for note in found.notes
    )
    slower = checked(changed(a_run(), larger("train", 1, cpu=2)), [a_baseline()])
    assert slower.passed, "time beyond the threshold may be noise"


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        pytest.param({"version": "0.0.9"}, "paredown 0.0.9 then, 0.1.0 now", id="another paredown"),
        pytest.param({"machine": a_machine(python="3.12.1")}, "Python 3.12.1 then, 3.11.7 now", id="another Python"),
        pytest.param(
            {"machine": a_machine(packages={"duckdb": "1.3.0", "pandas": "3.0.0"})},
            "duckdb 1.3.0 then, 1.4.0 now",
            id="another package",
        ),
        pytest.param({"plan": a_plan(shards=7)}, "shards 7 then, 2 now", id="other shards"),
        pytest.param({"settings": the_settings(task_threads=2)}, "threads in a task 2 then, 1 now", id="other threads"),
        pytest.param(
            {"settings": the_settings(workspace="s3://b/paredown")},
            "files between steps in s3://b/paredown then, in a folder now",
            id="files between steps in a store",
        ),
        pytest.param(
            {"plan": a_plan(code={"/elsewhere/job.py": "1" * 64})}, "the job's own code changed: job.py", id="code"
        ),
    ],
)
def test_what_may_explain_a_change_is_said_and_it_is_compared(changes: dict[str, Any], difference: str) -> None:
    found = checked(repeated(a_run()), [a_baseline(**changes)])
    assert difference in found.baselines[0].differences
    assert found.baselines[0].refused == ""
    assert found.changes


def test_a_checkout_elsewhere_is_no_difference() -> None:
    before = a_baseline(plan=a_plan(code={"/elsewhere/job.py": "0" * 64}))
    assert checked(repeated(a_run()), [before]).baselines[0].differences == ()


def inputs(**changes: Any) -> dict[str, Any]:
    """A plan whose input is another."""
    return {"plan": a_plan(inputs=(replace(a_plan().inputs[0], **changes),))}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param(
            inputs(rows=7), "its data was different: line_items had 7 rows then, and has 1,000 now", id="rows"
        ),
        pytest.param(
            inputs(rows=None, total_bytes=2 * MIB),
            "its data was different: line_items had 2.00 MB of files then, and has 1.00 MB now",
            id="size",
        ),
        pytest.param(inputs(name="sales"), "its inputs were different: sales then, line_items now", id="names"),
        pytest.param(
            {"plan": a_plan(params={"rows": 7})},
            "its parameters were different: rows 7 then, not there now",
            id="parameters",
        ),
        pytest.param(
            {"measurements": (), "variants": (), "ended": False}, "no variant of it came to its end", id="interrupted"
        ),
    ],
)
def test_a_baseline_of_other_data_is_not_compared_like_one_that_is_missing(changes: dict[str, Any], why: str) -> None:
    before = a_run(**(EARLIER | changes))
    found = checked(repeated(a_run()), [before])
    assert found.passed
    assert found.baselines[0].refused == why
    assert found.changes == ()
    required = checked(repeated(a_run()), [before], require_baseline=True)
    assert not required.passed
    assert kinds(required) == [("baseline", "cost_anomalies")]


def test_the_same_rows_in_slightly_smaller_files_are_the_same_data() -> None:
    found = checked(repeated(a_run()), [a_baseline(**inputs(total_bytes=MIB - 1000))])
    assert found.baselines[0].refused == ""


def test_no_baseline_passes_unless_one_is_required() -> None:
    assert checked(a_run()).passed
    found = checked(a_run(), require_baseline=True)
    assert not found.passed
    assert found.objections[0].sentence == (
        "cost_anomalies has to be held against a baseline, and none was given that is there."
    )


def test_a_baseline_of_another_job_is_refused_with_both_names() -> None:
    other = a_run(**EARLIER, plan=a_plan(job="metric_anomalies"))
    with pytest.raises(UsageError, match=r"is a run of metric_anomalies, and .* is one of cost_anomalies"):
        checked(a_run(), [other])


def test_a_run_is_no_baseline_of_itself() -> None:
    with pytest.raises(UsageError, match="is the run that is checked itself"):
        checked(a_run(), [a_run()])


# --- steps that are new, gone or renamed ----------------------------------------------------------------------------


def with_steps(**names: str) -> dict[str, Any]:
    """`a_run` whose decomposed steps have other names."""
    plan = a_plan()
    return {
        "plan": replace(
            plan, decomposed=tuple(replace(step, name=names.get(step.name, step.name)) for step in plan.decomposed)
        ),
        "measurements": tuple(
            replace(item, step=names.get(item.step, item.step)) if item.variant is Variant.DECOMPOSED else item
            for item in the_measurements()
        ),
    }


def test_a_renamed_step_is_known_by_its_code_and_compared() -> None:
    before = a_baseline(**with_steps(daily_cost="daily", train="fit"))
    found = checked(changed(repeated(a_run()), larger("train", 1.2)), [before])
    assert found.renamed_steps == (
        (Variant.DECOMPOSED, "daily", "daily_cost"),
        (Variant.DECOMPOSED, "fit", "train"),
    )
    assert (found.new_steps, found.gone_steps) == ((), ())
    assert ("decomposed", "train", "peak") in called(found, Called.WORSE)


def test_a_step_that_is_new_and_one_that_is_gone_are_named_and_no_failure() -> None:
    before = with_steps(train="learn")
    other = replace(before["plan"].decomposed[1], function=replace(a_planned_step().function, qualname="learn"))
    before["plan"] = replace(before["plan"], decomposed=(before["plan"].decomposed[0], other))
    found = checked(repeated(a_run()), [a_baseline(**before)])
    assert found.passed
    assert found.new_steps == ((Variant.DECOMPOSED, "train"),)
    assert found.gone_steps == ((Variant.DECOMPOSED, "learn"),)


def test_a_variant_that_only_one_run_has_makes_no_step_new() -> None:
    before = a_run(
        **EARLIER,
        settings=the_settings(variants=(Variant.DECOMPOSED,)),
        measurements=the_measurements()[2:],
        variants=a_run().variants[1:],
        comparison=None,
    )
    found = checked(repeated(a_run()), [repeated(before)])
    assert (found.new_steps, found.gone_steps) == ((), ())
    assert {item.variant for item in found.changes} == {Variant.DECOMPOSED}


# --- creep ----------------------------------------------------------------------------------------------------------


def test_a_figure_that_creeps_up_is_named_though_no_single_change_did_it() -> None:
    *before, now = a_history(0.03)
    found = checked(now, before)
    assert not found.passed
    assert called(found, Called.WORSE) == []
    creep = next(item for item in found.creeps if (item.step, item.measure) == ("train", Measure.PEAK))
    assert creep.runs == tuple(f"run-{day}" for day in range(7))
    assert creep.rise == pytest.approx(0.18, abs=0.03)


def test_figures_that_stay_do_not_creep() -> None:
    *before, now = a_history(0)
    assert checked(now, before).creeps == ()


def test_creep_of_the_variant_that_need_not_fit_passes() -> None:
    history = [
        changed(run, larger("train", 1 + 0.03 * day, variant=Variant.MONOLITH)) for day, run in enumerate(a_history(0))
    ]
    found = checked(history[-1], history[:-1])
    assert found.passed
    assert {creep.variant for creep in found.creeps} == {Variant.MONOLITH}


def test_time_creeps_only_over_runs_of_the_same_machine() -> None:
    history = a_history(0.04)
    others = [replace(run, machine=a_machine(cores=8)) for run in history[:-1]]
    assert {creep.measure for creep in checked(history[-1], others).creeps} == {Measure.PEAK}


def test_nothing_of_decomposed_tasks_creeps_from_a_folder_to_a_store() -> None:
    history = a_history(0.04)
    store = the_settings(workspace="s3://b/paredown", repeats=history[0].settings.repeats)
    assert checked(history[-1], history[:-1]).creeps
    assert checked(replace(history[-1], settings=store), history[:-1]).creeps == ()
    assert checked(replace(history[-1], settings=store), [replace(run, settings=store) for run in history[:-1]]).creeps


@given(st.floats(1.0, 3.0))
def test_growth_within_the_threshold_never_fails(factor: float) -> None:
    """One step grows by so much; whoever lets that pass is not told of it."""
    found = checked(
        changed(a_run(), larger("train", factor)), [a_baseline()], whole=Limits(max_regression=Decimal("2.1"))
    )
    assert found.passed


def test_the_peak_of_a_step_is_compared_by_its_upper_end() -> None:
    before = repeated(a_run(**EARLIER, measurements=with_train(peak=between(100, 200))))
    now = repeated(a_run(measurements=with_train(peak=between(100, 300))))
    assert the_change(checked(now, [before]), "train", Measure.PEAK).called is Called.WORSE
