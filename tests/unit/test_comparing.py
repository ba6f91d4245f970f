"""Runs side by side: what differs, and which differences are more than noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len

from profiler.comparing.build import side_by_side
from profiler.comparing.figures import Terms
from profiler.comparing.values import Difference, Figure, Finding, SideBySide, Value
from profiler.errors import UsageError
from profiler.facts import platform_of
from profiler.model import Commit, Run, Variant
from profiler.report.compare_page import compare_page
from profiler.report.sheet_text import sheet_text
from tests.factories import a_machine, a_plan, between
from tests.repeated import NOISE, repeated
from tests.reports import FACTS
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


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize(
    ("name", "runs"),
    [("two", (BEFORE, AFTER)), ("four", (BEFORE, AFTER, ONCE, ELSEWHERE))],
    ids=["two", "four"],
)
def test_a_whole_comparison_is_as_it_was(
    name: str, runs: tuple[Run, ...], width: int, golden: Callable[[str, str], None]
) -> None:
    golden(f"compare-{name}-{width}.txt", text_of(compared(*runs), width))


@pytest.mark.parametrize("width", range(40, 160, 17))
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    lines = text_of(compared(BEFORE, AFTER, ONCE, ELSEWHERE), width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert [line for line in lines if line != line.rstrip()] == []


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
