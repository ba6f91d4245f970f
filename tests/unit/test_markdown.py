"""The report as Markdown: a real parser finds our structure and nothing that a name or a value brought along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from profiler.model import Comparison
from profiler.report import render
from profiler.report.clean import one_line
from profiler.report.markdown import MOST_CHARACTERS, marker
from profiler.report.markdown_text import fenced, in_html, inline
from tests.checks import a_check_that_got_worse, a_checked_report
from tests.hostile import HOSTILE, a_hostile_run
from tests.reports import a_report
from tests.sample_runs import SAMPLES, a_fitting_run, a_run_with_another_answer

INVISIBLE = "\u200b"


@cache
def parser() -> MarkdownIt:
    """GitHub's dialect, as near as it is to be had here; raw HTML passes, to see which there is."""
    return MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])


class Page(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.comments: list[str] = []
        self.said: list[str] = []
        self.feed(parser().render(markdown))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    @property
    def text(self) -> str:
        """All of its text, without what is there to keep GitHub from making links."""
        return " ".join("".join(self.said).replace(INVISIBLE, "").split())


OURS = {
    "h3", "p", "ul", "li", "strong", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "pre", "code",
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_a_whole_report_is_as_it_was(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.md", render(a_report(SAMPLES[name]()), "markdown"))


def test_a_checked_report_is_as_it_was(golden: Callable[[str, str], None]) -> None:
    golden("checked.md", render(a_check_that_got_worse(), "markdown"))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_report_says_what_the_terminal_says(name: str) -> None:
    report = a_report(SAMPLES[name]())
    text = Page(render(report, "markdown")).text
    for statement in (*report.statements, *report.basis):
        assert " ".join(statement.text.removeprefix("· ").split()) in text
    for row in report.totals.rows:
        assert " ".join(" ".join(cell.text for cell in row.cells).split()) in " ".join(text.split())
    for command in report.commands:
        assert command.line in text


def test_the_first_line_names_the_job_for_who_looks_for_the_comment() -> None:
    first, *_ = render(a_report(a_fitting_run()), "markdown").splitlines()
    assert first == "<!-- paredown: cost_anomalies -->"


@given(job=st.text(max_size=30))
def test_no_name_of_a_job_ends_the_first_line_early(job: str) -> None:
    line = marker(one_line(job))
    inside = line.removeprefix("<!-- ").removesuffix(" -->")
    assert line.isprintable()
    assert "--" not in inside
    assert ">" not in inside


def test_what_the_check_found_stands_before_the_verdict() -> None:
    text = Page(render(a_check_that_got_worse(), "markdown")).text
    places = [
        text.index(part) for part in ("FAILS", "WORSE", "+17 %", "Held against run", "FITS", "memory at the peak")
    ]
    assert places == sorted(places)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_comes_out_as_text(name: str) -> None:
    page = Page(f"x {inline(one_line(name))}\n\n| {inline(one_line(name))} | y |\n|---|---|\n| z | q |\n")
    shown = " ".join(one_line(name).split())
    assert page.text == f"x {shown} {shown} y z q"
    assert set(page.tags) == {"p", "table", "thead", "tbody", "tr", "th", "td"}


@given(
    text=st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("\\`*_{}[]<>()#+-.!|~&$@:=1 "), max_size=25)
)
def test_any_text_comes_out_as_text(text: str) -> None:
    shown = one_line(text).strip()
    page = Page(f"* {inline(f'{shown}.')}\n")
    assert page.tags == ["ul", "li"]
    assert page.text == " ".join(f"{shown}.".split())


@given(text=st.text(max_size=25))
def test_any_text_comes_out_as_text_of_a_summary(text: str) -> None:
    shown = one_line(text).strip()
    page = Page(f"<details><summary>{in_html(shown)}</summary>\n\nx\n\n</details>\n")
    assert page.tags == ["details", "summary", "p"]
    assert page.text == " ".join(f"{shown} x".split())


@given(lines=st.lists(st.text(alphabet="`~ a", max_size=8), max_size=4))
def test_no_line_ends_a_block_of_code_early(lines: list[str]) -> None:
    tokens = parser().parse(f"{fenced(lines)}\n")
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content == "\n".join(lines) + "\n"


def test_names_and_data_bring_no_markup_along() -> None:
    text = render(a_report(a_hostile_run()), "markdown")
    page = Page(text)
    assert set(page.tags) <= OURS
    assert page.comments == [" paredown: %3Cscript%3Ealert%281%29%3C/script%3E "]
    for name in HOSTILE:
        assert " ".join(one_line(name).split()) in page.text
    assert text.encode("utf-8")


def test_nobody_is_pinged_and_nothing_is_linked() -> None:
    """GitHub looks for these in the text that it shows, everywhere but in code."""
    tokens = parser().parse(render(a_report(a_hostile_run()), "markdown"))
    prose = [child.content for token in tokens for child in token.children or () if child.type == "text"]
    summaries = [token.content for token in tokens if token.type == "html_block"]
    for text in (*prose, *summaries):
        for sign in ("@ada", "#12", "GH-3", "http://", "www.evil", ":tada:"):
            assert sign not in text


@pytest.mark.parametrize("name", SAMPLES)
def test_no_two_lists_become_one(name: str) -> None:
    """An empty line between two items of a list makes each of them a paragraph, with room around it."""
    tokens = parser().parse(render(a_checked_report(SAMPLES[name]()), "markdown"))
    items = [token.hidden for before, token in pairwise(tokens) if before.type == "list_item_open"]
    assert items
    assert all(items)


def test_a_long_report_is_shortened_and_says_so() -> None:
    rows = tuple((f"group {number}", "x" * 500, "y" * 500) for number in range(2_000))
    run = a_run_with_another_answer()
    comparison = Comparison(equal=False, rows=2_000, columns=("group", "monolith", "decomposed"), first_differing=rows)
    text = render(a_report(replace(run, comparison=comparison)), "markdown")
    assert len(text) < MOST_CHARACTERS
    assert "1,960 more rows are left out here" in text
    assert "GB-seconds a run" in text


@pytest.mark.parametrize("length", [300, 30_000])
def test_however_long_the_names_are_the_comment_fits(length: int) -> None:
    names = tuple(f"{number}{name * (length // len(name))}" for number, name in enumerate(HOSTILE * 3))
    text = render(a_report(a_hostile_run(names, job="j" * length)), "markdown")
    assert len(text) < MOST_CHARACTERS
    assert text.startswith("<!-- paredown: jjj")
    assert set(Page(text).tags) <= OURS


def test_a_thousand_steps_are_counted_where_they_are_not_shown() -> None:
    names = tuple(f"step_{number}" for number in range(1_000))
    text = render(a_report(a_hostile_run(names)), "markdown")
    assert len(text) < MOST_CHARACTERS
    assert "more rows are left out here" in text
    assert "step_0" in text
