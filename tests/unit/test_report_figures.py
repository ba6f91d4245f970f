"""What stands at the top of a page, and at its end: the three figures, and every fact with its source and date."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from profiler.judging import Judging, report_of
from profiler.report.shape import Report
from tests.reports import a_report
from tests.sample_runs import a_fitting_run, a_script_run, an_interrupted_run, an_undecided_run


def figures(report: Report) -> list[tuple[object, ...]]:
    """Label, what each variant comes to, and by how much the second is less."""
    return [
        (figure.label, *(f"{value.text} {value.detail}".strip() for value in figure.values), figure.less)
        for figure in report.figures
    ]


def test_memory_gb_seconds_and_dollars_are_given_before_and_after() -> None:
    assert figures(a_report(a_fitting_run())) == [
        ("memory at the peak", "10.9 GB", "271 MB", "41 × less"),
        ("GB-seconds a request", "50.1", "2.38", "21 × less"),
        ("dollars a day", "$0.64 t3.xlarge", "$0.12", "5.3 × less"),
    ]


def test_a_script_has_one_of_each() -> None:
    report = a_report(a_script_run())
    assert [figure.label for figure in report.figures] == ["memory at the peak", "GB-seconds a run", "dollars a run"]
    assert {value.variant for figure in report.figures for value in figure.values} == {"script"}
    assert {figure.less for figure in report.figures} == {""}


def test_what_did_not_end_is_by_nothing_less() -> None:
    report = a_report(an_interrupted_run())
    assert {figure.less for figure in report.figures} == {""}
    assert report.figures[0].values[1].variant == "decomposed (part)"


def test_a_peak_without_an_upper_end_is_by_nothing_less() -> None:
    peak = figures(a_report(an_undecided_run()))[0]
    assert peak == ("memory at the peak", "2.35 GB", "4.98 GB or more", "")


def test_the_figures_are_those_of_the_table_of_totals() -> None:
    report = a_report(a_fitting_run())
    totals = {row.cells[0].text: [cell.text for cell in row.cells[1:3]] for row in report.totals.rows}
    for figure in report.figures:
        texts = [", ".join(part for part in (value.text, value.detail) if part) for value in figure.values]
        assert texts == totals[figure.label]


def test_each_fact_has_a_value_a_date_a_confidence_and_a_source() -> None:
    report = a_report(a_fitting_run())
    names = [row.cells[0].text for row in report.sources.rows]
    assert "lambda.max_memory" in names
    assert "lambda.gb_seconds, x86_64" in names
    assert all(cell.text for row in report.sources.rows for cell in row.cells)


def test_prices_of_other_regions_and_what_is_free_are_not_among_them() -> None:
    names = [row.cells[0].text for row in a_report(a_fitting_run()).sources.rows]
    assert names.count("lambda.gb_seconds, x86_64") == 1
    assert not [name for name in names if "arm64" in name or "free_" in name]


def test_of_machines_only_those_that_are_named_are_listed_and_the_others_counted() -> None:
    report = a_report(a_fitting_run())
    names = [row.cells[0].text for row in report.sources.rows if row.cells[0].text.startswith("ec2.t")]
    assert names == ["ec2.t3.xlarge", "ec2.t3.2xlarge"]
    (note,) = report.sources_notes
    assert note.startswith("8 other EC2 machine types could have been chosen, with prices as of 2026-")


def test_a_report_that_names_no_machine_lists_no_price_of_one() -> None:
    report = a_report(a_script_run())
    assert not [row for row in report.sources.rows if row.cells[0].text.startswith("ec2.")]
    assert report.sources_notes == ()


def test_a_price_of_the_users_own_is_said_to_be(tmp_path: Path) -> None:
    prices = tmp_path / "ours.toml"
    prices.write_text(
        'currency = "USD"\n[[prices]]\nservice = "lambda"\nname = "requests"\nunit = "invocation"\n'
        'regions = ["us-east-1"]\ntiers = [{ from = 0, usd = 0.0000001 }]\nsource = "our contract"\n'
        'retrieved = 2026-11-01\nconfidence = "high"\n'
    )
    run = replace(a_fitting_run(), path="a.jsonl")
    report = report_of(run, Judging(prices=prices))
    rows = {row.cells[0].text: [cell.text for cell in row.cells] for row in report.sources.rows}
    assert rows["lambda.requests"][3:] == ["read 2026-11-01", "high, yours", "our contract"]
