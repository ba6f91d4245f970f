"""What a check found, as a reader and a program see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema
import pytest
from rich.cells import cell_len

from profiler.checking.outcome import Called, Measure
from profiler.model import Variant
from profiler.regression.difference import CONFIDENCE
from profiler.report import FORMATS, render
from profiler.report.check_json import check_document, check_json
from profiler.report.check_page import check_page
from profiler.report.shape import Report, Tone
from profiler.report.sheet_text import sheet_text
from tests.checks import SAMPLES, a_baseline, a_checked_report, a_history, changed, larger, repeated
from tests.conftest import ROOT
from tests.factories import a_run

WIDTHS = (80, 140)

each_sample = pytest.mark.parametrize("name", SAMPLES)


@cache
def sample(name: str) -> Report:
    """A sample, made once."""
    return SAMPLES[name]()


@pytest.mark.parametrize("width", WIDTHS)
@each_sample
def test_a_whole_check_is_as_it_was(name: str, width: int, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}-{width}.txt", sheet_text(check_page(sample(name)), width=width))


@pytest.mark.parametrize("width", range(40, 200, 17))
@each_sample
def test_no_line_is_longer_than_the_terminal_or_ends_in_spaces(name: str, width: int) -> None:
    lines = sheet_text(check_page(sample(name)), width=width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert [line for line in lines if line != line.rstrip()] == []


@each_sample
def test_the_answer_stands_first_and_is_the_tone_of_the_headline(name: str) -> None:
    report = sample(name)
    assert report.check is not None
    assert report.checked is not None
    passed = report.check.passed
    headline = report.checked.headline
    assert (headline.label, headline.tone) == (("PASSES", Tone.YES) if passed else ("FAILS", Tone.NO))
    first = next(
        line
        for line in sheet_text(check_page(report)).splitlines()
        if line.startswith("  P"[:2]) and line[2:3].isupper()
    )
    assert first.strip().startswith(headline.label)


def test_an_interval_is_called_by_the_share_that_it_is_made_with() -> None:
    assert CONFIDENCE == 0.95
    assert "95 % interval" in sheet_text(check_page(sample("check-worse")), width=140)


def test_what_costs_most_of_the_whole_is_told_first() -> None:
    now = changed(changed(repeated(a_run()), larger("daily_cost", 1.07)), larger("train", 1.2, cpu=2))
    report = a_checked_report(now, [a_baseline()])
    assert report.checked is not None
    said = [statement.text for statement in report.checked.statements if statement.label == "WORSE"]
    assert [text.partition(" of ")[0] for text in said] == [
        "train takes 4.0 s",
        "train holds 240 MB",
        "daily_cost holds 214 MB",
    ]
    assert "fails: train takes 60 % more CPU time" in report.checked.headline.text


def test_what_crept_up_is_not_as_before_in_its_row_and_is_seen_beside_the_oldest_run() -> None:
    *before, now = a_history(0.03)
    text = sheet_text(check_page(a_checked_report(now, before)), width=140)
    row = next(line for line in text.splitlines() if line.startswith("  train "))
    assert row.endswith("memory and CPU crept up")
    assert "paredown compare /0 last" in text


def test_a_variant_that_crept_up_is_not_as_before() -> None:
    runs = [
        changed(
            a_baseline(id=f"run-{day}", created=f"2026-11-{day + 1:02}T09:00:00Z"),
            larger("train", 1 + 0.03 * day, variant=Variant.MONOLITH),
        )
        for day in range(7)
    ]
    text = " ".join(sheet_text(check_page(a_checked_report(runs.pop(), runs))).split())
    assert "The monolith variant, which need not fit, got worse as well: train" in text
    assert "Every figure of the monolith variant" not in text


def test_of_a_figure_that_fell_nothing_is_said_of_what_may_be_added() -> None:
    now = changed(a_run(), larger("train", 1, cpu=0.5))
    report = a_checked_report(now, [a_baseline()])
    assert report.checked is not None
    [said] = [statement.text for statement in report.checked.statements if statement.label == "UNKNOWN"]
    assert "-30 %. With so few repeats, that may be noise." in said


def test_names_of_steps_and_runs_are_one_printable_line() -> None:
    from dataclasses import replace

    evil = "tr\x1b[31main\n[red]"

    def renamed(item: Any) -> Any:
        return replace(item, step=evil) if item.step == "train" else item

    def plan(run: Any) -> Any:
        steps = tuple(replace(step, name=evil) if step.name == "train" else step for step in run.plan.decomposed)
        return replace(run, plan=replace(run.plan, decomposed=steps))

    now = plan(changed(repeated(a_run()), renamed))
    before = plan(changed(a_baseline(), renamed))
    larger_now = changed(now, larger(evil, 1.3))
    text = sheet_text(check_page(a_checked_report(larger_now, [before])), width=120)
    assert "\x1b" not in text
    assert "tr\\x1b[31main\\n[red]" in text


# --- JSON -----------------------------------------------------------------------------------------------------------


@cache
def schema() -> dict[str, Any]:
    """The documented schema, every key forbidden that it does not describe."""
    loaded: dict[str, Any] = json.loads((ROOT / "docs" / "check.schema.json").read_text(encoding="utf-8"))
    _close(loaded)
    return loaded


def _close(node: Any) -> None:
    if isinstance(node, dict):
        if "properties" in node:
            node["additionalProperties"] = False
        for value in node.values():
            _close(value)
    elif isinstance(node, list):
        for value in node:
            _close(value)


@each_sample
def test_the_json_is_as_its_schema_says(name: str) -> None:
    jsonschema.validate(json.loads(check_json(sample(name))), schema())


@each_sample
def test_every_key_of_the_schema_is_there(name: str) -> None:
    """What is required is all that there is: a reader need not ask whether a key exists."""

    def hold(node: Any) -> None:
        if isinstance(node, dict):
            if "properties" in node:
                assert sorted(node.get("required", [])) == sorted(node["properties"])
            for value in node.values():
                hold(value)

    hold(schema())


def test_the_json_holds_the_figures_unrounded() -> None:
    report = sample("check-worse")
    assert report.check is not None
    document = check_document(report)
    worst = next(item for item in report.check.changes if item.called is Called.WORSE and item.step == "train")
    shown = next(
        item
        for item in document["changes"]
        if (item["variant"], item["step"], item["measure"]) == ("decomposed", "train", "peak")
    )
    assert (shown["before"], shown["after"], shown["ratio"]) == (worst.before, worst.after, worst.ratio)
    assert (shown["threshold"], shown["called"], shown["decides"]) == (0.05, "worse", True)
    assert (worst.variant, worst.measure) == (Variant.DECOMPOSED, Measure.PEAK)
    assert document["passed"] is False


@pytest.mark.parametrize("format_name", [name for name in FORMATS if name not in ("terminal", "json")])
def test_every_other_format_shows_a_check_too(format_name: str) -> None:
    assert render(sample("check-worse"), format_name)


@pytest.mark.parametrize("format_name", ["markdown", "html"])
def test_a_page_says_what_the_check_found(format_name: str) -> None:
    report = sample("check-first")
    assert report.checked is not None
    assert report.checked.headline.text in render(report, format_name)
