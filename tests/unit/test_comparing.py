"""Runs side by side: what differs, and which differences are more than noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from profiler.comparing.build import side_by_side
from profiler.comparing.figures import Terms
from profiler.comparing.values import Difference, Doubt, Figure, Finding, SideBySide, Value
from profiler.errors import UsageError
from profiler.facts import platform_of
from profiler.model import Commit, Run, Variant
from profiler.report.compare_json import document
from profiler.report.compare_page import compare_page
from profiler.report.sheet_text import sheet_text
from tests.checks import EPYC, XEON, on_hosts
from tests.factories import a_machine, a_plan, between, the_settings
from tests.repeated import NOISE, each, on_slower_cores, repeated, seldom_looked_at, waiting
from tests.reports import FACTS, too_wide
from tests.sample_runs import (
    a_fitting_run,
    a_run_with_failed_tasks,
    a_script_run,
    an_interrupted_run,
    an_undecided_run,
)

TERMS = Terms(platform=platform_of(FACTS))


def run_of(run_id: str, *, memory: float = 1, time: float = 1, repeats: int = 5, **changes: Any) -> Run:
    """The reference job, its figures by these factors and with the noise of its repeats."""
    factors = [(of_memory * memory, of_time * time) for of_memory, of_time in NOISE[:repeats]]
    return replace(repeated(replace(a_fitting_run(), id=run_id), factors), **changes)


def compared(*runs: Run) -> SideBySide:
    return side_by_side(runs, TERMS)


def value_of(result: SideBySide, figure: Figure, step: str | None = None, place: int = 1) -> Value:
    wanted = Variant.DECOMPOSED, step, figure
    line = next(line for line in result.lines if (line.variant, line.step, line.figure) == wanted)
    value = line.values[place]
    assert value is not None
    return value


def difference_of(result: SideBySide, figure: Figure, step: str | None = None, place: int = 1) -> Difference:
    found = value_of(result, figure, step, place).difference
    assert found is not None
    return found


def text_of(result: SideBySide, width: int = 120) -> str:
    return sheet_text(compare_page(result), width=width)


BEFORE = run_of("before", commit=Commit(id="5e61ed9a0b" * 4, branch="main"))
AFTER = run_of(
    "after",
    memory=1.1,
    created="2026-11-25T12:00:00Z",
    plan=replace(a_fitting_run().plan, shards=40),
    commit=Commit(id="1234567890" * 4, branch="lean-frames", dirty=True),
)
ONCE = run_of("once", memory=1.02, time=0.9, repeats=1, created="2026-11-25T13:00:00Z")
ELSEWHERE = run_of(
    "elsewhere", time=0.5, created="2026-11-26T10:00:00Z", machine=a_machine(cpu_model="AMD EPYC 9R14", cores=8)
)
SLOWER = on_slower_cores(run_of("slower"), 1.12)
OTHER_PYTHON = run_of("other-python", machine=replace(BEFORE.machine, python="3.13.1"))
BUSY = waiting(run_of("busy", time=1.2), 0.3)


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("two", (BEFORE, AFTER)),
        ("four", (BEFORE, AFTER, ONCE, ELSEWHERE)),
        ("paces", (BEFORE, SLOWER, OTHER_PYTHON, BUSY)),
    ],
    ids=["two", "four", "paces"],
)
def test_a_whole_comparison_is_as_it_was(
    name: str, runs: tuple[Run, ...], width: int, golden: Callable[[str, str], None]
) -> None:
    golden(f"compare-{name}-{width}.txt", text_of(compared(*runs), width))


@pytest.mark.parametrize("width", range(40, 160, 17))
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    text = text_of(compared(BEFORE, AFTER, ONCE, ELSEWHERE), width)
    assert too_wide(text, width) == []
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


def test_more_memory_than_the_noise_is_called_with_its_interval() -> None:
    found = difference_of(compared(BEFORE, AFTER), Figure.PEAK)
    assert found.finding is Finding.MORE
    assert found.ratio == pytest.approx(1.1)
    assert found.interval is not None
    assert found.interval[0] < 1.1 < found.interval[1]


def test_the_other_way_round_it_is_less() -> None:
    found = difference_of(compared(AFTER, BEFORE), Figure.PEAK)
    assert found.finding is Finding.LESS
    assert found.ratio == pytest.approx(1 / 1.1)


def test_a_difference_within_the_repeats_is_noise() -> None:
    found = difference_of(compared(BEFORE, run_of("again", time=1.01)), Figure.CPU)
    assert found.finding is Finding.SAME
    assert found.interval is not None


def test_gb_seconds_are_judged_by_what_each_repeat_would_be_billed() -> None:
    result = compared(BEFORE, run_of("slower", time=1.5))
    assert len(value_of(result, Figure.GB_SECONDS).repeats) == 5
    assert difference_of(result, Figure.GB_SECONDS).finding is Finding.MORE
    assert difference_of(result, Figure.USD_PER_REQUEST).finding is Finding.MORE


@pytest.mark.parametrize("repeats", [1, 4])
def test_with_fewer_than_five_repeats_on_one_side_the_noise_is_unknown(repeats: int) -> None:
    result = compared(BEFORE, run_of("few", memory=2, repeats=repeats))
    found = difference_of(result, Figure.PEAK)
    assert (found.finding, found.interval) == (Finding.UNKNOWN, None)
    assert found.ratio == pytest.approx(2, rel=0.01)
    assert "paredown run JOB --repeat 5" in text_of(result)


def test_elapsed_time_is_shown_and_never_judged() -> None:
    found = difference_of(compared(BEFORE, run_of("slower", time=9)), Figure.WALL)
    assert (found.finding, found.interval) == (Finding.NOT_COMPARED, None)


def test_on_another_machine_memory_is_compared_and_time_is_not() -> None:
    result = compared(BEFORE, ELSEWHERE)
    assert difference_of(result, Figure.PEAK).finding is Finding.SAME
    assert difference_of(result, Figure.CPU).finding is Finding.NOT_COMPARED
    assert difference_of(result, Figure.GB_SECONDS).finding is Finding.NOT_COMPARED
    text = text_of(result)
    assert "B ran on another machine than A" in text
    assert "machine        A: Intel Xeon Processor @ 2.60GHz, 2 cores; B: AMD EPYC 9R14, 8 cores" in text


def test_on_other_hosts_memory_is_compared_and_time_is_not() -> None:
    runs = [on_hosts(BEFORE, EPYC), on_hosts(run_of("slower", time=2), EPYC, XEON)]
    result = compared(*runs)
    assert difference_of(result, Figure.CPU).finding is Finding.NOT_COMPARED
    assert difference_of(result, Figure.PEAK).finding is Finding.SAME
    text = text_of(result)
    assert "B ran on another machine than A" in text
    assert "hosts    A: EPYC, 8 cores; B: EPYC, 8 cores and Xeon, 4 cores" in text
    alike = compared(runs[0], on_hosts(run_of("slower", time=2), EPYC))
    assert difference_of(alike, Figure.CPU).finding is Finding.MORE
    assert "another machine" not in text_of(alike)


def test_what_no_lambda_holds_is_shown_and_not_judged() -> None:
    result = compared(BEFORE, run_of("bigger", memory=3))
    line = next(line for line in result.lines if (line.variant, line.figure) == (Variant.MONOLITH, Figure.GB_SECONDS))
    assert line.values[1] is not None
    assert line.values[1].difference is not None
    assert line.values[1].difference.finding is Finding.NOT_COMPARED
    assert "No Lambda holds the monolith variant of A and B" in text_of(result)


def test_what_differs_is_named_and_what_does_not_is_not() -> None:
    result = compared(BEFORE, AFTER)
    assert [trait.name for trait in result.traits] == ["commit", "shards"]
    assert result.traits[0].values == ("5e61ed9a0 (main)", "123456789* (lean-frames)")


def test_two_runs_of_the_same_say_that_nothing_differs() -> None:
    result = compared(run_of("a"), run_of("b"))
    assert result.traits == ()
    assert "nothing   that a run keeps: the same commit, code, data, settings and machine" in text_of(result)


def test_many_packages_that_differ_are_counted() -> None:
    packages = {f"package{number:02}": "1" for number in range(30)}
    result = compared(run_of("a", machine=a_machine(packages={})), run_of("b", machine=a_machine(packages=packages)))
    assert [trait.name for trait in result.traits][-1] == "and 22 more"


def test_other_data_are_told_before_any_figure() -> None:
    plan = a_fitting_run().plan
    given = replace(plan.inputs[0], rows=5, total_bytes=10)
    text = text_of(compared(BEFORE, run_of("b", plan=replace(plan, inputs=(given,)))))
    assert "OTHER WORK" in text
    assert text.index("OTHER WORK") < text.index("peak memory")
    assert "line_items had 10,003,680 rows then, and has 5 now" in " ".join(text.split())


def test_that_files_between_steps_lay_elsewhere_is_told_before_any_figure() -> None:
    store = replace(BEFORE.settings, workspace="s3://b/pare\x1b[31mdown")
    there = run_of("b", settings=store)
    result = compared(BEFORE, there, run_of("c"))
    text = " ".join(text_of(result).split())
    assert "OTHER PLACE What passed between steps went to s3://b/pare\\x1b[31mdown in B, and to a folder in A:" in text
    assert text.index("OTHER PLACE") < text.index("peak memory")
    assert "files between steps A, C: a folder; B: s3://b/pare\\x1b[31mdown" in text
    assert [run["workspace"] for run in document(result)["runs"]] == [None, store.workspace, None]
    assert "OTHER PLACE" not in text_of(compared(there, run_of("d", settings=store)))


def test_answers_with_other_numbers_of_rows_are_told() -> None:
    run = run_of("b")
    fewer = tuple(replace(answer, rows=3) for answer in run.answers)
    text = text_of(compared(BEFORE, replace(run, answers=fewer)))
    assert "The decomposed answers have different numbers of rows: A 353,664, B 3." in " ".join(text.split())


def test_a_step_that_is_new_or_gone_is_named() -> None:
    run = run_of("b")
    without = replace(
        run,
        repetitions=tuple(
            replace(item, measurements=tuple(task for task in item.measurements if task.step != "predict"))
            for item in run.repetitions
        ),
    )
    result = compared(BEFORE, without)
    assert (Variant.DECOMPOSED, "predict", ("A",)) in result.only_in
    text = text_of(result)
    assert "predict of the decomposed variant is only in A." in text
    assert "not in it" in text


def test_a_step_whose_name_alone_changed_stands_in_one_row() -> None:
    run = run_of("b")
    steps = tuple(replace(step, name="fit") if step.name == "train" else step for step in run.plan.decomposed)
    renamed = replace(
        run,
        plan=replace(run.plan, decomposed=steps),
        repetitions=tuple(
            replace(
                item,
                measurements=tuple(
                    replace(task, step="fit") if task.step == "train" and task.variant is Variant.DECOMPOSED else task
                    for task in item.measurements
                ),
            )
            for item in run.repetitions
        ),
    )
    result = compared(BEFORE, renamed)
    assert result.renamed == (("B", Variant.DECOMPOSED, "train", "fit"),)
    assert difference_of(result, Figure.PEAK, "train").ratio == pytest.approx(1)
    assert "train of the decomposed variant is called fit in B" in text_of(result)


def test_tasks_are_shown_where_their_number_differs() -> None:
    run = run_of("b")
    fewer = tuple(
        replace(item, measurements=tuple(task for task in item.measurements if task.index < 10))
        for item in run.repetitions
    )
    shown = text_of(compared(BEFORE, replace(run, repetitions=fewer)))
    assert " tasks train 20 10 -50.0 " in " ".join(shown.split())
    assert "  tasks\n" not in text_of(compared(BEFORE, run_of("same")))


@pytest.mark.parametrize("make", [an_interrupted_run, a_run_with_failed_tasks])
def test_a_variant_that_did_not_end_is_told_and_shows_no_figure(make: Callable[[], Run]) -> None:
    result = compared(BEFORE, replace(make(), id="b"))
    assert "B did not bring its decomposed variant to its end" in " ".join(text_of(result).split())
    of_variant = [line for line in result.lines if line.variant is Variant.DECOMPOSED]
    assert {line.values[1] for line in of_variant} == {None}


def test_runs_without_any_figure_are_compared_all_the_same() -> None:
    result = compared(replace(a_script_run(), id="a"), replace(a_script_run(), id="b"))
    assert result.lines == ()
    assert "no figure of it can be compared" in text_of(result)


def test_a_bounded_peak_is_marked() -> None:
    result = compared(replace(an_undecided_run(), id="a"), replace(an_undecided_run(), id="b"))
    text = text_of(result)
    assert "~" in text
    assert "a peak known between two ends only" in text


def test_a_figure_that_was_nothing_has_no_ratio() -> None:
    def without_memory(run: Run) -> Run:
        return replace(run, measurements=tuple(replace(task, peak=between(0, 0)) for task in run.measurements))

    result = compared(without_memory(replace(a_fitting_run(), id="a")), replace(a_fitting_run(), id="b"))
    assert difference_of(result, Figure.PEAK).ratio is None
    assert text_of(result)


def test_names_from_elsewhere_are_shown_as_text() -> None:
    plan = replace(a_fitting_run().plan, job="<b>\x1b[2J日本", params={"\x1b[31m": 1})
    text = text_of(compared(run_of("a", plan=plan), run_of("b", plan=replace(plan, params={"\x1b[31m": 2}))))
    assert "\x1b" not in text
    assert "<b>\\x1b[2J日本" in text


@pytest.mark.parametrize(
    ("runs", "problem"),
    [
        pytest.param((), "no run is given", id="none"),
        pytest.param((BEFORE,), "one run is given, and nothing to hold it to", id="one"),
        pytest.param((BEFORE, AFTER, BEFORE), "before is given twice", id="twice the same"),
        pytest.param(
            (BEFORE, run_of("b", plan=a_plan(job="other"))),
            "before is a run of cost_anomalies, and b one of other; expected runs of one job",
            id="two jobs",
        ),
        pytest.param(tuple(run_of(f"r{n}", repeats=1) for n in range(27)), "27 runs are too many", id="too many"),
    ],
)
def test_what_cannot_be_compared_is_refused(runs: tuple[Run, ...], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        compared(*runs)


# --- the pace of the cores ------------------------------------------------------------------------------------------

OF_THE_CORES = (Figure.CPU, Figure.GB_SECONDS, Figure.USD_PER_REQUEST)
"""What follows the pace of the cores."""


def places_of(figure: Figure) -> tuple[str | None, ...]:
    return (None,) if figure is Figure.USD_PER_REQUEST else (None, "daily_cost", "train", "predict")


@pytest.mark.parametrize("by", [0.7, 1.4])
@pytest.mark.parametrize("figure", OF_THE_CORES)
def test_slower_cores_are_no_difference_of_the_code(by: float, figure: Figure) -> None:
    result = compared(BEFORE, on_slower_cores(run_of("b"), by))
    for step in places_of(figure):
        before, after = value_of(result, figure, step, 0), value_of(result, figure, step)
        assert after.typical == pytest.approx(before.typical, rel=1e-6)
        assert after.difference is not None
        assert after.difference.finding is Finding.SAME
        assert before.at_pace
        assert after.at_pace
    assert dict(result.sides[1].slower) == {variant: pytest.approx(by) for variant in Variant}


@pytest.mark.parametrize("by", [0.7, 1.4])
def test_the_bill_is_what_it_would_be_and_no_mere_multiple(by: float) -> None:
    """Waiting and the price per request do not follow the pace, so the same work at both paces has the same bill."""
    slower = run_of("b", time=1.3)
    here, there = compared(BEFORE, slower), compared(BEFORE, on_slower_cores(slower, by))
    for figure in OF_THE_CORES:
        assert value_of(there, figure).typical == pytest.approx(value_of(here, figure).typical, rel=1e-3)
        assert difference_of(there, figure).finding is Finding.MORE


def test_a_step_of_another_name_is_given_at_the_pace_of_the_one_it_was() -> None:
    def fit(run: Run) -> Run:
        steps = tuple(replace(step, name="fit") if step.name == "train" else step for step in run.plan.decomposed)
        return each(
            replace(run, plan=replace(run.plan, decomposed=steps)),
            lambda task: {"step": "fit"} if (task.step, task.variant) == ("train", Variant.DECOMPOSED) else {},
        )

    def slower_there(run: Run) -> Run:
        """Where only the one step ran on slower cores, or what was looked at there alone."""
        return each(run, lambda task: {"pace_ns": 2 * task.pace_ns} if task.step == "train" else {})

    result = compared(slower_there(BEFORE), fit(slower_there(run_of("b"))))
    assert difference_of(result, Figure.CPU, "train").ratio == pytest.approx(1)
    assert difference_of(result, Figure.GB_SECONDS, "train").ratio == pytest.approx(1)


def test_a_reader_is_told_how_much_slower_the_cores_were() -> None:
    result = compared(BEFORE, on_slower_cores(run_of("b"), 1.12), on_slower_cores(run_of("c"), 0.8), run_of("d"))
    text = " ".join(text_of(result).split())
    assert text.count(
        "The cores of B were 12 % slower and those of C 25 % faster than those of A, as a fixed piece of work on them "
        "shows: CPU time, GB-seconds and dollars are given as they would be at the pace of A."
    ) == len(Variant)
    assert "cores" not in text_of(compared(BEFORE, run_of("d"))).split("  · ")[0]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        pytest.param(
            run_of("b", settings=the_settings(pace=0)),
            "one of both is of an older paredown, or was measured once",
            id="not looked at",
        ),
        pytest.param(
            run_of("b", settings=the_settings(pace=99)),
            "one of both is of an older paredown, or was measured once",
            id="with other work",
        ),
        pytest.param(
            OTHER_PYTHON,
            "they had different versions of Python",
            id="on another Python",
        ),
        pytest.param(
            seldom_looked_at(run_of("b"), 0),
            "it was looked at too seldom, as where tasks take milliseconds",
            id="the tasks were too short",
        ),
    ],
)
def test_where_the_pace_is_not_known_of_both_time_is_shown_as_measured_and_not_judged(other: Run, why: str) -> None:
    result = compared(BEFORE, on_slower_cores(other, 1.5))
    for figure in OF_THE_CORES:
        found = difference_of(result, figure)
        assert (found.finding, found.doubt, found.interval) == (Finding.UNKNOWN, Doubt.PACE, None)
        assert not value_of(result, figure, place=0).at_pace
    assert difference_of(result, Figure.CPU).ratio == pytest.approx(1.5, rel=1e-6)
    assert difference_of(result, Figure.PEAK).finding is Finding.SAME
    text = " ".join(text_of(result).split())
    assert f"Whether the cores were as fast in B as in A is not known: {why}. CPU time, and what follows" in text
    assert "B against A monolith: as much memory; decomposed: as much memory." in text
    assert "pace unknown" in text


def test_one_run_whose_pace_is_not_known_leaves_the_others_alone() -> None:
    result = compared(BEFORE, run_of("b", settings=the_settings(pace=0)), on_slower_cores(run_of("c"), 1.3))
    assert difference_of(result, Figure.CPU).doubt is Doubt.PACE
    assert difference_of(result, Figure.CPU, place=2).finding is Finding.SAME
    assert [value_of(result, Figure.CPU, place=place).at_pace for place in range(3)] == [True, False, True]


def test_time_of_another_machine_stays_as_measured() -> None:
    slower = on_slower_cores(ELSEWHERE, 2)
    result = compared(BEFORE, slower)
    assert not value_of(result, Figure.CPU).at_pace
    assert difference_of(result, Figure.CPU).finding is Finding.NOT_COMPARED
    assert "PACE UNKNOWN" not in text_of(result)


@pytest.mark.parametrize("runs", [(BEFORE, waiting(run_of("b"), 0.3)), (waiting(BEFORE, 0.3), run_of("b", time=1.5))])
def test_time_of_a_busy_machine_is_not_judged(runs: tuple[Run, Run]) -> None:
    result = compared(*runs)
    for figure in OF_THE_CORES:
        found = difference_of(result, figure)
        assert (found.finding, found.doubt) == (Finding.UNKNOWN, Doubt.BUSY)
    assert difference_of(result, Figure.PEAK).finding is Finding.SAME
    busy = next(side for side in result.sides if side.busy)
    text = " ".join(text_of(result).split())
    assert f"The machine was busy with other work while {busy.letter} ran, and that adds CPU time too" in text
    assert "machine busy" in text


def test_a_variant_alone_may_have_run_on_a_busy_machine() -> None:
    busy = each(run_of("b"), lambda task: {"wait_ns": task.wall_ns // 2} if task.variant is Variant.MONOLITH else {})
    result = compared(BEFORE, busy)
    assert difference_of(result, Figure.CPU).finding is Finding.SAME
    assert "busy with other work while B (monolith) ran" in " ".join(text_of(result).split())


def test_few_repeats_are_why_before_anything_else() -> None:
    once = run_of("once", repeats=1, settings=the_settings(pace=0))
    result = compared(BEFORE, waiting(once, 0.3))
    assert difference_of(result, Figure.CPU).doubt is Doubt.REPEATS
    assert "PACE UNKNOWN" not in text_of(result)
