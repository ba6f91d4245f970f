"""The report's page as Chromium shows it: on a phone, a laptop and paper, in light and dark, to everybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from profiler.model import Run
from profiler.report import render
from profiler.report.clean import one_line
from profiler.report.shape import Report
from tests.checks import a_check_that_got_worse
from tests.curves import with_samples
from tests.hostile import HOSTILE, a_hostile_run
from tests.reports import a_report
from tests.sample_runs import SAMPLES, a_fitting_run

PHONE, LAPTOP = 360, 1280
WIDTHS = (320, PHONE, 768, LAPTOP, 1920)
LONG = "a_step_with_a_name_that_goes_on_" * 8


def _with_long_names() -> Run:
    return a_hostile_run((LONG, LONG.upper(), "w" * 200, *HOSTILE[3:]), job=LONG)


REPORTS: dict[str, Callable[[], Report]] = {
    **{name: lambda sample=sample: a_report(with_samples(sample())) for name, sample in SAMPLES.items()},
    "checked": a_check_that_got_worse,
    "no samples": lambda: a_report(a_fitting_run()),
    "hostile": lambda: a_report(a_hostile_run()),
    "long names": lambda: a_report(_with_long_names()),
}
every_report = pytest.mark.parametrize("name", REPORTS)


@dataclass
class Shown:
    """A page in the browser, with what it asked for and what it complained of on the way."""

    page: Page
    file: Path
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that is in it, folded or not, any space as one."""
        return " ".join(str(self.page.evaluate("document.body.textContent")).split())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every report as a page, written once."""
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for place, (name, report) in enumerate(REPORTS.items()):
        written[name] = folder / f"{place}.html"
        written[name].write_text(render(report(), "html"), encoding="utf-8")
    return written


@pytest.fixture
def show(browser: Browser, files: dict[str, Path]) -> Iterator[Callable[..., Shown]]:
    """Open a report's page in a context of its own, at a width and in a scheme."""
    contexts = []

    def opened(name: str, *, width: int = LAPTOP, scheme: str = "light", media: str = "screen", **how: Any) -> Shown:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion="reduce",
            **how,
        )
        contexts.append(context)
        page = context.new_page()
        shown = Shown(page=page, file=files[name])
        page.on("request", lambda request: shown.requests.append(request.url))
        page.on("console", lambda message: shown.complaints.append(message.text))
        page.on("pageerror", lambda error: shown.complaints.append(str(error)))
        page.emulate_media(media=media)  # type: ignore[arg-type]
        page.goto(shown.file.as_uri(), wait_until="load")
        return shown

    yield opened
    for context in contexts:
        context.close()


@every_report
def test_a_page_is_as_wide_as_its_window(name: str, show: Callable[..., Shown]) -> None:
    page = show(name).page
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wide, room = page.evaluate("[document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]")
        assert wide <= room == width


@every_report
def test_a_page_asks_for_nothing_but_itself_and_complains_of_nothing(name: str, show: Callable[..., Shown]) -> None:
    shown = show(name)
    shown.page.set_viewport_size({"width": PHONE, "height": 900})
    shown.page.emulate_media(media="print", color_scheme="dark")
    shown.page.wait_for_timeout(50)
    assert shown.requests == [shown.file.as_uri()]
    assert shown.complaints == []


LOOKS = (
    (LAPTOP, "light", "screen"),
    (LAPTOP, "dark", "screen"),
    (PHONE, "light", "screen"),
    (PHONE, "dark", "screen"),
    (794, "dark", "print"),
)


@pytest.mark.parametrize(
    ("name", "width", "scheme", "media"),
    [
        *(("fits", *look) for look in LOOKS),
        *((name, *LOOKS[place % 2]) for place, name in enumerate(REPORTS) if name != "fits"),
        ("failed_tasks", *LOOKS[3]),
        ("other_answer", *LOOKS[2]),
        ("hostile", *LOOKS[4]),
    ],
)
def test_axe_finds_nothing(name: str, width: int, scheme: str, media: str, show: Callable[..., Shown]) -> None:
    """Contrast, names, headings, tables, reach by keyboard: every rule that axe has, best practice too."""
    page = show(name, width=width, scheme=scheme, media=media).page
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["html"][:120] for node in rule["nodes"]][:3]) for rule in found] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_looked_at_the_contrast(scheme: str, show: Callable[..., Shown]) -> None:
    """What it found nothing wrong with is what it looked at: text that is too faint is told."""
    page = show("fits", scheme=scheme).page
    page.add_style_tag(content=".quiet { color: #808080 !important; background: #8a8a8a !important; }")
    found = Axe().run(page, options={"runOnly": ["color-contrast"]}).response["violations"]
    assert [rule["id"] for rule in found] == ["color-contrast"]


@every_report
def test_every_picture_has_words_in_place_of_it(name: str, show: Callable[..., Shown]) -> None:
    page = show(name).page
    pictures = page.locator(".picture").all()
    assert pictures
    for picture in pictures:
        assert picture.locator("figcaption").inner_text().strip()
        if picture.locator("svg").count():
            for drawing in picture.locator("figure svg").all():
                assert drawing.get_attribute("role") == "img"
                assert drawing.locator("> title").text_content()
                assert drawing.locator("> desc").text_content()
            assert picture.locator("details p").text_content()
        else:
            assert picture.locator(".absent").inner_text().strip()


@every_report
def test_what_a_picture_says_is_large_enough_and_inside_it(name: str, show: Callable[..., Shown]) -> None:
    """On a small phone as on a laptop; text is as wide as the reader's own font makes it."""
    page = show(name).page
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        small, outside = page.evaluate(
            """() => {
                const texts = [...document.querySelectorAll('svg text')].filter(text => text.getClientRects().length);
                const scale = text => text.getScreenCTM().a * parseFloat(getComputedStyle(text).fontSize);
                const out = text => {
                    const [box, sheet] = [text, text.ownerSVGElement].map(part => part.getBoundingClientRect());
                    return box.left < sheet.left - 3 || box.right > sheet.right + 3 || box.bottom > sheet.bottom + 3;
                };
                const said = text => text.textContent;
                return [texts.filter(text => scale(text) < 10).map(said), texts.filter(out).map(said)];
            }"""
        )
        assert (small, outside) == ([], []), width


def test_where_two_columns_are_free_memory_takes_them(show: Callable[..., Shown]) -> None:
    """One of the two drawings is shown, to whoever sees and to whoever listens."""
    page = show("fits").page
    for width, shown in ((PHONE, ".drawings"), (768, ".drawings"), (LAPTOP, ".wide")):
        page.set_viewport_size({"width": width, "height": 900})
        boxes = {part: page.locator(f"#memory {part}").is_visible() for part in (".drawings", ".wide")}
        assert boxes == {".drawings": False, ".wide": False} | {shown: True}


def test_names_and_data_are_text_and_nothing_is_run(show: Callable[..., Shown]) -> None:
    shown = show("hostile")
    assert shown.page.locator("script").count() == 0
    assert shown.page.locator("img, iframe, a:not(.sources a)").count() == 0
    for name in HOSTILE:
        assert " ".join(one_line(name).split()) in shown.text


@every_report
def test_a_page_reads_the_same_without_javascript(name: str, show: Callable[..., Shown]) -> None:
    assert show(name, java_script_enabled=False).text == show(name).text


def test_dark_is_dark_and_light_is_light_and_paper_is_white(show: Callable[..., Shown]) -> None:
    def ground(**how: str) -> list[int]:
        colour = show("fits", **how).page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        return [int(part) for part in re.findall(r"\d+", str(colour))]

    assert ground(scheme="light") == [255, 255, 255]
    assert max(ground(scheme="dark")) < 60
    assert ground(scheme="dark", media="print") == [255, 255, 255]


@every_report
def test_on_paper_everything_is_there_and_nothing_is_cut(name: str, show: Callable[..., Shown]) -> None:
    """An A4 page less its margins is 182 mm wide: 688 px."""
    page = show(name, width=688, media="print").page
    cut = page.evaluate(
        """() => [...document.querySelectorAll('table, pre, svg, p, h1, h2, h3, dd')]
            .filter(part => part.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .map(part => part.outerHTML.slice(0, 100))"""
    )
    assert cut == []
    folded = page.locator("details > :not(summary)").all()
    assert [part for part in folded if not part.bounding_box()] == []
    paper = page.pdf(format="A4", print_background=False)
    assert paper.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) >= 2


def test_what_scrolls_can_be_reached_and_has_a_name(show: Callable[..., Shown]) -> None:
    page = show("fits", width=PHONE).page
    scrolling = page.locator(".scroll").all()
    assert any(part.evaluate("part => part.scrollWidth > part.clientWidth") for part in scrolling)
    for part in scrolling:
        part.focus()
        assert part.evaluate("part => document.activeElement === part")
        assert part.get_attribute("aria-label")
