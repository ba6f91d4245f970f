"""What a report says of groups of unlike sizes: which are the largest, and what they allow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from profiler.model import Group, Run, Skew, Variant
from profiler.report import render
from profiler.report.skew import best_gain, measured_note, skew_notes
from profiler.units import NS_PER_MS, NS_PER_S
from tests.factories import a_measurement, a_plan, a_run
from tests.reports import a_report
from tests.sample_runs import a_skew, an_undecided_run


def the_skew(*rows: int, **changes: Any) -> Skew:
    """Groups of these sizes, the largest first."""
    largest = tuple(Group(key=(f"c{place}",), rows=size) for place, size in enumerate(rows))
    skew = Skew(step="daily", keys=("customer",), groups=len(rows), rows=sum(rows), largest=largest[:5])
    return replace(skew, **changes)


def said(skew: Skew | None) -> str:
    return " ".join(skew_notes(a_plan(skew=skew)))


def test_the_largest_groups_are_named_with_their_share_and_what_they_allow() -> None:
    text = said(the_skew(120, 40, *[1] * 840))
    assert text.startswith("The largest of 842 groups by customer, in parts of the 1,000 rows of daily: 'c0' 12 %, ")
    assert "'c1' 4.0 %, 'c2' 0.10 %" in text
    assert text.endswith("can get at most 8.3 times as fast, however many tasks run at once.")


@pytest.mark.parametrize(
    ("skew", "text"),
    [
        pytest.param(None, "", id="not counted"),
        pytest.param(the_skew(), "", id="no row"),
        pytest.param(
            the_skew(40), "All 40 rows of daily are one group, so its steps gain nothing from several tasks.", id="one"
        ),
        pytest.param(
            the_skew(3, 1),
            "The sizes of 2 groups by customer, in parts of the 4 rows of daily: 'c0' 75 %, 'c1' 25 %. So the steps on "
            "these groups can get at most 1.3 times as fast, however many tasks run at once.",
            id="two",
        ),
        pytest.param(
            the_skew(7, 7, 7),
            "daily has 7 rows for each of 3 groups by customer, so the steps on these groups can get at most 3.0 times "
            "as fast.",
            id="equal",
        ),
        pytest.param(
            the_skew(1, 1),
            "daily has one row for each of 2 groups by customer, so rows do not tell how much work a group is.",
            id="a row for each",
        ),
    ],
)
def test_what_is_said_of_few_groups(skew: Skew | None, text: str) -> None:
    assert said(skew) == text


def test_keys_are_shown_clean_and_short() -> None:
    text = said(a_skew())
    assert "\n" not in text
    assert "\x1b" not in text
    assert "'*Zoë*\\n\\x1b[31m|' / NULL 5.7 %" in text
    assert "'' / 'eu-west-1' 2.8 %" in text
    assert "'a name that goes on and on, longer than…' / 'us-east-1' 0.20 %" in text


def test_a_text_is_told_from_what_it_could_be_taken_for() -> None:
    skew = the_skew(4, 3, 2)
    keys: tuple[str | None, ...] = ("0", None, "NULL")
    named = tuple(replace(group, key=(key,)) for group, key in zip(skew.largest, keys, strict=True))
    assert "'0' 44 %, NULL 33 %, 'NULL' 22 %." in said(replace(skew, largest=named))


def test_a_page_shows_keys_as_text() -> None:
    page = render(a_report(an_undecided_run()), "html")
    assert "Contoso &amp; Sons &lt;script&gt;" in page
    assert "<script>alert" not in page
    markdown = render(a_report(an_undecided_run()), "markdown")
    assert r"\<script>alert(1)\</script>" in markdown


def test_the_best_gain_is_all_rows_by_those_of_the_largest_group() -> None:
    assert best_gain(the_skew(50, 25, 25)) == 2
    assert best_gain(the_skew(7)) == 1


def a_counted_run(*cpu_ns: int, **changes: Any) -> Run:
    """A run with these tasks of `train`."""
    tasks = tuple(
        a_measurement(variant=Variant.DECOMPOSED, step="train", index=place, cpu_ns=size)
        for place, size in enumerate(cpu_ns)
    )
    return a_run(plan=a_plan(skew=the_skew(3, 1), **changes), measurements=tasks)


def test_tasks_that_took_long_enough_say_what_they_allow() -> None:
    (text,) = measured_note(a_counted_run(6 * NS_PER_S, 2 * NS_PER_S, 2 * NS_PER_S))
    assert text == (
        "As measured, the longest of 3 tasks of train takes 60 % of their CPU time: with these shards at most 1.7 "
        "times as fast."
    )


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(a_counted_run(6 * NS_PER_S), id="one task"),
        pytest.param(a_counted_run(600 * NS_PER_MS, 20 * NS_PER_MS), id="short tasks"),
        pytest.param(a_counted_run(), id="no task"),
        pytest.param(replace(a_counted_run(6 * NS_PER_S, NS_PER_S), plan=a_plan()), id="groups were not counted"),
    ],
)
def test_others_say_nothing(run: Run) -> None:
    assert measured_note(run) == ()
