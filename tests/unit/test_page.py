"""The page as a file: what it may hold, what it says, and what it does with other people's words."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from profiler.cli.main import main
from profiler.report import render
from profiler.report.clean import one_line
from profiler.report.page.chart import Chart
from profiler.report.page.grid import grid_of, meanings, said_below
from profiler.report.page.rendering import page_of
from profiler.report.shape import Bar, Cell, Checked, Column, Row, Statement, Table, Tone
from tests.conftest import ROOT
from tests.drawn import report_of, sample_page
from tests.hostile import HOSTILE, a_hostile_run
from tests.reports import a_report, keep
from tests.sample_runs import SAMPLES, a_fitting_run, a_run_with_another_answer, a_run_with_failed_tasks, a_script_run

CSS = (ROOT / "profiler" / "report" / "page" / "templates" / "page.css").read_text(encoding="utf-8")
DRAWN = Chart(
    key="memory",
    title="Memory over time",
    drawings=('<svg viewBox="0 0 1 1" role="img" aria-label="memory"></svg>',),
    description="It rises to 10.9 GB.",
    note="Sampled every 50 ms.",
)


class Parsed(HTMLParser):
    """A page as a reader of HTML takes it: elements with their attributes, and text outside of styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[str] = []
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.pieces.append(data)

    @property
    def text(self) -> str:
        """All text, any space as one."""
        return " ".join("".join(self.pieces).split())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_holds_no_script_and_asks_for_nothing(name: str) -> None:
    page = Parsed(sample_page(name))
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & {tag for tag, _ in page.tags}
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on") or key == "src"]
    references = [str(value) for _, attributes in page.tags for key, value in attributes.items() if "href" in key]
    addresses = {reference for reference in references if not reference.startswith("#")}
    assert all(address.startswith("https://") for address in addresses)
    assert {str(attributes.get("href")) for tag, attributes in page.tags if tag == "a"} == addresses
    assert {attributes.get("rel") for tag, attributes in page.tags if tag == "a"} == {"noreferrer"}
    assert not re.search(r"url\((?!['\"]?#)|@import", sample_page(name))
    policy = next(attributes["content"] for _, attributes in page.tags if "http-equiv" in attributes)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@pytest.mark.parametrize("name", SAMPLES)
def test_no_id_is_given_twice(name: str) -> None:
    ids = [attributes["id"] for _, attributes in Parsed(sample_page(name)).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_says_what_the_terminal_says(name: str) -> None:
    report = report_of(name)
    shown = Parsed(sample_page(name)).text
    said = [
        report.title,
        *(statement.text.removeprefix("· ") for statement in report.statements),
        *(figure.less for figure in report.figures),
        *report.totals_notes,
        *(note for section in report.sections for note in section.notes),
        *(text for section in report.sections for row in section.steps.rows for text in (*row.remarks, *row.remedies)),
        *(line.strip() for finding in report.findings for line in (finding.title, *finding.traceback)),
        *(statement.text for statement in report.basis),
        *(command.line for command in report.commands),
        *(cell.text for row in report.sources.rows for cell in row.cells),
    ]
    assert [text for text in said if " ".join(text.split()) not in shown] == []


def test_the_verdict_comes_first_then_the_three_figures_and_the_facts_last() -> None:
    text = Parsed(sample_page("fits")).text
    parts = ("fits AWS Lambda when decomposed", "41 × less", "In pictures", "Side by side", "Step by step",
             "What this rests on", "Limits and prices in use")  # fmt: skip
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_every_fact_links_its_source() -> None:
    """A link asks for nothing until somebody follows it."""
    sources = a_report(a_fitting_run()).sources
    cited = {url for row in sources.rows for url in re.findall(r"https://[^\s;]*[^\s;,:]", row.cells[-1].text)}
    linked = {attributes["href"] for tag, attributes in Parsed(sample_page("fits")).tags if tag == "a"}
    assert linked == cited != set()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_ends_in_one_newline(name: str) -> None:
    assert sample_page(name).endswith("</html>\n")


def test_names_and_data_come_out_as_text() -> None:
    page = Parsed(render(a_report(a_hostile_run()), "html"))
    assert "script" not in {tag for tag, _ in page.tags}
    shown = page.text
    for name in HOSTILE:
        assert " ".join(one_line(name).split()) in shown


def test_signs_of_the_template_in_a_name_are_text() -> None:
    names = ("{{ 7 * 7 }}", "{% raw %}", "</style></title>", "]]>", "<!--")
    shown = Parsed(page_of(a_report(a_hostile_run(names, job=names[0])), ())).text
    assert all(name in shown for name in names)


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    """Drawn again, and by another process with another order of sets and another time zone."""
    code = (
        "from profiler.report import render\nfrom tests.drawn import report_of\n"
        "import sys\nsys.stdout.write(render(report_of('fits'), 'html'))\n"
    )
    elsewhere = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "HOME": str(tmp_path)}
    made = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=elsewhere, capture_output=True, check=True, timeout=120
    ).stdout
    assert made.decode() == render(report_of("fits"), "html") == sample_page("fits")


def test_a_run_without_samples_says_so_in_place_of_the_curve() -> None:
    absent = replace(DRAWN, drawings=(), description="", note="", absent="This run holds no samples.")
    page = Parsed(page_of(a_report(a_fitting_run()), (absent,)))
    assert "This run holds no samples." in page.text
    assert "svg" not in {tag for tag, _ in page.tags}


def test_a_picture_stands_with_its_note_and_its_words() -> None:
    page = page_of(a_report(a_fitting_run()), (DRAWN,))
    assert DRAWN.drawings[0] in page
    assert {"Memory over time", "Sampled every 50 ms.", "It rises to 10.9 GB."} <= set(Parsed(page).pieces)


def test_what_a_check_found_comes_first_and_its_figures_right_after_the_top() -> None:
    changes = Table(columns=(Column(key="step", title="step"),), rows=(Row(cells=(Cell(text="train grew"),)),))
    checked = Checked(
        headline=Statement(label="FAILS", text="train takes 12 % more.", tone=Tone.NO),
        statements=(Statement(label="WORSE", text="CPU of train: 12 % more.", tone=Tone.NO),),
        changes=changes,
        notes=("Since run 20261101-080000-ffff.",),
    )
    page = page_of(replace(a_report(a_fitting_run()), checked=checked), ())
    text = Parsed(page).text
    assert "<title>cost_anomalies: FAILS</title>" in page
    assert re.search(r"<h1>.*train takes 12 % more\..*</h1>", page)
    parts = ("train takes 12 % more.", "fits AWS Lambda", "CPU of train", "train grew", "Since run", "41 × less")
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_many_warnings_are_folded_and_the_rest_counted() -> None:
    report = replace(a_report(a_fitting_run()), warnings=tuple(f"warning number {place}" for place in range(1_200)))
    page = page_of(report, ())
    assert page.count("warning number") == 100
    assert "1,195 more warnings" in page
    assert "1,100 more are left out here" in page


def test_a_page_of_one_variant_has_no_before_and_after() -> None:
    text = Parsed(page_of(a_report(a_script_run()), ())).text
    assert "In figures" in text
    assert "Side by side" not in text


def test_differing_rows_and_findings_have_their_places() -> None:
    differing = Parsed(page_of(a_report(a_run_with_another_answer()), ())).text
    assert "Where the answers differ First rows that differ" in differing
    failed = Parsed(page_of(a_report(a_run_with_failed_tasks()), ())).text
    assert "ValueError: Input y contains NaN." in failed
    assert "It printed last:" in failed


def test_twenty_thousand_tasks_make_no_longer_page() -> None:
    run = a_fitting_run()
    (task,) = [task for task in run.measurements if task.step == "train" and task.index == 3]
    many = replace(run, measurements=(*run.measurements, *(replace(task, index=20 + i) for i in range(20_000))))
    page = render(a_report(many), "html")
    assert "20,020" in Parsed(page).text
    assert len(page) < 1.5 * len(sample_page("fits"))


@pytest.mark.parametrize("missing", ["matplotlib", "jinja2"])
def test_without_its_libraries_the_extra_is_named_and_nothing_is_written(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, page = keep(a_fitting_run(), str(tmp_path / "a.jsonl")), tmp_path / "report.html"
    monkeypatch.setitem(sys.modules, missing, None)
    assert main(["report", str(run), "--format", "html", "-o", str(page)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.splitlines()) == (
        "",
        ["error: the html format needs matplotlib and jinja2", " hint: pip install 'paredown[html]'"],
    )
    assert not page.exists()


def test_other_formats_do_without_them(tmp_path: Path) -> None:
    keep(a_fitting_run(), str(tmp_path / "a.jsonl"))
    code = (
        "import sys\nfrom profiler.cli.main import main\n"
        "for name in ('terminal', 'json'):\n    assert main(['report', 'a.jsonl', '--format', name, '-o', name]) == 0\n"
        "print(sorted({'jinja2', 'matplotlib'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stderr


# --- tables ---------------------------------------------------------------------------------------------------------

FIGURES = Table(
    columns=(
        Column(key="step", title="step"),
        Column(key="bar", group="here"),
        Column(key="peak", title="peak MB", group="here", right=True, meaning="peak: the highest"),
        Column(key="init", title="init", group="here", right=True, meaning="init: the start"),
        Column(key="verdict"),
    ),
    rows=(
        Row(
            cells=(Cell(text="load"), Cell(bar=Bar(low=0.4, high=1)), Cell(text=" 9.5"), Cell(), Cell(text="no")),
            remarks=("too big",),
            subject="load",
        ),
        Row(
            cells=(Cell(text="  of it"), Cell(bar=Bar(low=0.1, high=0.1)), Cell(text="12  "), Cell(), Cell(text="no")),
            remarks=("too big",),
            remedies=("use less",),
            subject="of it",
        ),
    ),
)


def test_a_bar_stands_in_the_column_of_its_figure_and_empty_columns_go() -> None:
    grid = grid_of(FIGURES)
    assert [heading.text for heading in grid.headings] == ["step", "peak MB", "verdict"]
    assert [(heading.text, heading.span) for heading in grid.groups] == [("", 1), ("here", 1), ("", 1)]
    assert [(row[1].low, row[1].unsure) for row in grid.rows] == [("40.0", "60.0"), ("10.0", "0.0")]
    assert meanings((FIGURES,)) == ("peak: the highest",)


def test_decimal_points_stay_below_each_other() -> None:
    assert [row[1].text for row in grid_of(FIGURES).rows] == ["9.5", "12\u2008\u2007"]


def test_a_row_that_belongs_to_the_one_above_is_indented() -> None:
    assert [row[0].text for row in grid_of(FIGURES).rows] == ["load", "\u2003of it"]


def test_what_is_said_of_several_rows_is_said_once() -> None:
    assert said_below(FIGURES.rows, "remarks") == (("load, of it", "too big"),)
    assert said_below(FIGURES.rows, "remedies") == (("of it", "use less"),)
    rows = [Row(cells=(), remarks=("same",), subject=f"step {place}") for place in range(5)]
    assert said_below(rows, "remarks") == (("step 0, step 1, step 2 and 2 more", "same"),)


# --- colours --------------------------------------------------------------------------------------------------------


def colours(scheme: str) -> dict[str, str]:
    """The colours that the style sheet sets for light, and so for paper, or for dark."""
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", blocks[scheme == "dark"]))


def contrast(first: str, second: str) -> float:
    """Ratio of two colours, after WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "quiet", "monolith", "decomposed", "limit", "yes", "no", "doubt"])
def test_a_colour_can_be_read_on_the_page(name: str, scheme: str) -> None:
    """The pictures' text and lines too, which axe does not look at."""
    assert contrast(colours(scheme)[name], colours(scheme)["surface"]) >= 4.5
