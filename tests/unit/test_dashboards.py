"""Figures for dashboards: each format read by what it is made for, or held against what that says it reads."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from pytest_benchmark.stats import Stats

from profiler.model import Commit, Run
from profiler.report import render
from profiler.report.pytest_json import stats_of
from profiler.report.shape import Report
from profiler.units import MIB
from tests.checks import a_check_that_got_worse, a_check_that_passes
from tests.factories import a_machine, a_run
from tests.hostile import HOSTILE, a_hostile_run
from tests.repeated import repeated
from tests.reports import a_report
from tests.sample_runs import SAMPLES, a_fitting_run, a_run_with_failed_tasks, a_script_run, an_undecided_run

FORMATS = {
    "pytest-benchmark": "pytest-benchmark.json",
    "github-action-benchmark": "github-action-benchmark.json",
    "prometheus": "prom",
}
each_format = pytest.mark.parametrize("format_name", FORMATS)
Labels = dict[str, str]


@each_format
@pytest.mark.parametrize("name", SAMPLES)
def test_a_whole_report_is_as_it_was(name: str, format_name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.{FORMATS[format_name]}", render(a_report(SAMPLES[name]()), format_name))


# --- pytest-benchmark -----------------------------------------------------------------------------------------------


def benchmarks(run: Run) -> dict[str, dict[str, Any]]:
    """The benchmarks by their full names."""
    document = json.loads(render(a_report(run), "pytest-benchmark"))
    return {found["fullname"]: found for found in document["benchmarks"]}


def measured_often(factors: Sequence[float] = (1.0, 1.1, 0.9, 1.05, 0.98)) -> Run:
    """A run whose variants were measured so many times, with so many times its memory and its time."""
    return repeated(a_run(), [(factor, factor) for factor in factors])


def compare(folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    """Let pytest-benchmark's own command read the files."""
    command = [sys.executable, "-m", "pytest_benchmark", "compare", "--columns=min,median,stddev,rounds", *files]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_pytest_benchmark_compares_two_runs(tmp_path: Path) -> None:
    slower = measured_often((1.2, 1.3, 1.2))
    for name, run in (("0001_before", measured_often()), ("0002_after", slower)):
        (tmp_path / f"{name}.json").write_text(render(a_report(run), "pytest-benchmark"), encoding="utf-8")
    ended = compare(tmp_path, "0001_before.json", "0002_after.json")
    assert ended.returncode == 0, ended.stderr
    assert "Failed to load" not in ended.stderr + ended.stdout
    rows = [line.split() for line in ended.stdout.splitlines() if line.startswith("decomposed/train ")]
    assert len(rows) == 2
    assert {row[-1] for row in rows} == {"3", "5"}


def test_pytest_benchmark_reads_a_file_without_benchmarks(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(render(a_report(a_script_run()), "pytest-benchmark"), encoding="utf-8")
    ended = compare(tmp_path, "a.json")
    assert "Failed to load" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr


@given(data=st.lists(st.integers(1, 10**6).map(lambda number: number / 128), min_size=1, max_size=24))
def test_the_statistics_are_those_of_pytest_benchmark(data: list[float]) -> None:
    theirs = Stats()
    for seconds in data:
        theirs.update(seconds)
    ours = stats_of(data)
    assert {name: ours[name] for name in Stats.fields if name != "outliers"} == pytest.approx(
        {name: value for name, value in theirs.as_dict().items() if name != "outliers"}
    )
    assert ours["outliers"] == f"{ours['stddev_outliers']};{ours['iqr_outliers']}"
    assert ours["data"] == data


def test_a_benchmark_is_the_cpu_time_of_the_repetitions_and_knows_the_memory() -> None:
    found = benchmarks(measured_often())["cost_anomalies/decomposed/train"]
    assert found["stats"]["rounds"] == 5
    assert found["stats"]["median"] == pytest.approx(1.5 + 2 * 0.5)
    assert found["extra_info"]["peak_bytes"] == 200 * MIB
    assert found["extra_info"]["peak_exact"] is True
    assert found["group"] == "decomposed"


def test_the_file_names_the_commit_and_the_machine() -> None:
    run = replace(a_run(), commit=Commit(id="ab" * 20, branch="main", dirty=True), machine=a_machine(host="build-1"))
    document = json.loads(render(a_report(run), "pytest-benchmark"))
    assert document["commit_info"]["id"] == "ab" * 20
    assert document["commit_info"]["branch"] == "main"
    assert document["commit_info"]["dirty"] is True
    assert (document["machine_info"]["node"], document["machine_info"]["system"]) == ("build-1", "Linux")


# --- github-action-benchmark ----------------------------------------------------------------------------------------


def entries(run: Run) -> dict[str, dict[str, Any]]:
    """The entries by their names."""
    found = json.loads(render(a_report(run), "github-action-benchmark"))
    assert len({entry["name"] for entry in found}) == len(found)
    return {entry["name"]: entry for entry in found}


@pytest.mark.parametrize("make", [*SAMPLES.values(), lambda: measured_often(), a_hostile_run])
def test_an_entry_is_what_the_action_documents(make: Callable[[], Run]) -> None:
    """A name, a unit and a number; a range that it can read, and text of more lines, where there is any."""
    for entry in entries(make()).values():
        assert set(entry) <= {"name", "unit", "value", "range", "extra"}
        assert isinstance(entry["name"], str)
        assert isinstance(entry["unit"], str)
        assert math.isfinite(entry["value"])
        assert re.fullmatch(r"± \d+(\.\d+)?(e-\d+)?", entry.get("range", "± 0"))
        assert isinstance(entry.get("extra", ""), str)


def test_the_names_hold_nothing_that_changes_from_run_to_run() -> None:
    first, second = a_run(), replace(measured_often(), id="another", created="2027-01-01T00:00:00Z", version="9")
    assert list(entries(first)) == list(entries(second))
    assert "cost_anomalies/decomposed/train/peak" in entries(first)
    assert "cost_anomalies/decomposed/dollars per request" in entries(first)


def test_a_range_is_how_far_the_repeats_lie_from_their_median() -> None:
    peak = entries(measured_often())["cost_anomalies/decomposed/train/peak"]
    assert (peak["value"], peak["unit"], peak["range"]) == (200, "MB", "± 20.0")
    assert peak["extra"] == "median of 5 repeats"
    assert "range" not in entries(a_run())["cost_anomalies/decomposed/train/peak"]


def test_gb_seconds_that_nobody_sells_are_marked() -> None:
    assert entries(a_fitting_run())["cost_anomalies/monolith/GB-seconds"]["extra"] == "no Lambda holds it: peak × time"


def test_a_variant_that_did_not_end_well_has_no_figures_that_would_look_like_an_improvement() -> None:
    assert {name.split("/")[1] for name in entries(a_run_with_failed_tasks())} == {"monolith"}
    assert entries(a_script_run()) == {}


# --- Prometheus -----------------------------------------------------------------------------------------------------


def samples(report: Report) -> dict[str, list[tuple[Labels, float]]]:
    """The samples of each metric, as Prometheus' own client reads them."""
    found: dict[str, list[tuple[Labels, float]]] = {}
    for family in text_string_to_metric_families(render(report, "prometheus")):
        assert family.type == "gauge"
        assert family.documentation
        assert family.name not in found
        for sample in family.samples:
            assert sample.timestamp is None
            found.setdefault(family.name, []).append((sample.labels, sample.value))
    return found


def value(report: Report, metric: str, **labels: str) -> float:
    """The one sample with these labels."""
    (found,) = [number for its, number in samples(report)[metric] if labels.items() <= its.items()]
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_prometheus_reads_a_report(name: str) -> None:
    for metric, found in samples(a_report(SAMPLES[name]())).items():
        assert re.fullmatch(r"paredown_[a-z_]+", metric)
        assert len({tuple(sorted(labels.items())) for labels, _ in found}) == len(found)
        for labels, _ in found:
            assert set(labels) <= {"paredown_job", "variant", "step"}


def test_the_samples_are_in_base_units() -> None:
    report = a_report(measured_often())
    assert value(report, "paredown_step_peak_bytes", variant="decomposed", step="train") == 200 * MIB
    assert value(report, "paredown_step_cpu_seconds", variant="decomposed", step="train") == pytest.approx(2.5)
    assert value(report, "paredown_variant_wall_seconds", variant="decomposed") == 4
    assert value(report, "paredown_run_timestamp_seconds") == 1_795_521_600


def test_what_fits_is_one_what_does_not_is_nought_and_what_is_not_known_is_no_number() -> None:
    assert value(a_report(a_fitting_run()), "paredown_job_fits") == 1
    assert value(a_report(a_fitting_run()), "paredown_variant_fits", variant="monolith") == 0
    assert math.isnan(value(a_report(an_undecided_run()), "paredown_job_fits"))
    assert math.isnan(value(a_report(a_run_with_failed_tasks()), "paredown_answers_equal"))


def test_a_check_is_there_where_one_was_made() -> None:
    assert "paredown_check_passed" not in samples(a_report(a_fitting_run()))
    assert value(a_check_that_got_worse(), "paredown_check_passed") == 0
    assert value(a_check_that_passes(), "paredown_check_passed") == 1


def test_a_variant_that_did_not_end_well_says_so_and_no_more() -> None:
    report = a_report(a_run_with_failed_tasks())
    assert value(report, "paredown_variant_complete", variant="decomposed") == 0
    assert value(report, "paredown_step_failed_tasks", variant="decomposed", step="train") == 4
    assert {labels["variant"] for labels, _ in samples(report)["paredown_variant_peak_bytes"]} == {"monolith"}
    sized = [samples(report).get(f"paredown_{what}_memory_size_bytes", []) for what in ("variant", "step")]
    assert sized == [[], []], "no Lambda holds this monolith, and the size of what ended early is too small"


# --- all ------------------------------------------------------------------------------------------------------------


def test_names_come_out_as_text() -> None:
    cleaned = [*HOSTILE[:2], "line\\nbreak\\r\\n# heading", *HOSTILE[3:7]]
    cleaned.append("half \\ud800 surrogate \\x1b[31mred\\x00 \\u202e turned \\ufffe")
    report = a_report(a_hostile_run())
    steps = [labels["step"] for labels, _ in samples(report)["paredown_step_tasks"]]
    assert steps == cleaned * 2


@each_format
@settings(max_examples=30)
@given(name=st.text(max_size=20))
def test_no_name_steers_a_terminal_or_cannot_be_written(format_name: str, name: str) -> None:
    text = render(a_report(a_hostile_run((name, "other"))), format_name)
    assert text.encode("utf-8").endswith(b"\n")
    assert set(filter(lambda character: not character.isprintable(), text)) <= {"\n"}
