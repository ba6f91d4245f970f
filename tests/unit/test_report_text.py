"""How figures, sentences and other people's words come out, one by one."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiler.judging import Judging, report_of
from profiler.model import Comparison, Ending, Outcome, Peak, Repetition, Run, Score, Variant
from profiler.report import render
from profiler.report.clean import one_line, printed_lines
from profiler.report.figures import numbers, peaks, times
from profiler.report.findings import warnings_of
from profiler.report.sameness import difference_tables, same_statement, score_statement
from profiler.report.shape import Names, Tone
from profiler.report.totals import less_by
from profiler.units import GIB, MIB, NS_PER_MS, NS_PER_S
from tests.conftest import ROOT
from tests.factories import between, exactly, the_settings
from tests.reports import a_report
from tests.sample_runs import (
    SAMPLES,
    a_fitting_run,
    a_run_on_two_hosts,
    a_run_that_does_not_fit,
    a_run_with_another_answer,
    a_script_run,
    an_interrupted_run,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("train", "train", id="plain"),
        pytest.param("a\nb", "a\\nb", id="line break"),
        pytest.param("\x1b[31mred", "\\x1b[31mred", id="escape sequence"),
        pytest.param("\x9b31m", "\\x9b31m", id="escape sequence of one byte"),
        pytest.param("abc\u202edef", "abc\\u202edef", id="turns the text around"),
        pytest.param("a\u00a0b\u3000c", "a b c", id="spaces of other widths"),
        pytest.param("\ud800", "\\ud800", id="half a character"),
        pytest.param("日次費用 é", "日次費用 é", id="other scripts"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_name_is_one_line_of_printable_text(text: str, shown: str) -> None:
    assert one_line(text) == shown


@given(st.text())
def test_any_text_becomes_printable(text: str) -> None:
    assert one_line(text).isprintable()
    assert all(line.isprintable() for line in printed_lines(text))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("a\nb\n", ("a", "b"), id="lines"),
        pytest.param(" 10 %\r 50 %\r100 %\ndone", ("100 %", "done"), id="a progress bar shows its last state"),
        pytest.param("a\r\nb\r\n", ("a", "b"), id="line ends of Windows"),
        pytest.param("\x1b[1;32mok\x1b[0m \x1b]0;title\x07x", ("ok x",), id="colours and titles go"),
        pytest.param("\n\n  x\n\n\n", ("  x",), id="empty lines around go, indents stay"),
        pytest.param("a\tb", ("a   b",), id="tabs"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_printed_text_is_what_a_terminal_would_show(text: str, lines: tuple[str, ...]) -> None:
    assert printed_lines(text) == lines


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        pytest.param([1, 22, 333], ["  1.0", " 22.0", "333  "], id="one decimal more than the largest"),
        pytest.param([Decimal("9.996"), Decimal("0.0001")], ["10.0 ", " 0.00"], id="rounded up, and next to nothing"),
        pytest.param([0, None], ["0", " "], id="nothing and not measured"),
        pytest.param([], [], id="no rows"),
        pytest.param([Decimal("153170.4"), Decimal("12.04")], ["153,170  ", "     12.0"], id="thousands"),
    ],
)
def test_a_column_aligns_its_points_and_shows_no_digit_that_is_nothing(
    values: list[int | Decimal | None], texts: list[str]
) -> None:
    assert numbers(values) == texts


def test_a_column_of_times_has_one_unit() -> None:
    assert times([66_200 * NS_PER_MS, 120 * NS_PER_MS, None]) == ("s", ["66.2 ", " 0.12", "     "])


def test_a_bounded_peak_shows_both_ends() -> None:
    values: list[Peak | None] = [exactly(204), between(400, 649), between(400, None), None]
    assert peaks(values) == ("MB", ["    204", "400–649", "  ≥ 400", ""])


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        pytest.param((41, 41), (1, 1), "41 ×", id="less"),
        pytest.param((2, 2), (3, 3), "1.5 × more", id="more"),
        pytest.param((500, 500), (501, 501), "the same", id="the same"),
        pytest.param((10, 20), (2, 4), "2.5–10 ×", id="bounded"),
        pytest.param((10, None), (2, 2), "", id="no upper end"),
        pytest.param((10, 10), (0, 0), "", id="nothing is no divisor"),
    ],
)
def test_less_by_is_said_only_where_it_is_known(
    first: tuple[int | None, int | None], second: tuple[int | None, int | None], text: str
) -> None:
    assert less_by(first, second) == text


def statement(run: Run, label: str) -> str:
    """The text of one statement of a run's report."""
    return next(item.text for item in a_report(run).statements if item.label == label)


def basis(run: Run, label: str, **how: object) -> str:
    """One line of what a run's report rests on."""
    return next(item.text for item in a_report(run, **how).basis if item.label == label)


@pytest.mark.parametrize(
    ("comparison", "label", "text"),
    [
        pytest.param(
            Comparison(equal=True, rows=1, equal_rows=1, largest_difference=0.0),
            "SAME",
            "1 of 1 row agrees, to the last digit.",
            id="one row",
        ),
        pytest.param(
            Comparison(equal=True, rows=1200, equal_rows=1200), "SAME", "1,200 of 1,200 rows agree.", id="no floats"
        ),
        pytest.param(
            Comparison(equal=False, rows=3, equal_rows=2, largest_difference=0.0, only_decomposed=1),
            "DIFFERENT",
            "2 of 3 rows agree. 1 row only in the decomposed answer.",
            id="a row too many",
        ),
        pytest.param(
            Comparison(equal=False, reason="the monolith's answer has no column day"),
            "DIFFERENT",
            "The monolith's answer has no column day.",
            id="other columns",
        ),
        pytest.param(
            Comparison(equal=None),
            "NOT COMPARED",
            "Whether both answers are the same is not known: the comparison did not end.",
            id="not compared",
        ),
    ],
)
def test_sameness_says_how_many_rows_agree(comparison: Comparison, label: str, text: str) -> None:
    found = same_statement(comparison)
    assert found is not None
    assert (found.label, found.text) == (label, text)


def test_without_two_answers_nothing_is_said_of_sameness() -> None:
    assert same_statement(None) is None
    assert difference_tables(None) == ()


def test_equal_scores_are_said_once_and_others_by_variant() -> None:
    both = tuple(Score(variant=variant, values={"recall": 0.5, "rows": 1000.0, "found": 1.0}) for variant in Variant)
    found = score_statement(both)
    assert found is not None
    assert found.text == "recall 0.500, rows 1,000, found 1.00"
    failed = score_statement((both[0], Score(variant=Variant.DECOMPOSED, values={}, problem="KeyError: 'label'")))
    assert failed is not None
    assert failed.text == "monolith: recall 0.500, rows 1,000, found 1.00 · decomposed: none: KeyError: 'label'"


def test_an_interrupted_run_says_so_and_how_to_go_on() -> None:
    run = an_interrupted_run()
    assert "12 tasks that ended well; --resume measures the rest" in statement(run, "INTERRUPTED")
    assert a_report(run).commands[0].line == "paredown run cost_anomalies --shards 20 --resume"
    assert "212 bytes" in statement(run, "TORN LINE")


def test_what_a_schedulers_end_has_stopped_can_be_resumed_and_in_python_what_was_begun_there() -> None:
    run = an_interrupted_run()
    stopped = Repetition(variant=Variant.DECOMPOSED, repeat=0, measurements=run.of(Variant.DECOMPOSED))
    ended = replace(run, ended=True, repetitions=(stopped,))
    assert a_report(ended).commands[0].line.endswith(" --resume")
    there = replace(run, settings=replace(run.settings, engine="MyExecutor"))
    assert a_report(there).commands[0].line == (
        "profiler.run('cost_anomalies', shards=20, executor=executor, resume=True)"
    )
    assert "12 tasks that ended well; resume=True measures the rest" in statement(there, "INTERRUPTED")


def test_tasks_that_had_begun_when_the_harness_was_killed_are_counted() -> None:
    begun = {("train", index): 2 if index == 8 else 1 for index in range(10)}
    run = an_interrupted_run()
    repetitions = tuple(
        Repetition(variant=variant, repeat=0, measurements=run.of(variant), attempts=begun) for variant in Variant
    )
    said = statement(replace(run, repetitions=repetitions), "INTERRUPTED")
    assert "12 tasks that ended well, and 2 that had begun; --resume measures the rest." in said


def test_a_variant_that_did_not_end_is_less_by_nothing() -> None:
    """Its figures are lower bounds, so that a quotient would flatter it."""
    assert [column.title for column in a_report(an_interrupted_run()).totals.columns] == [
        "",
        "monolith",
        "decomposed (part)",
    ]


def test_commands_name_the_job_and_the_run_as_the_reader_does() -> None:
    names = Names(job="'my job.py'", run="runs/a.jsonl")
    lines = [command.line for command in a_report(a_run_with_another_answer(), names=names).commands]
    assert lines[0] == "paredown run 'my job.py' --variant decomposed --against runs/a.jsonl"
    assert lines[1] == "paredown budget --run runs/a.jsonl"


def test_a_task_that_takes_too_long_asks_for_more_shards() -> None:
    assert a_report(a_run_that_does_not_fit()).commands[0].line == "paredown run cost_anomalies --shards 40"


def test_a_script_is_offered_a_job_file() -> None:
    assert a_report(a_script_run()).commands[0].line == "paredown init train.py"


def test_on_arm64_nobody_is_sent_to_arm64() -> None:
    lines = [command.line for command in a_report(a_fitting_run(), arch="arm64").commands]
    assert [line for line in lines if "--arch" in line] == []


def test_a_statement_of_the_verdict_is_not_said_twice() -> None:
    texts = [item.text for item in a_report(a_run_that_does_not_fit()).statements]
    assert sum("takes 31 min 40 s" in text for text in texts) == 1


def test_the_budget_says_how_many_runs_a_day_is() -> None:
    assert a_report(a_fitting_run()).totals_notes[0].startswith("A day is 3,000 requests, 75 runs of 40; $7 for it")


def test_what_a_verdict_rests_on_follows_the_options() -> None:
    run = a_fitting_run()
    assert basis(run, "prices") == "AWS us-east-1, x86_64, as of 2026-09-19"
    assert "every task starts cold" in basis(run, "time")
    assert "sandboxes warm, no init billed" in basis(run, "time", warm=True)
    assert "× 1.5 headroom" in basis(run, "memory", headroom=Decimal("1.5"))
    assert "7 tasks at once" in basis(run, "time", tasks_at_once=7)


def test_settings_say_what_threads_are_pinned_to() -> None:
    run = replace(a_fitting_run(), settings=the_settings(jobs=1, cold=True))
    assert basis(run, "settings") == (
        "1 task at a time; a fresh sandbox for each; numeric libraries: 1 thread in a task, 2 threads in the monolith"
    )
    run = replace(a_script_run(), settings=the_settings(variants=(Variant.MONOLITH,), monolith_threads=None))
    assert basis(run, "settings") == "numeric libraries: not pinned in the script"


def test_equal_warnings_of_many_tasks_are_one_with_a_count() -> None:
    run = a_fitting_run()
    measurements = tuple(
        replace(item, warnings=("column day becomes text",)) if item.step == "train" else item
        for item in run.of(Variant.DECOMPOSED)
    )
    assert warnings_of(replace(run, measurements=measurements)) == ("train: column day becomes text (20 tasks)",)


def test_a_peak_that_nobody_could_read_is_not_shown() -> None:
    run = a_fitting_run()
    unread = tuple(
        replace(item, peak=Peak(low=0, high=0)) if item.step == "daily_cost" else item for item in run.measurements
    )
    shown = render(a_report(replace(run, measurements=unread)), width=140)
    assert re.search(r"^  daily_cost +1 +4\.20 ", shown, flags=re.MULTILINE)


def test_a_verdict_has_a_word_before_it_has_a_colour() -> None:
    tones = {"FITS": Tone.YES, "DOES NOT FIT": Tone.NO, "UNDECIDED": Tone.DOUBT}
    for run in (a_fitting_run(), a_run_that_does_not_fit(), an_interrupted_run()):
        first = a_report(run).statements[0]
        assert tones[first.label] is first.tone


def test_a_run_of_a_hundred_thousand_tasks_is_reported_in_a_few_lines() -> None:
    run = a_fitting_run()
    template = run.of(Variant.DECOMPOSED)[1]
    outcome = Outcome(ending=Ending.RAISED, message="ValueError: x")
    tasks = tuple(replace(template, index=index, outcome=outcome) for index in range(100_000))
    report = a_report(replace(run, measurements=(*run.of(Variant.MONOLITH), *tasks)))
    assert [finding.title for finding in report.findings] == [
        "Decomposed, train: 100,000 of 100,000 tasks raised, numbers 0, 1, 2 and 99,997 more"
    ]


def test_memory_of_a_terabyte_and_of_a_byte_keep_one_unit() -> None:
    assert peaks([exactly(2**20), Peak(low=1, high=1)]) == ("GB", ["1,024  ", "    0.0"])
    assert peaks([Peak(low=GIB, high=GIB)]) == ("GB", ["1.00"])
    assert peaks([Peak(low=MIB - 1, high=MIB - 1)]) == ("KB", ["1,024"])
    assert times([NS_PER_S]) == ("s", ["1.00"])


def test_the_guide_explains_every_label_and_every_column() -> None:
    guide = (ROOT / "docs" / "reading-a-report.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `?([^`|]+?)`? \|", guide, flags=re.MULTILINE))
    explained = {word.strip() for words in explained for word in re.split(r", (?!on Lambda|measured here)", words)}
    for make in SAMPLES.values():
        report = a_report(make())
        labels = {item.label for item in report.statements if item.label} | {item.label for item in report.basis}
        titles = {
            column.title.split(" ")[0]
            for section in report.sections
            for column in section.steps.columns
            if column.title and column.key != "step"
        }
        assert labels - explained == set()
        assert titles - {word.split(",")[0] for word in explained} == set()


def test_the_excerpts_of_the_guide_are_of_a_real_report() -> None:
    guide = (ROOT / "docs" / "reading-a-report.md").read_text(encoding="utf-8")
    runs = (a_fitting_run(), a_run_on_two_hosts())
    lines = [line for run in runs for line in render(a_report(run), width=140).splitlines()]
    excerpts = re.findall(r"```text\n(.*?)```", guide, flags=re.DOTALL)
    assert len(excerpts) == 4
    assert [line for excerpt in excerpts for line in excerpt.splitlines() if line not in lines] == []


def test_the_schema_is_explained_in_prose() -> None:
    prose = (ROOT / "docs" / "report-json.md").read_text(encoding="utf-8")
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    assert schema["properties"]["schema"]["const"] in prose
    for kind in schema["$defs"]["reason"]["properties"]["kind"]["enum"]:
        assert f"`{kind}`" in prose


def test_commands_bring_the_parameters_of_data_that_the_job_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data of the default size would be other data: --resume and --against refuse them."""
    monkeypatch.chdir(tmp_path)
    run = an_interrupted_run()
    made = tuple(replace(item, made=True) for item in run.plan.inputs)
    plan = replace(run.plan, file=str(tmp_path / "a job.py"), inputs=made, params={"rows": 300_000, "who": "a b"})
    report = report_of(replace(run, plan=plan, path=".paredown/runs/1.jsonl"), Judging())
    assert report.commands[0].line == "paredown run 'a job.py' rows=300000 'who=a b' --shards 20 --resume"


def test_a_run_of_somebodys_executor_is_resumed_in_python_with_all_that_it_was_begun_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = an_interrupted_run()
    inputs = {"line_items": ("s3://bucket/focus/*.parquet", f"{tmp_path}/it's here/*.csv")}
    given = {"inputs": inputs, "engine": "loky", "params": {"who": 'a "b"'}, "variants": (Variant.DECOMPOSED,)}
    run = replace(
        run,
        path=str(tmp_path / "kept here" / "runs" / f"{run.id}.jsonl"),
        plan=replace(run.plan, file=str(tmp_path / "a job.py")),
        settings=replace(run.settings, **given),
    )
    command = report_of(run, Judging()).commands[0]
    assert command.purpose == "measures only what is missing; in Python, with an executor of loky"

    class Profiler:
        @staticmethod
        def run(job: str, **arguments: object) -> dict[str, object]:
            return {"job": job, **arguments}

    assert eval(command.line, {"profiler": Profiler, "executor": None}) == {
        "job": "a job.py",
        "inputs": {"line_items": list(inputs["line_items"])},
        "params": {"who": 'a "b"'},
        "shards": 20,
        "variants": ["decomposed"],
        "workspace": str(tmp_path / "kept here"),
        "executor": None,
        "resume": True,
    }


def test_a_run_is_resumed_with_all_that_it_was_begun_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another input, engine, workspace, or none of them, would make another run, or have none to resume."""
    monkeypatch.chdir(tmp_path)
    run = an_interrupted_run()
    inputs = {"line_items": ("s3://bucket/focus/*.parquet", f"{tmp_path}/more/*.csv")}
    given = {"inputs": inputs, "engine": "dask", "scheduler": "tcp://10.0.0.1:8786", "variants": (Variant.DECOMPOSED,)}
    run = replace(
        run,
        path=str(tmp_path / "kept here" / "runs" / f"{run.id}.jsonl"),
        plan=replace(run.plan, file=str(tmp_path / "job.py"), params={}),
        settings=replace(run.settings, **given),
    )
    assert report_of(run, Judging()).commands[0].line == (
        "paredown run job.py --input 'line_items=s3://bucket/focus/*.parquet' --input 'line_items=more/*.csv' "
        f"--workspace '{tmp_path}/kept here' --engine dask --scheduler tcp://10.0.0.1:8786 --shards 20 "
        "--variant decomposed --resume"
    )
