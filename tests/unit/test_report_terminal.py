"""The terminal report: whatever a job is called and whatever its code says, it is text, and it fits."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from profiler.model import Comparison, Ending, InputFiles, Outcome, Run, Score, Variant
from profiler.report import render
from profiler.report.shape import Bar, Cell, Column, Row, Table
from profiler.report.tables import bar_text, shorten, table_lines
from tests.factories import an_unmeasured
from tests.reports import a_report, too_wide
from tests.sample_runs import SAMPLES, a_fitting_run, a_run_with_failed_tasks, a_script_run

COLOUR = re.compile(r"\x1b\[[0-9;]*m")

anything = st.text(min_size=1, max_size=120) | st.sampled_from(
    [
        "[red]",
        "[/red]",
        "[bold]x[/bold]",
        ":smile:",
        "顧客別の日次費用",
        "a b",
        "'\"",
        "\x1b[31m",
        "\r\n\t",
        "../../x",
        "é" * 60,
    ]
)


def named(run: Run, name: str) -> Run:
    """The run, with one of its steps, its job and its machine called something else."""
    plan = replace(
        run.plan,
        job=name,
        request=name,
        shards_reason=name,
        warnings=(name,),
        inputs=tuple(replace(item, name=name) for item in run.plan.inputs),
        monolith=tuple(replace(step, name=name) if step.name == "train" else step for step in run.plan.monolith),
        decomposed=tuple(replace(step, name=name) if step.name == "train" else step for step in run.plan.decomposed),
    )
    measurements = tuple(
        replace(item, step=name, warnings=(name,)) if item.step == "train" else item for item in run.measurements
    )
    return replace(run, plan=plan, measurements=measurements, machine=replace(run.machine, cpu_model=name))


@given(name=anything, width=st.integers(min_value=40, max_value=200))
def test_no_line_is_longer_than_the_width_for_any_name(name: str, width: int) -> None:
    for run in (a_fitting_run(), a_run_with_failed_tasks()):
        text = render(a_report(named(run, name)), width=width)
        assert too_wide(text, width) == []


@given(text=anything)
def test_what_a_task_says_and_answers_cannot_steer_the_terminal(text: str) -> None:
    outcome = Outcome(ending=Ending.RAISED, message=text, traceback=text, output_tail=text)
    run = a_fitting_run(
        comparison=Comparison(
            equal=False, rows=1, columns=(text, "column", "monolith", "decomposed"), first_differing=((text,) * 4,)
        ),
        scores=(Score(variant=Variant.DECOMPOSED, values={text: text}),),
    )
    first, *others = run.measurements
    shown = render(a_report(replace(run, measurements=(replace(first, outcome=outcome), *others))), width=100)
    assert [character for character in shown if not character.isprintable() and character != "\n"] == []
    assert max(map(cell_len, shown.split("\n"))) <= 100


def test_markup_in_a_name_is_text() -> None:
    shown = render(a_report(named(a_fitting_run(), "[red]load[/red] :smile:")), width=140)
    assert "[red]load[/red] :smile:" in shown


def test_a_name_of_wide_characters_moves_no_column() -> None:
    lines = render(a_report(named(a_fitting_run(), "顧客別の学習")), width=140).splitlines()
    rows = [line for line in lines if line.startswith(("  顧客別の学習  ", "  daily_cost  ")) and line.endswith("fits")]
    assert len(rows) == 2
    assert len({cell_len(row) for row in rows}) == 1


def test_columns_go_in_the_order_in_which_they_tell_least() -> None:
    """The bar first, then how much of the bill was used, then the init; at no width does a row wrap."""
    run = a_fitting_run()
    seen = {
        width: [row for row in render(a_report(run), width=width).splitlines() if row.startswith("  train ")][-1]
        for width in (140, 100, 80, 60)
    }
    assert "█" in seen[140]
    assert "62 %" in seen[140]
    assert "█" not in seen[80]
    assert "%" not in seen[80]
    assert all(row.endswith("fits") for row in seen.values())


@pytest.mark.parametrize("name", SAMPLES)
def test_without_its_colours_a_report_reads_the_same(name: str) -> None:
    report = a_report(SAMPLES[name]())
    assert COLOUR.sub("", render(report, width=100, colour=True)) == render(report, width=100, colour=False)


@pytest.mark.parametrize("name", SAMPLES)
def test_red_is_for_no_green_for_fits_and_yellow_for_undecided(name: str) -> None:
    text = render(a_report(SAMPLES[name]()), width=100, colour=True)
    coloured = re.findall(r"\x1b\[(?:1;)?(3[0-7])m([^\x1b]*)", text)
    expected = {
        "31": {"no", "DOES NOT FIT", "DIFFERENT", "EXIT CODE"},
        "32": {"fits", "FITS", "SAME"},
        "33": {"undecided", "UNDECIDED", "NOT COMPARED", "INTERRUPTED"},
    }
    assert coloured
    assert [(code, word) for code, word in coloured if word.strip() not in expected.get(code, ())] == []


def test_a_format_asks_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    report = a_report(a_fitting_run())
    before = render(report, width=80), render(report, width=80, colour=True)
    for name, value in (("COLUMNS", "33"), ("NO_COLOR", "1"), ("TERM", "dumb"), ("FORCE_COLOR", "1")):
        monkeypatch.setenv(name, value)
    assert (render(report, width=80), render(report, width=80, colour=True)) == before


def test_a_run_of_many_failures_shows_the_first_and_counts_the_rest() -> None:
    run = a_run_with_failed_tasks()
    outcome = Outcome(ending=Ending.RAISED, message="ValueError")
    measurements = tuple(
        replace(item, outcome=replace(outcome, message=f"ValueError: {place}")) if item.step == "train" else item
        for place, item in enumerate(run.measurements)
    )
    shown = render(a_report(replace(run, measurements=measurements)), width=80)
    assert "16 more kinds of findings are left out here" in shown
    assert shown.count(" of 20 tasks raised, number") == 4


def test_a_long_traceback_loses_its_middle() -> None:
    trace = "\n".join(["Traceback (most recent call last):", *(f"  line {number}" for number in range(400)), "Oops: x"])
    run = a_script_run()
    outcome = Outcome(ending=Ending.RAISED, message="Oops: x", traceback=trace)
    shown = render(a_report(replace(run, measurements=(replace(run.measurements[-1], outcome=outcome),))), width=80)
    assert "line 0\n" in shown
    assert "line 399\n" in shown
    assert "line 200\n" not in shown
    assert "378 lines left out" in shown


def test_an_input_without_a_known_number_of_rows_is_not_counted() -> None:
    run = a_fitting_run()
    given_ = InputFiles(name="x", paths=("a.csv",), total_bytes=1, rows=None, fingerprint="f")
    assert "rows of x" not in render(a_report(replace(run, plan=replace(run.plan, inputs=(given_,)))), width=80)


@pytest.mark.parametrize(
    ("text", "cells", "shown"),
    [
        pytest.param("train", 5, "train", id="as long as there is room"),
        pytest.param("a_very_long_name_of_a_step", 15, "a_very_…_a_step", id="the middle goes"),
        pytest.param("顧客別の日次費用", 9, "顧客…費用", id="wide characters take two cells"),
        pytest.param("train", 2, "tr", id="no room for an ellipsis"),
    ],
)
def test_a_name_is_shortened_in_its_middle(text: str, cells: int, shown: str) -> None:
    assert shorten(text, cells) == shown


@given(text=st.text(max_size=60), cells=st.integers(min_value=1, max_value=40))
def test_a_shortened_name_is_never_wider_than_its_room(text: str, cells: int) -> None:
    assert cell_len(shorten(text, cells)) <= cells


@given(low=st.floats(0, 1), more=st.floats(0, 1), cells=st.integers(1, 40))
def test_a_bar_takes_exactly_its_room(low: float, more: float, cells: int) -> None:
    assert cell_len(bar_text(Bar(low=low, high=min(1, low + more)), cells)) == cells


@given(
    widths=st.lists(st.integers(1, 60), min_size=1, max_size=14),
    room=st.integers(40, 120),
)
def test_a_table_of_any_columns_fits(widths: list[int], room: int) -> None:
    columns = tuple(Column(key=f"column {place}", title="t" * width) for place, width in enumerate(widths))
    row = Row(cells=tuple(Cell(text="x" * width) for width in widths))
    assert max(cell_len(line.plain) for line in table_lines(Table(columns=columns, rows=(row,)), width=room)) <= room


def test_of_a_step_whose_tasks_were_all_lost_the_table_holds_their_count_alone() -> None:
    run = a_fitting_run()
    lost = tuple(
        an_unmeasured(step="train", index=item.index)
        if item.step == "train" and item.variant is Variant.DECOMPOSED
        else item
        for item in run.measurements
    )
    ends = tuple(replace(end, complete=end.variant is Variant.MONOLITH) for end in run.variants)
    shown = render(a_report(replace(run, measurements=lost, variants=ends)), width=80)
    assert re.search(r"^  train +20 +undecided$", shown, flags=re.MULTILINE)
    assert "→ train: measure it again" in shown
    for wrong in ("n_jobs", "--cold", "never seen", "…"):
        assert wrong not in shown
