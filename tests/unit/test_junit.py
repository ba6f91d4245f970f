"""The report as JUnit XML: valid against the schema that Jenkins holds reports against, and read by a real consumer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped

from profiler.reasons import Effect, Reason, ReasonKind
from profiler.report import render
from profiler.report.junit import WHOLE
from profiler.report.shape import Report
from tests.checks import a_check_of_a_first_run, a_check_that_got_worse, a_check_that_passes, a_checked_report
from tests.conftest import ROOT
from tests.factories import a_run
from tests.hostile import HOSTILE, a_hostile_run
from tests.reports import a_report
from tests.sample_runs import (
    SAMPLES,
    a_fitting_run,
    a_run_that_does_not_fit,
    a_run_with_another_answer,
    a_run_with_failed_tasks,
    an_undecided_run,
)

NOT_PASSED = {Failure: "failed", Error: "error", Skipped: "skipped"}


@cache
def schema() -> xmlschema.XMLSchema:
    """What Jenkins' xUnit plugin accepts; see `tests/schemas/README.md`."""
    return xmlschema.XMLSchema(ROOT / "tests" / "schemas" / "junit-10.xsd")


def with_check(report: Report, **changes: Any) -> Report:
    """A checked report whose check found something else."""
    assert report.check is not None
    return replace(report, check=replace(report.check, **changes))


def cases(report: Report) -> dict[tuple[str, str], str]:
    """What a CI makes of each case, by variant and step."""
    suites = JUnitXml.fromstring(render(report, "junit").encode())
    return {
        (suite.name.rpartition(".")[2], case.name): next((NOT_PASSED[type(how)] for how in case.result), "passed")
        for suite in suites
        for case in suite
    }


def told(report: Report, variant: str, step: str) -> str:
    """The message and the text of a case."""
    suites = JUnitXml.fromstring(render(report, "junit").encode())
    suite = next(suite for suite in suites if suite.name.endswith(f".{variant}"))
    case = next(case for case in suite if case.name == step)
    return "\n".join(f"{how.message}\n{how.text}" for how in case.result)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_whole_report_is_as_it_was(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.junit.xml", render(a_report(SAMPLES[name]()), "junit"))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_report_is_as_the_schema_says(name: str) -> None:
    schema().validate(render(a_report(SAMPLES[name]()), "junit"))


def test_the_schema_refuses_what_is_no_junit() -> None:
    wrong = render(a_report(a_fitting_run()), "junit").replace("<testcase ", "<case ").replace("</testcase", "</case")
    assert not schema().is_valid(wrong)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_counts_are_those_of_the_cases(name: str) -> None:
    suites = JUnitXml.fromstring(render(a_report(SAMPLES[name]()), "junit").encode())
    said = [(suite.tests, suite.failures, suite.errors, suite.skipped) for suite in suites]
    suites.update_statistics()
    assert said == [(suite.tests, suite.failures, suite.errors, suite.skipped) for suite in suites]


def test_there_is_a_case_for_each_step_of_each_variant_and_one_for_the_whole() -> None:
    assert list(cases(a_report(a_run()))) == [
        (variant, step) for variant in ("monolith", "decomposed") for step in (WHOLE, "daily_cost", "train")
    ]


def test_a_monolith_that_no_lambda_holds_is_skipped_where_the_decomposed_variant_decides() -> None:
    found = cases(a_report(a_fitting_run()))
    assert {how for (variant, _), how in found.items() if variant == "decomposed"} == {"passed"}
    assert found["monolith", "load"] == "skipped"
    assert "It need not fit" in told(a_report(a_fitting_run()), "monolith", "load")


def test_a_step_that_does_not_fit_fails_with_its_figure_its_limit_and_its_remedy() -> None:
    report = a_report(a_run_that_does_not_fit())
    assert cases(report)["decomposed", "train"] == "failed"
    assert cases(report)["decomposed", "predict"] == "passed"
    said = told(report, "decomposed", "train")
    assert "31 min 40 s" in said
    assert "Lambda ends at 15 min: use more shards" in said


def test_another_answer_fails_the_whole_and_no_step() -> None:
    found = cases(a_report(a_run_with_another_answer()))
    assert [step for (_, step), how in found.items() if how == "failed"] == [WHOLE]
    assert "353,501 of 353,664 rows agree" in told(a_report(a_run_with_another_answer()), "decomposed", WHOLE)


def test_a_task_that_raised_is_an_error_with_its_traceback_and_what_it_printed() -> None:
    report = a_report(a_run_with_failed_tasks())
    assert cases(report)["decomposed", "train"] == "error"
    said = told(report, "decomposed", "train")
    assert 'File "/home/ada/anomalies/job.py", line 41, in train' in said
    assert "| training  57 %" in said


def test_what_is_undecided_fails() -> None:
    found = cases(a_report(an_undecided_run()))
    assert found["decomposed", "train"] == found["decomposed", WHOLE] == "failed"


def test_what_is_undecided_is_skipped_where_the_check_lets_it_pass() -> None:
    found = cases(a_checked_report(an_undecided_run(), allow_undecided=True))
    assert found["decomposed", "train"] == "skipped"
    assert set(found.values()) == {"passed", "skipped"}


def test_a_step_that_got_worse_fails_and_says_by_how_much() -> None:
    report = a_check_that_got_worse()
    assert cases(report)["decomposed", "train"] == "failed"
    assert "train holds 278 MB of memory, 237 MB before: +17 %" in told(report, "decomposed", "train")
    assert "cost_anomalies fails: train holds 17 % more memory" in told(report, "decomposed", WHOLE)


def test_a_monolith_that_got_worse_fails_nothing_where_it_need_not_fit() -> None:
    report = a_check_that_passes()
    assert set(cases(report).values()) == {"passed", "skipped"}
    assert "load holds 9.93 GB of memory, 9.19 GB before: +8.0 %" in told(report, "monolith", "load")


@pytest.mark.parametrize("subject", ["train", "cost_anomalies", "something else"])
def test_a_limit_that_is_passed_fails_the_step_that_it_is_of_or_else_the_whole(subject: str) -> None:
    limit = Reason(
        kind=ReasonKind.MEMORY, effect=Effect.NO, subject=subject, text="holds 271 MB at its peak; max-peak is 256 MB"
    )
    report = with_check(a_check_of_a_first_run(), passed=False, objections=(limit,))
    step = "train" if subject == "train" else WHOLE
    assert "max-peak is 256 MB" in told(report, "decomposed", step)
    assert cases(report)["decomposed", WHOLE] == "failed"


@pytest.mark.parametrize("passed", [True, False])
@pytest.mark.parametrize("name", SAMPLES)
def test_something_is_red_if_and_only_if_the_check_did_not_pass(name: str, passed: bool) -> None:
    found = cases(with_check(a_checked_report(SAMPLES[name]()), passed=passed))
    assert ({"failed", "error"} & set(found.values()) != set()) is not passed


def test_names_and_data_come_out_as_text(tmp_path: Path) -> None:
    text = render(a_report(a_hostile_run()), "junit")
    schema().validate(text)
    file = tmp_path / "junit.xml"
    file.write_text(text, encoding="utf-8")
    suites = list(JUnitXml.fromfile(str(file)))
    assert suites[0].name == "<script>alert(1)</script>.monolith"
    names = [case.name for case in suites[1]]
    assert names[1:4] == [HOSTILE[0], HOSTILE[1], "line\\nbreak\\r\\n# heading"]
    assert "half \\ud800 surrogate \\x1b[31mred\\x00 \\u202e turned \\ufffe" in names


@settings(max_examples=30)
@given(name=st.text(max_size=20))
def test_no_name_makes_the_text_anything_but_xml(name: str) -> None:
    root = ElementTree.fromstring(render(a_report(a_hostile_run((name, "other"))), "junit").encode())
    assert len(root.findall("testsuite/testcase")) == 6


def test_two_steps_that_look_alike_are_two_cases() -> None:
    names = [case for _, case in cases(a_report(a_hostile_run(("a\nb", "a\\nb"))))]
    assert names == [WHOLE, "a\\nb", "a\\nb (2)"] * 2


def test_when_nobody_knows_when_the_run_was_there_is_no_time() -> None:
    text = render(a_report(replace(a_run(), created="yesterday")), "junit")
    schema().validate(text)
    assert "timestamp" not in text
