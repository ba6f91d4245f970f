"""One decomposed step on the platform: size, time, GB-seconds, and every reason against it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiler.facts import load, platform_of
from profiler.fit import StepFit, Terms, fit_step
from profiler.model import Ending, Measurement, Moved, Peak
from profiler.querysize import query_memory_limit_mib, query_threads
from profiler.reasons import Effect, Reason, ReasonKind
from profiler.sizing import memory_size, needed_mib, work_of
from profiler.units import GIB, MIB, NS_PER_MS, NS_PER_S
from tests.factories import a_measurement, a_planned_step, an_unmeasured, between, ended, exactly

PLATFORM = platform_of(load())
LIMITS = PLATFORM.limits
TERMS = Terms(platform=PLATFORM)


def fitted(*tasks: Measurement, terms: Terms = TERMS, **step: Any) -> StepFit:
    """The step that these tasks are of, all of them."""
    return fit_step(a_planned_step(**step), tasks, terms, planned=len(tasks), finished=True)


def reason(fit: StepFit, kind: ReasonKind) -> Reason:
    """The one reason of that kind."""
    (found,) = [found for found in fit.reasons if found.kind is kind]
    return found


# --- memory ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peak_mib", "memory_mib"),
    [
        pytest.param(1, 128, id="the smallest size"),
        pytest.param(80, 128, id="exactly the smallest size"),
        pytest.param(80.1, 192, id="a little above a size"),
        pytest.param(240, 320, id="1.2 × 240 + 32 is 320"),
        pytest.param(241, 384, id="one MiB too many"),
        pytest.param(8506, 10_240, id="the largest size"),
        pytest.param(8507, None, id="one MiB too many for Lambda"),
    ],
)
def test_a_size_holds_the_peak_with_headroom_and_the_runtime(peak_mib: float, memory_mib: int | None) -> None:
    fit = fitted(a_measurement(peak=exactly(peak_mib)))
    assert fit.memory_mib == memory_mib
    assert fit.fits is (memory_mib is not None)


def test_the_size_is_that_of_the_highest_peak() -> None:
    fit = fitted(a_measurement(peak=exactly(100)), a_measurement(index=1, peak=exactly(500)))
    assert fit.peak == exactly(500)
    assert fit.memory_mib == 640


def test_too_big_says_the_figure_the_limit_and_what_would_help() -> None:
    fit = fitted(a_measurement(peak=exactly(9_626)))
    assert reason(fit, ReasonKind.MEMORY).sentence == (
        "train needs 11.3 GB with headroom; Lambda ends at 10 GB: "
        "use more shards, so that each task holds fewer groups."
    )
    assert reason(fit, ReasonKind.MEMORY).figure == 11_584 * MIB
    assert reason(fit, ReasonKind.MEMORY).limit == 10_240 * MIB


def test_what_no_lambda_holds_is_peak_by_wall_and_hypothetical() -> None:
    fit = fitted(a_measurement(peak=exactly(12_288), wall_ns=10 * NS_PER_S))
    assert fit.hypothetical
    assert fit.gb_s == Decimal(120)
    assert fit.utilisation is None


@pytest.mark.parametrize(
    ("peak", "fits", "memory_mib"),
    [
        pytest.param(between(400, 649), True, 832, id="both ends fit: the upper one decides the size"),
        pytest.param(between(400, 9_000), None, 10_240, id="the limit lies between"),
        pytest.param(between(9_000, 12_000), False, None, id="both ends are too big"),
        pytest.param(between(400, None), None, 512, id="no upper end is known"),
        pytest.param(between(9_000, None), False, None, id="the lower end is too big already"),
    ],
)
def test_a_bounded_peak_is_undecided_where_the_limit_lies_between(
    peak: Peak, fits: bool | None, memory_mib: int | None
) -> None:
    fit = fitted(a_measurement(peak=peak))
    assert fit.fits is fits
    assert fit.memory_mib == memory_mib


def test_an_undecided_size_says_what_would_settle_it() -> None:
    found = reason(fitted(a_measurement(peak=between(400, 9_000))), ReasonKind.MEMORY)
    assert found.effect is Effect.UNDECIDED
    assert found.sentence == (
        "train needs 0.500–10.6 GB with headroom, since its processes may share; Lambda ends at 10 GB: "
        "run it without further processes (n_jobs=1), and its peak is exact."
    )


@pytest.mark.parametrize(
    ("peak", "fits"),
    [
        pytest.param(exactly(400), True, id="exactly what is declared"),
        pytest.param(exactly(401), False, id="one MiB too many"),
        pytest.param(between(300, 401), None, id="between"),
        pytest.param(between(300, None), None, id="not known"),
    ],
)
def test_a_query_is_held_against_the_size_that_it_declares(peak: Peak, fits: bool | None) -> None:
    fit = fitted(a_measurement(peak=peak), kind="query", memory_mib=512)
    assert fit.memory_mib == 512
    assert fit.declared
    assert fit.fits is fits


def test_a_query_that_declares_too_little_is_told_how_much() -> None:
    found = reason(fitted(a_measurement(peak=exactly(500)), kind="query", memory_mib=512), ReasonKind.DECLARED_SIZE)
    assert found.sentence == "train needs 632 MB with headroom; it declares 512 MB: declare memory_mib=640."


@given(st.integers(0, 20 * GIB), st.decimals(1, 3, places=2), st.decimals(1, 3, places=2))
def test_more_headroom_never_makes_a_task_fit(peak: int, one: Decimal, other: Decimal) -> None:
    little, much = sorted((one, other))
    task = a_measurement(peak=Peak(low=peak, high=peak))
    with_little, with_much = (fitted(task, terms=replace(TERMS, headroom=headroom)).fits for headroom in (little, much))
    assert with_little or not with_much


@given(st.integers(0, 20 * GIB))
def test_a_size_is_one_that_lambda_sells_and_holds_what_is_needed(peak: int) -> None:
    needed = needed_mib(peak, Decimal("1.2"), LIMITS)
    size = memory_size(needed, LIMITS)
    assert needed * MIB >= peak
    assert size is None or (128 <= size <= 10_240 and size % 64 == 0 and needed <= size < needed + 192)


# --- time -----------------------------------------------------------------------------------------------------------


def busy(seconds: float, **changes: Any) -> Measurement:
    """A task that keeps one core busy."""
    return a_measurement(wall_ns=int(seconds * NS_PER_S), cpu_ns=int(seconds * NS_PER_S), **changes)


def test_a_task_gets_more_memory_where_its_time_would_not_do() -> None:
    fit = fitted(busy(300))
    assert fit.enlarged
    assert fit.fits is True
    assert fit.memory_mib == 640
    assert fit.duration_ns is not None
    assert fit.duration_ns <= 900 * NS_PER_S
    assert "gets 640 MB, because with the 320 MB that its memory asks for it takes 28 min 12 s" in (
        fit.reasons[0].sentence
    )


def test_a_task_that_no_size_makes_quick_enough_does_not_fit() -> None:
    fit = fitted(busy(901))
    assert fit.fits is False
    assert fit.memory_mib is None
    assert reason(fit, ReasonKind.TIME).sentence == (
        "train takes 15 min 1 s there with 10 GB; Lambda ends at 15 min: use more shards."
    )


def test_a_query_that_takes_too_long_at_its_size_is_told_a_larger_one() -> None:
    fit = fitted(busy(600), kind="query", memory_mib=512)
    assert fit.fits is False
    assert reason(fit, ReasonKind.TIME).remedy == "declare memory_mib=1216"


def test_time_near_the_limit_is_noted_with_the_spread_that_lambda_shows() -> None:
    fit = fitted(*(busy(700, index=index, peak=exactly(2000)) for index in range(100)))
    assert fit.fits is True
    assert reason(fit, ReasonKind.TIME).effect is Effect.NOTE
    assert "19 min 50 s with the spread" in reason(fit, ReasonKind.TIME).text


@pytest.mark.parametrize(
    ("wall_s", "cpu_s", "cores", "wait_s", "own_s"),
    [
        pytest.param(10, 4, 1.0, 3, 7, id="waiting is left out"),
        pytest.param(10, 4, 1.0, 9, 4, id="but never below its CPU time on one core"),
        pytest.param(10, 8, 2.0, 9, 4, id="or on two"),
        pytest.param(10, 25, 2.0, 0, 10, id="a reading that cannot be is left alone"),
    ],
)
def test_waiting_for_busy_cores_is_taken_out(wall_s: int, cpu_s: int, cores: float, wait_s: int, own_s: int) -> None:
    task = a_measurement(wall_ns=wall_s * NS_PER_S, cpu_ns=cpu_s * NS_PER_S, cores=cores, wait_ns=wait_s * NS_PER_S)
    assert work_of(task, LIMITS).wall_ns == own_s * NS_PER_S


@pytest.mark.parametrize(
    ("read", "given_", "left", "seconds"),
    [
        pytest.param(78_125_000, 78_125_000, 0, 1, id="its input once"),
        pytest.param(10**12, 78_125_000, 0, 1, id="what it read twice, or spilled, does not travel"),
        pytest.param(39_062_500, 78_125_000, 0, 0.5, id="a few columns of its input"),
        pytest.param(0, 0, 156_250_000, 2, id="its output"),
    ],
)
def test_reading_and_writing_takes_the_time_of_lambdas_network(
    read: int, given_: int, left: int, seconds: float
) -> None:
    task = a_measurement(read_bytes=read, input_bytes=given_, output_bytes=left)
    assert work_of(task, LIMITS).network_ns == seconds * NS_PER_S


@pytest.mark.parametrize(
    ("received", "seconds"),
    [
        pytest.param(78_125_000, 1, id="the rest was on this disk"),
        pytest.param(156_250_000, 0, id="all of it came from there"),
        pytest.param(None, 0, id="nobody saw how much"),
    ],
)
def test_what_came_from_a_store_is_in_its_time_already(received: int | None, seconds: float) -> None:
    task = a_measurement(read_bytes=10**9, input_bytes=156_250_000, moved=Moved(received_bytes=received))
    assert work_of(task, LIMITS).network_ns == seconds * NS_PER_S


@pytest.mark.parametrize(
    ("stored", "seconds"),
    [
        pytest.param(156_250_000, 0, id="all of it, of which few columns came"),
        pytest.param(78_125_000, 1, id="the rest is on this disk"),
    ],
)
def test_of_an_input_in_a_store_nothing_is_left_to_be_read(stored: int, seconds: float) -> None:
    task = a_measurement(
        read_bytes=10**9, input_bytes=156_250_000, stored_bytes=stored, moved=Moved(get=3, received_bytes=1000)
    )
    assert work_of(task, LIMITS).network_ns == seconds * NS_PER_S


@pytest.mark.parametrize(
    ("read", "written", "stored", "seconds"),
    [
        pytest.param(60_000_000, 50_000_000, 78_125_000, 0, id="its input was there, and libraries here"),
        pytest.param(128_125_000, 50_000_000, 0, 1, id="its input was on this disk"),
        pytest.param(328_125_000, 250_000_000, 0, 1, id="blocks were spilled"),
        pytest.param(0, 50_000_000, 0, 0, id="it read less than it wrote"),
    ],
)
def test_what_went_to_a_store_is_in_its_time_already(read: int, written: int, stored: int, seconds: float) -> None:
    task = a_measurement(
        files=("s3://bucket/work/a.parquet",),
        output_bytes=50_000_000,
        read_bytes=read,
        written_bytes=written,
        input_bytes=78_125_000,
        stored_bytes=stored,
        moved=Moved(get=1, put=1, received_bytes=stored, sent_bytes=50_000_000),
    )
    assert work_of(task, LIMITS).network_ns == seconds * NS_PER_S


@given(st.integers(0, 2**40), st.integers(0, 2**40), st.integers(0, 2**40), st.integers(0, 2**40))
def test_files_in_a_store_never_add_network_time(read: int, written: int, given_: int, left: int) -> None:
    task = a_measurement(read_bytes=read, written_bytes=written, input_bytes=given_, output_bytes=left, files=("/a",))
    there = replace(task, files=("s3://bucket/a",), stored_bytes=given_, moved=Moved(get=1, put=1, sent_bytes=left))
    assert work_of(there, LIMITS).network_ns == 0 <= work_of(task, LIMITS).network_ns


# --- GB-seconds -----------------------------------------------------------------------------------------------------


def test_each_task_is_billed_its_own_time_and_the_median_init() -> None:
    tasks = (
        busy(1, init_ns=2 * NS_PER_S, peak=exactly(1448)),
        busy(2, index=1, init_ns=0, peak=exactly(100)),
        busy(3, index=2, init_ns=NS_PER_S, peak=exactly(100)),
    )
    fit = fitted(*tasks)
    # 1,792 MiB is a little more than one vCPU with its efficiency counted: 1 / (0.98 × 1792 / 1769) is 1.00733.
    assert fit.memory_mib == 1792
    assert fit.init_ns_median == 1_500 * NS_PER_MS
    assert fit.billed_ns == (2_508 + 3_515 + 4_522) * NS_PER_MS
    assert fit.gb_s == Decimal(1792) * Decimal("10.545") / 1024
    assert fit.gb_s_per_task == fit.gb_s / 3


def test_warm_bills_no_init() -> None:
    warm = fitted(busy(1), terms=replace(TERMS, warm=True))
    cold = fitted(busy(1))
    assert warm.gb_s is not None
    assert cold.gb_s is not None
    assert cold.gb_s - warm.gb_s == Decimal(320) / 1024 / 2
    assert not warm.reasons


def test_utilisation_is_peak_by_busy_time_over_what_is_billed() -> None:
    fit = fitted(busy(1, init_ns=0, peak=exactly(240)))
    assert fit.utilisation == pytest.approx(240 / 320, rel=1e-3)


def test_work_of_one_core_costs_the_same_at_every_size_up_to_one_vcpu() -> None:
    small, large = (fitted(busy(10, init_ns=0, peak=exactly(peak))) for peak in (80, 1_000))
    assert small.gb_s is not None
    assert large.gb_s is not None
    assert float(small.gb_s) == pytest.approx(float(large.gb_s), rel=1e-4)
    assert float(small.gb_s) == pytest.approx(10 * 1769 / 1024 / 0.98, rel=1e-4)


@given(st.integers(1, 10**11), st.integers(0, 10**11), st.integers(1, 9_000), st.floats(0.1, 8))
def test_a_step_is_never_below_its_floor(wall_ns: int, cpu_ns: int, peak_mib: int, cores: float) -> None:
    cpu_ns = min(cpu_ns, int(wall_ns * cores))
    fit = fitted(a_measurement(wall_ns=wall_ns, cpu_ns=cpu_ns, cores=cores, peak=exactly(peak_mib)))
    if not fit.hypothetical:
        assert fit.gb_s is not None
        assert fit.floor_gb_s is not None
        assert fit.gb_s >= fit.floor_gb_s * Decimal("0.999999")


# --- init, /tmp, outcomes -------------------------------------------------------------------------------------------


def test_an_init_over_ten_seconds_does_not_fit() -> None:
    found = reason(fitted(busy(60, init_ns=12 * NS_PER_S, peak=exactly(1500))), ReasonKind.INIT)
    assert found.sentence == "train takes 12 s to start and import; Lambda's init ends at 10 s: import less."


def test_a_task_that_mostly_starts_is_told_so() -> None:
    start = busy(0.6, init_ns=1_500 * NS_PER_MS, peak=exactly(1600))
    fit = fitted(start, replace(start, index=1))
    assert fit.fits is True
    assert reason(fit, ReasonKind.INIT).sentence == (
        "train spends 1.5 s of 2.1 s on its start and imports: import less, or use fewer shards."
    )
    assert reason(fitted(start), ReasonKind.INIT).remedy == "import less"  # There are no fewer than one.


def test_a_step_whose_sandboxes_were_all_warm_says_that_no_start_is_counted() -> None:
    fit = fitted(busy(1, init_ns=0))
    assert fit.fits is True
    assert reason(fit, ReasonKind.INIT).remedy == "run it with --cold"


@pytest.mark.parametrize(
    ("mib", "fits", "effect"),
    [
        pytest.param(512, True, None, id="included"),
        pytest.param(513, True, Effect.NOTE, id="costs a little"),
        pytest.param(10_240, True, Effect.NOTE, id="the largest /tmp"),
        pytest.param(10_241, False, Effect.NO, id="one MiB too many"),
    ],
)
def test_temporary_files_are_held_against_tmp(mib: int, fits: bool, effect: Effect | None) -> None:
    fit = fitted(busy(1, temp_bytes=mib * MIB))
    assert fit.fits is fits
    assert [found.effect for found in fit.reasons if found.kind is ReasonKind.TEMP] == ([effect] if effect else [])


def test_what_goes_to_a_store_lies_in_tmp_first_though_no_sample_saw_it() -> None:
    there = busy(1, files=("s3://b/a", "s3://b/b"), file_bytes=(10_240 * MIB, MIB))
    assert reason(fitted(there), ReasonKind.TEMP).effect is Effect.NO
    assert fitted(replace(there, temp_bytes=10_242 * MIB)).temp_bytes == 10_242 * MIB


@pytest.mark.parametrize(
    ("ending", "fits", "said"),
    [
        pytest.param(Ending.RAISED, False, "raised in 1 of 2 tasks (ValueError: no)", id="raised"),
        pytest.param(Ending.EXITED, False, "exited in 1 of 2 tasks", id="exited"),
        pytest.param(Ending.KILLED, False, "was killed in 1 of 2 tasks", id="killed"),
        pytest.param(Ending.OUT_OF_MEMORY, False, "ran out of memory in 1 of 2 tasks", id="out of memory"),
        pytest.param(Ending.TIMED_OUT, False, "did not end in time in 1 of 2 tasks", id="timed out"),
        pytest.param(Ending.STOPPED, None, "was stopped in 1 of 2 tasks", id="stopped says nothing of it"),
        pytest.param(Ending.LOST, None, "was lost in 1 of 2 tasks", id="lost says nothing of it"),
    ],
)
def test_a_task_that_did_not_end_well(ending: Ending, fits: bool | None, said: str) -> None:
    fit = fitted(busy(1), busy(1, index=1, outcome=ended(ending, "ValueError: no.")))
    assert fit.fits is fits
    assert fit.outcomes == {Ending.OK: 1, ending: 1}
    assert said in reason(fit, ReasonKind.OUTCOME).text


@pytest.mark.parametrize("ending", [Ending.LOST, Ending.STOPPED, Ending.RAISED])
def test_of_a_step_of_which_nothing_was_measured_only_is_said_how_it_ended(ending: Ending) -> None:
    fit = fitted(an_unmeasured(ending), an_unmeasured(ending, index=1))
    assert [found.kind for found in fit.reasons] == [ReasonKind.OUTCOME]
    assert (fit.peak, fit.gb_s, fit.memory_mib, fit.needed_mib, fit.task_wall_ns_median) == (None,) * 5
    assert (fit.tasks, fit.outcomes, fit.task_times_ns) == (2, {ending: 2}, ())
    assert fit.fits is (False if ending is Ending.RAISED else None)


def test_figures_are_of_the_tasks_that_were_measured() -> None:
    seen = busy(2, init_ns=NS_PER_S * 6 // 10)
    killed = busy(4, index=1, outcome=ended(Ending.KILLED))
    fit = fitted(seen, killed, *(an_unmeasured(index=index) for index in range(2, 7)))
    alone = fitted(seen, killed)
    assert (fit.tasks, fit.outcomes) == (7, {Ending.OK: 1, Ending.KILLED: 1, Ending.LOST: 5})
    assert ReasonKind.INIT not in {found.kind for found in fit.reasons}
    assert fit.task_wall_ns_median == 3 * NS_PER_S
    for name in ("peak", "added_bytes", "init_ns_median", "task_times_ns", "gb_s", "gb_s_per_task", "utilisation"):
        assert getattr(fit, name) == getattr(alone, name), name


def test_a_step_that_was_not_reached_has_no_figures() -> None:
    fit = fit_step(a_planned_step(), (), TERMS, planned=20, finished=False)
    assert fit.fits is None
    assert (fit.peak, fit.gb_s, fit.memory_mib, fit.needed_mib, fit.task_wall_ns_max) == (None,) * 5
    assert fit.planned_tasks == 20
    assert reason(fit, ReasonKind.INCOMPLETE).text == "was not reached by the run"


def test_a_step_that_was_measured_in_part_is_undecided_unless_what_was_measured_says_no() -> None:
    one = fit_step(a_planned_step(), (busy(1),), TERMS, planned=2, finished=False)
    big = fit_step(a_planned_step(), (busy(1, peak=exactly(9_000)),), TERMS, planned=2, finished=False)
    assert (one.fits, big.fits) == (None, False)
    assert reason(one, ReasonKind.INCOMPLETE).text == "was measured in 1 of 2 tasks only"


# --- a query's limits -----------------------------------------------------------------------------------------------


@given(st.integers(256, 10_240))
def test_a_query_that_keeps_its_limit_fits_the_size_that_it_declares(memory_mib: int) -> None:
    """DuckDB's resident peak is its limit plus at most 96 MiB with two threads, 8 more with each further one."""
    peak_mib = query_memory_limit_mib(memory_mib) + 80 + 8 * query_threads(memory_mib)
    fit = fitted(a_measurement(peak=exactly(peak_mib)), kind="query", memory_mib=memory_mib)
    assert fit.fits is not False


@given(st.integers(128, 10_240), st.integers(128, 10_240))
def test_a_larger_size_never_gives_a_query_less(one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert query_memory_limit_mib(small) <= query_memory_limit_mib(large) + 8 * (
        query_threads(large) - query_threads(small)
    )
    assert query_threads(small) <= query_threads(large)


@pytest.mark.parametrize("headroom", ["0.9", "NaN", "Infinity"])
def test_headroom_is_a_number_from_1(headroom: str) -> None:
    with pytest.raises(ValueError, match="headroom is"):
        Terms(platform=PLATFORM, headroom=Decimal(headroom))
