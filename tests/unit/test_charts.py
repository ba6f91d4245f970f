"""The pictures of a report: what they say, that they may stand in a page, and that nothing in a name harms it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from profiler.model import Peak, Run, Variant
from profiler.report.page.chart import Chart
from profiler.report.page.charts import charts_of
from profiler.report.page.charts.canvas import WIDE, WIDTH, Sheet, draw, shortened, width_of
from profiler.report.page.charts.colours import COLOURS
from profiler.report.page.charts.gb_seconds import gb_seconds_chart
from profiler.report.page.charts.inlining import LARGEST
from profiler.report.page.charts.memory import memory_chart
from profiler.report.page.charts.moments import MOMENTS, course_of
from profiler.report.page.charts.sizes import sizes_chart
from profiler.report.page.charts.tasks import tasks_chart
from profiler.report.shape import Report
from profiler.sweep import sweeps_of
from profiler.units import MIB, NS_PER_MS, NS_PER_S, dollars, duration, memory, significant
from tests.conftest import ROOT
from tests.curves import with_samples
from tests.drawn import AS_FITS, DRAWN, pictures_of, report_of
from tests.factories import a_measurement, a_plan, a_planned_step, a_run, an_unmeasured, exactly
from tests.reports import a_report
from tests.sample_runs import SAMPLES, a_fitting_run, a_script_run, an_undecided_run

HOSTILE = (
    "<script>alert(1)</script>",
    "\"quotes\" & 'more'",
    "$cost_x^2$ and \\frac{1}{2}",
    "学習 обучение ✓",
    "two\nlines\tand \x1b[31mred\x00",
    "a_very_long_name_" * 30,
    "${unset} %s {0} </svg></style>]]>",
)


def drawn(name: str) -> dict[str, Chart]:
    return {chart.key: chart for chart in (hostile_pictures() if name == "hostile" else pictures_of(name))}


@cache
def hostile_pictures() -> tuple[Chart, ...]:
    """Drawn without a word of letters that the font lacks."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*Glyph")
        return charts_of(a_report(a_run_of_hostile_names()))


def svgs(chart: Chart) -> tuple[str, ...]:
    """All drawings of a picture, the wide one too."""
    return (*chart.drawings, *([chart.wide] if chart.wide else []))


def words(*drawings: str) -> str:
    """All text of drawings."""
    return "\n".join("".join(element.itertext()) for svg in drawings for element in ElementTree.fromstring(svg).iter())


def a_run_of_hostile_names() -> Run:
    """Every step is called something that a page, a format or a font could trip over."""
    steps = tuple(a_planned_step(name=name, kind="step", by=()) for name in HOSTILE)
    measurements = tuple(
        a_measurement(step=name, variant=variant, wall_ns=(place + 1) * NS_PER_S, index=index, groups=3)
        for variant in Variant
        for place, name in enumerate(HOSTILE)
        for index in range(1 if variant is Variant.MONOLITH else 2)
    )
    plan = a_plan(monolith=steps, decomposed=tuple(replace(step, fans_out=True) for step in steps), job=HOSTILE[0])
    return with_samples(a_run(plan=plan, measurements=measurements))


EACH = (*DRAWN, "hostile")


# --- what may stand in a page ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EACH)
def test_a_picture_is_sound_and_says_in_words_what_it_shows(name: str) -> None:
    ids: list[str] = []
    for key, chart in drawn(name).items():
        assert chart.title
        assert bool(chart.drawings) != bool(chart.absent)
        described = []
        for svg in svgs(chart):
            root = ElementTree.fromstring(svg)
            found = {element.attrib["id"]: element for element in root.iter() if "id" in element.attrib}
            assert root.attrib["role"] == "img"
            assert found[root.attrib["aria-labelledby"]].text == chart.title
            described.append(found[root.attrib["aria-describedby"]].text or "")
            assert all(found_id.startswith(f"{key}-") for found_id in found)
            ids += [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
        assert " ".join(described[: len(chart.drawings)]) == chart.description
        assert described[len(chart.drawings) :] == [chart.description] * bool(chart.wide)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", EACH)
def test_a_picture_asks_for_nothing_and_changes_nothing_of_its_page(name: str) -> None:
    for svg in (svg for chart in drawn(name).values() for svg in svgs(chart)):
        root = ElementTree.fromstring(svg)
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert tags <= {"svg", "title", "desc", "g", "path", "text", "use", "defs", "clipPath", "pattern", "rect"}
        ids = {element.attrib["id"] for element in root.iter() if "id" in element.attrib}
        for element in root.iter():
            for attribute, value in element.attrib.items():
                assert not attribute.startswith("on")
                if attribute.endswith("href"):
                    assert value[0] == "#"
                    assert value[1:] in ids
                assert set(re.findall(r"url\(#([^)]+)\)", value)) <= ids
                assert "url(" not in re.sub(r"url\(#[^)]+\)", "", value)
        assert "<?xml" not in svg
        assert "<!DOCTYPE" not in svg


@pytest.mark.parametrize("name", EACH)
def test_colours_are_the_pages_own(name: str) -> None:
    variables = {f"var(--{colour.name}, {colour.otherwise})" for colour in COLOURS}
    for svg in (svg for chart in drawn(name).values() for svg in svgs(chart)):
        colours = {colour.strip() for colour in re.findall(r"(?:fill|stroke):([^;\"]+)", svg)}
        assert {colour for colour in colours if colour != "none" and not colour.startswith("url(#")} <= variables
        assert not any(colour.drawn in svg for colour in COLOURS)


def test_a_picture_takes_the_width_that_there_is_and_its_text_can_be_read_on_a_phone() -> None:
    of_a_small_phone = 320 - 2 * 16
    for chart in drawn("fits").values():
        for svg, width in [*((svg, WIDTH) for svg in chart.drawings), *([(chart.wide, WIDE)] if chart.wide else [])]:
            root = ElementTree.fromstring(svg)
            assert "width" not in root.attrib
            assert "height" not in root.attrib
            assert f"max-width: {round(width * LARGEST)}px" in root.attrib["style"]
            assert root.attrib["viewBox"].split()[:3] == ["0", "0", str(width)]
            sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", svg)]
            assert min(sizes) * of_a_small_phone / WIDTH >= 10
            assert svg.count("<text") == len(sizes)


def test_samples_that_share_the_pictures_of_one_used_the_same() -> None:
    def used(name: str) -> list[tuple[object, ...]]:
        tasks = with_samples(SAMPLES[name]()).measurements
        return [(m.variant, m.step, m.index, m.wall_ns, m.cpu_ns, m.init_ns, m.peak, m.curve) for m in tasks]

    assert all(used(name) == used("fits") for name in AS_FITS)


def test_headings_inside_a_picture_are_bold_and_its_font_is_the_pages() -> None:
    def paint(sheet: Sheet) -> None:
        sheet.text("heading", left=0, base=20, fontweight="bold")
        sheet.text("plain", left=0, base=40)

    root = ElementTree.fromstring(draw(paint, height=50, key="k", title="t", description="d"))
    styles = {element.text: element.attrib["style"] for element in root.iter() if element.tag.endswith("}text")}
    assert "font-weight: 600" in styles["heading"]
    assert "font-weight" not in styles["plain"]
    assert "font-family" not in styles["heading"] + styles["plain"]
    assert "font-family: inherit" in root.attrib["style"]


# --- names ----------------------------------------------------------------------------------------------------------


def test_names_come_out_as_text() -> None:
    found = drawn("hostile")
    for chart in found.values():
        assert not any("<script" in svg for svg in svgs(chart))
        for text in (*svgs(chart), chart.description):
            assert "\n" not in text
            assert "\x1b" not in text
    shown = words(*svgs(found["gb-seconds"]))
    for name in (HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[3], HOSTILE[6]):
        assert name in shown
    assert r"two\nlines\tand \x1b[31mred\x00" in shown


def test_a_long_name_keeps_within_the_picture() -> None:
    texts = [
        element.text or ""
        for element in ElementTree.fromstring(drawn("hostile")["gb-seconds"].drawings[0]).iter()
        if element.tag.endswith("}text")
    ]
    assert any(text.startswith("a_very_long_name_") and text.endswith("…") for text in texts)
    assert all(width_of(text) <= WIDTH for text in texts)


@pytest.mark.parametrize("text", ["", "short", "x" * 500, "学" * 500])
def test_a_shortened_text_takes_no_more_than_its_room(text: str) -> None:
    assert width_of(shortened(text, 120)) <= 120


# --- memory ---------------------------------------------------------------------------------------------------------


def test_both_variants_begin_at_nothing_and_the_largest_sandbox_isdrawn() -> None:
    tasks = (
        a_measurement(
            index=0, started_ns=90 * NS_PER_S, wall_ns=10 * NS_PER_S, init_ns=0, curve=(0, 1024, 5_000, 4096)
        ),
        a_measurement(
            index=1, started_ns=95 * NS_PER_S, wall_ns=15 * NS_PER_S, init_ns=0, curve=(0, 2048, 10_000, 512)
        ),
    )
    course = course_of(a_run(measurements=tasks), Variant.DECOMPOSED)
    assert course is not None
    assert course.length_ns == 20 * NS_PER_S
    at = {time // NS_PER_MS: value for time, value in course.moments}
    assert len(course.moments) == MOMENTS + 1
    assert course.spans[0].end_ns == course.length_ns
    assert [at[ms] for ms in (0, 2_500, 5_000, 9_950)] == [MIB, MIB, 4 * MIB, 4 * MIB]
    assert [at[ms] for ms in (10_000, 14_950, 15_000, 19_950)] == [2 * MIB, 2 * MIB, MIB // 2, MIB // 2]


def test_while_its_sandbox_starts_a_task_is_not_drawn() -> None:
    task = a_measurement(init_ns=3 * NS_PER_S, wall_ns=NS_PER_S, curve=(3_000, 1024, 4_000, 1024))
    course = course_of(a_run(measurements=(task,)), Variant.DECOMPOSED)
    assert course is not None
    assert course.length_ns == 4 * NS_PER_S
    assert [value for time, value in course.moments if time < 3 * NS_PER_S] == [None] * (MOMENTS * 3 // 4)
    assert [value for time, value in course.moments if time >= 3 * NS_PER_S] == [MIB] * (MOMENTS // 4 + 1)


def test_a_spike_between_two_samples_isdrawn_as_the_exact_peak() -> None:
    plain = drawn("fits")["memory"]
    missed = memory_chart(a_report(with_samples(a_fitting_run(), missed="daily_cost")))
    assert all(f"exact peak {memory(271 * MIB)}" in words(svg) for svg in svgs(missed))
    assert f"{memory(271 * MIB)} of {memory(512 * MIB)}, between two samples." in missed.description
    assert "it fell between two" in missed.note
    assert "exact peak" not in words(*svgs(plain))
    assert "between two" not in plain.description + plain.note


def test_what_another_holder_sampled_of_a_monolith_counts_for_the_step_that_ran() -> None:
    script = {"variant": Variant.MONOLITH, "peak": exactly(300)}
    marks = (
        a_measurement(**script, step="load", started_ns=0, wall_ns=NS_PER_S),
        a_measurement(**script, step="fit", started_ns=NS_PER_S, wall_ns=NS_PER_S, index=0),
        a_measurement(
            **script, step="train.py", wall_ns=0, curve=(0, 100 * 1024, 500, 300 * 1024, 1_500, 200 * 1024, 2_000, 1)
        ),
    )
    course = course_of(a_run(measurements=marks), Variant.MONOLITH)
    assert course is not None
    assert {span.step: span.missed for span in course.spans} == {"load": False, "fit": True, "train.py": False}


def a_script_with_marks() -> Run:
    """Its first part holds the peak, its second is entered twice, with a part inside."""
    script = {"variant": Variant.MONOLITH, "init_ns": 0}
    run = a_script_run()
    tasks = (
        a_measurement(**script, step="load", wall_ns=NS_PER_S, peak=exactly(900)),
        *(
            a_measurement(**script, step="fold", index=turn, started_ns=(1 + turn) * NS_PER_S, wall_ns=NS_PER_S)
            for turn in range(2)
        ),
        a_measurement(**script, step="parse", started_ns=NS_PER_S, wall_ns=NS_PER_MS, nested=True),
        a_measurement(**script, step="train.py", wall_ns=3 * NS_PER_S, curve=(0, 1024, 3_000, 2048)),
    )
    return replace(run, measurements=tasks)


def test_of_a_script_with_marks_the_whole_has_its_own_peak_and_parts_are_entered() -> None:
    chart = memory_chart(a_report(a_script_with_marks()))
    shown = words(*svgs(chart))
    assert re.search(r"\ntrain\.py: 3\.0 s, 900 MB of", shown)
    assert re.search(r"\nfold, 2 times: 2\.0 s", shown)


def test_a_part_inside_another_is_said_to_be_counted_there() -> None:
    said = "Inside another part, which counts it already: parse."
    report = a_report(a_script_with_marks())
    assert gb_seconds_chart(report).note.endswith(said)
    assert said in report.sections[0].notes
    assert [column.title for column in report.sections[0].steps.columns][1] == "entered"


def test_a_ceiling_far_above_is_named_and_notdrawn() -> None:
    near = words(*svgs(drawn("fits")["memory"]))
    assert "Lambda's largest size, 10.0 GB" in near
    far = words(*svgs(drawn("script")["memory"]))
    assert "↑ Lambda's largest size is 10.0 GB" in far


def test_the_picture_says_of_each_step_what_the_report_says() -> None:
    report, memory_over_time = report_of("fits"), drawn("fits")["memory"]
    assert report.verdict.decomposed is not None
    for step in report.verdict.decomposed.steps:
        assert step.peak is not None
        assert step.memory_mib is not None
        text = f"{memory(step.peak.low)} of {memory(step.memory_mib * MIB)}"
        assert text in memory_over_time.description
        assert text in words(*svgs(memory_over_time))


def test_a_run_without_samples_says_so_in_place_of_the_picture() -> None:
    chart = memory_chart(a_report(a_fitting_run()))
    assert svgs(chart) == ()
    assert chart.absent.startswith("This run holds no samples:")
    assert "10.9 GB" in chart.absent


def test_of_a_bounded_peak_both_ends_are_said() -> None:
    run = with_samples(a_run())
    bounded = replace(run, measurements=tuple(replace(m, peak=Peak(low=MIB, high=9 * MIB)) for m in run.measurements))
    chart = memory_chart(a_report(bounded))
    assert "1.00–9.00 MB at its peak" in chart.description
    assert "exact" not in chart.description + words(*svgs(chart))


# --- GB-seconds -----------------------------------------------------------------------------------------------------


def test_the_bars_are_the_verdicts_figures() -> None:
    report, chart = report_of("fits"), drawn("fits")["gb-seconds"]
    for whole in (report.verdict.monolith, report.verdict.decomposed):
        assert whole is not None
        assert whole.gb_s is not None
        assert f"{significant(whole.gb_s)} GB-seconds in all" in words(*svgs(chart))
        for step in whole.steps:
            assert step.gb_s is not None
            assert f"{whole.variant} {significant(step.gb_s)}" in chart.description
            assert f"\n{significant(step.gb_s)}\n" in words(*svgs(chart))
    assert "no Lambda holds" in chart.note


def test_of_many_steps_the_smallest_are_one_bar() -> None:
    names = [f"step_{number}" for number in range(40)]
    steps = tuple(a_planned_step(name=name, kind="step", by=()) for name in names)
    tasks = tuple(
        a_measurement(step=name, wall_ns=(place + 1) * NS_PER_S, cpu_ns=(place + 1) * NS_PER_S)
        for place, name in enumerate(names)
    )
    chart = gb_seconds_chart(a_report(a_run(plan=a_plan(decomposed=steps), measurements=tasks)))
    shown = words(*svgs(chart))
    assert "29 smaller steps" in shown
    assert "step_39" in shown
    assert "step_28\n" not in shown


def test_what_ran_of_a_script_outside_its_marks_is_called_so() -> None:
    shown = words(*svgs(drawn("script")["gb-seconds"]))
    assert "train.py, the rest" in shown
    assert "script: " in shown


# --- tasks ----------------------------------------------------------------------------------------------------------


def test_the_largest_tasks_are_named_with_their_figures() -> None:
    run = a_fitting_run()
    tasks = tuple(
        replace(task, wall_ns=9 * NS_PER_S, cpu_ns=9 * NS_PER_S, rows_in=41_212, groups=977)
        if (task.step, task.index) == ("train", 7)
        else replace(task, peak=exactly(260))
        if (task.step, task.index) == ("train", 13)
        else task
        for task in run.measurements
    )
    report = a_report(replace(run, measurements=tasks))
    chart = tasks_chart(report)
    assert report.verdict.decomposed is not None
    train = next(step for step in report.verdict.decomposed.steps if step.name == "train")
    longest, handled = f"shard 7: {duration(max(train.task_times_ns))}, 231 MB", "977 groups, 41,212 rows"
    assert f"{longest}, {handled}" in chart.description
    assert f"{longest},{handled}" in words(*svgs(chart)), "on two lines"
    assert "\nshard 13: " in words(*svgs(chart))
    assert "highest peak" in words(*svgs(chart))


def test_tasks_that_were_lost_are_counted_but_not_drawn() -> None:
    run = a_fitting_run()
    later = tuple(replace(task, started_ns=task.started_ns + NS_PER_S) for task in run.measurements)
    lost = tuple(
        an_unmeasured(step="train", index=task.index)
        if task.variant is Variant.DECOMPOSED and task.step == "train" and task.index >= 4
        else task
        for task in later
    )
    chart = tasks_chart(a_report(replace(run, measurements=lost)))
    assert "train, 20 tasks, 16 of which did not end well" in chart.description
    assert ": 0.0 s" not in chart.description
    course = course_of(replace(run, measurements=lost), Variant.DECOMPOSED)
    assert course is not None
    assert course.spans[0].begin_ns == 0, "not a second after a task that was lost began at no time"
    assert next(span.tasks for span in course.spans if span.step == "train") == 4


def test_where_no_size_will_do_times_are_as_measured() -> None:
    chart = drawn("does_not_fit")["tasks"]
    assert "train, 20 tasks, times as measured here: median 1.7 s, longest 31 min 40 s" in chart.description


def test_a_bounded_peak_is_not_said_to_be_its_upper_end() -> None:
    chart = drawn("undecided")["tasks"]
    assert "largest 4.10–9.57 GB" in chart.description
    assert "upper end" in chart.note


def test_a_run_without_a_fan_out_has_no_picture_of_tasks() -> None:
    assert drawn("script")["tasks"].absent == "No step of this run fans out."
    first_tasks = tuple(task for task in a_fitting_run().measurements if task.index == 0)
    stopped = tasks_chart(a_report(replace(a_fitting_run(), measurements=first_tasks)))
    assert stopped.absent == "Of no step more than one task was measured."


# --- sizes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("run", [a_run(), a_fitting_run(), an_undecided_run()], ids=["small", "fits", "undecided"])
def test_the_marked_point_is_the_verdicts_own(run: Run) -> None:
    report = a_report(run)
    chart = sizes_chart(report)
    assert report.verdict.decomposed is not None
    chosen = {sweep.name: sweep.chosen for sweep in sweeps_of(run, report.verdict)}
    for step in report.verdict.decomposed.steps:
        point = chosen[step.name]
        assert point is not None
        assert step.memory_mib is not None
        assert step.duration_ns is not None
        assert step.gb_s is not None
        text = f"{memory(step.memory_mib * MIB)}, {duration(step.duration_ns)}, {dollars(point.usd)} a run"
        assert text in words(*svgs(chart))
        assert f"{text} and {significant(step.gb_s)} GB-seconds" in chart.description


def test_what_no_size_holds_is_said() -> None:
    chart = drawn("fits")["sizes"]
    assert "No size holds all of cost_anomalies as one process: it needs 13.1 GB." in chart.note
    assert "train, 20 tasks: no size will do" in drawn("does_not_fit")["sizes"].description


# --- how much, and where --------------------------------------------------------------------------------------------


def of_many_tasks(number: int, samples: int) -> Report:
    """A fan-out with one task that takes a hundred times as long as the others."""
    tasks = tuple(
        a_measurement(
            index=index,
            started_ns=index * 10 * NS_PER_MS,
            wall_ns=(20_000 if index == 77 else 200 + index % 50) * NS_PER_MS,
            cpu_ns=(20_000 if index == 77 else 200 + index % 50) * NS_PER_MS,
            init_ns=0,
            curve=tuple(value for ms in range(samples) for value in (100 * ms, 100_000 + index % 977 * ms)),
        )
        for index in range(number)
    )
    plan = a_plan(decomposed=(a_planned_step(shard_by=("customer",), fans_out=True),), shards=number)
    return a_report(a_run(plan=plan, measurements=tasks))


def test_very_many_tasks_make_pictures_of_the_same_size() -> None:
    few, many = charts_of(of_many_tasks(500, 3)), charts_of(of_many_tasks(5_000, 3))
    for small, large in zip(few, many, strict=True):
        assert large.drawings
        assert len("".join(svgs(large))) < 150_000
        assert "".join(svgs(large)).count("<") < 2 * "".join(svgs(small)).count("<") + 50
    assert "shard 77: " in words(*svgs(many[2]))
    assert "drawn from 200 of its 5,000 tasks" in many[3].note


def test_a_users_own_settings_of_matplotlib_do_not_show(tmp_path: Path) -> None:
    settings = tmp_path / "matplotlibrc"
    settings.write_text("axes.facecolor: red\nfont.size: 40\nsvg.fonttype: path\n")
    program = (
        "import sys\nfrom tests.unit.test_charts import a_small_drawing\nsys.stdout.write(a_small_drawing())\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    unwritable = tmp_path / "unwritable"
    unwritable.write_text("a file where a folder should be")
    theirs = {"MATPLOTLIBRC": str(settings), "MPLCONFIGDIR": str(unwritable)}
    done = subprocess.run(
        [sys.executable, "-W", "error:::profiler", "-c", program],
        cwd=ROOT, env=os.environ | theirs, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stderr, done.stdout) == ("", a_small_drawing())


def a_small_drawing() -> str:
    def paint(sheet: Sheet) -> None:
        sheet.plot(left=0, top=0, width=99, height=99)
        sheet.text("学", left=0, base=20)

    return draw(paint, height=120, key="k", title="t", description="d")


def test_drawing_leaves_matplotlib_as_it_was() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    svg = draw(lambda sheet: sheet.text("$x$", left=0, base=20), height=30, key="k", title="t", description="d")
    assert "$x$" in svg
    assert dict(matplotlib.rcParams) == before
