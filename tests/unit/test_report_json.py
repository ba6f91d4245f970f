"""The JSON report: valid against its schema, complete, and the same figures as the text."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from functools import cache
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiler.model import Comparison, Ending, Outcome, Run, Score, Variant
from profiler.report import render
from profiler.units import MIB, NS_PER_S
from tests.conftest import ROOT
from tests.reports import a_report
from tests.sample_runs import (
    SAMPLES,
    a_fitting_run,
    a_run_with_another_answer,
    a_run_with_failed_tasks,
    a_script_run,
    an_undecided_run,
)


@cache
def schema() -> dict[str, Any]:
    """The documented schema."""
    loaded: dict[str, Any] = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    return loaded


@cache
def closed_schema() -> dict[str, Any]:
    """The schema, with every key forbidden that it does not describe."""
    closed = copy.deepcopy(schema())
    open_objects = [closed]
    while open_objects:
        node = open_objects.pop()
        if "properties" in node:
            node["additionalProperties"] = False
        for value in node.values():
            if isinstance(value, dict):
                open_objects.append(value)
            elif isinstance(value, list):
                open_objects += [item for item in value if isinstance(item, dict)]
    return closed


def document(run: Run) -> dict[str, Any]:
    """The JSON report of a run, read again."""
    loaded: dict[str, Any] = json.loads(render(a_report(run), "json"), parse_constant=_refuse)
    return loaded


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_report_is_as_its_schema_says(name: str) -> None:
    jsonschema.validate(document(SAMPLES[name]()), schema(), jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_key_of_a_report_is_documented(name: str) -> None:
    jsonschema.validate(document(SAMPLES[name]()), closed_schema(), jsonschema.Draft202012Validator)


def test_the_schema_names_itself_as_the_report_does() -> None:
    assert document(a_fitting_run())["schema"] == schema()["$id"] == "paredown.report/1"


def test_a_plain_script_is_a_monolith_alone() -> None:
    report = document(a_script_run())
    assert list(report["variants"]) == ["monolith"]
    assert report["run"]["exit_code"] == 3
    assert report["same_answer"]["equal"] is None
    assert report["budget"] is None
    assert report["score"] is None
    assert report["shards"] is None


def test_money_and_gb_seconds_are_numbers() -> None:
    report = document(a_fitting_run())
    decomposed = report["variants"]["decomposed"]
    for value in (report["budget"]["usd_per_day"], decomposed["usd_per_day"], decomposed["gb_s"]):
        assert isinstance(value, int | float)
    assert report["budget"]["usd_per_day"] == 7


def test_the_figures_are_those_of_the_text() -> None:
    """Not rounded in one and not in the other, and of the same thing."""
    run = a_fitting_run()
    report, text = document(run), render(a_report(run), width=140)
    monolith, decomposed = report["variants"]["monolith"], report["variants"]["decomposed"]
    train = next(line for line in text.splitlines() if line.startswith("  train") and line.endswith("fits")).split()
    step = decomposed["steps"][1]
    assert train[0] == step["name"]
    assert int(train[1]) == step["tasks"]
    assert int(train[3]) == round(step["peak_bytes"] / MIB)
    assert float(train[4]) == pytest.approx(step["cpu_ns"] / NS_PER_S, rel=5e-3)
    assert float(train[5]) == pytest.approx(step["task_wall_ns_max"] / NS_PER_S, rel=5e-3)
    assert float(train[6]) == pytest.approx(step["init_ns_median"] / NS_PER_S, rel=5e-3)
    assert int(train[7].replace(",", "")) == step["memory_mib"]
    assert float(train[8]) == pytest.approx(step["duration_ns"] / NS_PER_S, rel=5e-3)
    assert float(train[9]) == pytest.approx(step["gb_s"], rel=5e-3)
    assert int(train[10]) == round(step["utilisation"] * 100)
    a_run = next(line for line in text.splitlines() if "GB-seconds a run" in line).split()
    assert [float(a_run[3].replace(",", "")), float(a_run[4].replace(",", ""))] == pytest.approx(
        [monolith["gb_s"], decomposed["gb_s"]], rel=5e-3
    )
    assert float(a_run[5]) == pytest.approx(monolith["gb_s"] / decomposed["gb_s"], rel=5e-2)
    assert report["verdict"]["sentence"] in " ".join(text.split())


def test_a_bounded_peak_has_two_ends_and_an_unknown_one_has_none() -> None:
    train = document(an_undecided_run())["variants"]["decomposed"]["steps"][1]
    assert train["peak_bytes"] is None
    assert train["peak_low_bytes"] == 5_100 * MIB
    assert train["fits"] is None


def test_tasks_that_did_not_end_well_are_counted_and_told() -> None:
    report = document(a_run_with_failed_tasks())
    train = report["variants"]["decomposed"]["steps"][1]
    assert train["outcomes"] == {"ok": 16, "raised": 3, "killed": 1}
    raised = report["findings"][0]
    assert (raised["tasks"], raised["first_tasks"], raised["ending"]) == (3, [2, 3, 11], "raised")
    assert raised["traceback"].endswith("ValueError: Input y contains NaN.\n")


def test_other_rows_of_the_answer_are_counted_and_shown() -> None:
    same = document(a_run_with_another_answer())["same_answer"]
    assert (same["equal"], same["rows"], same["equal_rows"]) == (False, 353_664, 353_501)
    assert (same["only_monolith"], same["only_decomposed"]) == (2, 1)
    assert same["first_differing"][0][-2:] == ["1204.1186", "1204.2231"]


def test_what_json_has_no_number_for_is_null() -> None:
    run = a_fitting_run(
        comparison=Comparison(equal=False, rows=1, largest_difference=float("inf")),
        scores=(Score(variant=Variant.DECOMPOSED, values={"recall": float("nan"), "model": "ridge", "rows": 3}),),
    )
    report = document(run)
    assert report["same_answer"]["largest_difference"] is None
    assert report["score"] == {"recall": None, "model": "ridge", "rows": 3}


@given(text=st.text(max_size=40) | st.sampled_from(["\ud800", "\x1b[31m", "\x9b31m", "\u202e", "顧客"]))
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    run = a_fitting_run()
    outcome = Outcome(ending=Ending.RAISED, message=text)
    first, *others = run.measurements
    written = render(a_report(replace(run, measurements=(replace(first, outcome=outcome), *others))), "json")
    assert written.isprintable() or set(filter(lambda character: not character.isprintable(), written)) <= set("\n ")
    assert json.loads(written.encode("utf-8"))["findings"][0]["message"] == text


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of terminal, json"):
        render(a_report(a_fitting_run()), "xml")
