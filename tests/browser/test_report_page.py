"""The report's page as Chromium shows it: on a phone, a laptop and paper, in light and dark, to everybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from profiler.model import Run
from profiler.report import render
from profiler.report.clean import one_line
from tests.checks import a_check_that_got_worse
from tests.drawn import sample_page
from tests.hostile import HOSTILE, a_hostile_run
from tests.reports import a_report
from tests.sample_runs import SAMPLES, a_fitting_run

PHONE, LAPTOP = 360, 1280
WIDTHS = (320, PHONE, 768, LAPTOP, 1920)
LONG = "a_step_with_a_name_that_goes_on_" * 8


def _with_long_names() -> Run:
    return a_hostile_run((LONG, LONG.upper(), "w" * 200, *HOSTILE[3:]), job=LONG)


PAGES: dict[str, Callable[[], str]] = {
    **{name: partial(sample_page, name) for name in SAMPLES},
    "checked": lambda: render(a_check_that_got_worse(), "html"),
    "no samples": lambda: render(a_report(a_fitting_run()), "html"),
    "hostile": lambda: render(a_report(a_hostile_run()), "html"),
    "long names": lambda: render(a_report(_with_long_names()), "html"),
}


@dataclass
class Shown:
    """A page in the browser, with what it asked for and what it complained of on the way."""

    name: str
    page: Page
    file: Path
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def look(
        self, *, width: int = LAPTOP, scheme: str = "light", media: str = "screen", unfolded: bool = False
    ) -> Page:
        """The page at a width, in a scheme, on a screen or on paper."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(media=media, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        self.page.evaluate("open => document.querySelectorAll('details').forEach(part => part.open = open)", unfolded)
        return self.page


def text_of(page: Page) -> str:
    """All that is in it, folded or not, any space as one."""
    return " ".join(str(page.evaluate("document.body.textContent")).split())


@pytest.fixture(scope="module")
def context(browser: Browser) -> BrowserContext:
    return browser.new_context()


@pytest.fixture(scope="module")
def without_javascript(browser: Browser) -> Page:
    return browser.new_context(java_script_enabled=False).new_page()


@pytest.fixture(scope="module", params=PAGES)
def shown(
    request: pytest.FixtureRequest, context: BrowserContext, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shown]:
    """A report's page, opened once for all tests that look at it, each in the way that it says."""
    file = tmp_path_factory.mktemp("pages") / "report.html"
    file.write_text(PAGES[request.param](), encoding="utf-8")
    shown = Shown(name=request.param, page=context.new_page(), file=file)
    shown.page.on("request", lambda request: shown.requests.append(request.url))
    shown.page.on("console", lambda message: shown.complaints.append(message.text))
    shown.page.on("pageerror", lambda error: shown.complaints.append(str(error)))
    shown.page.goto(file.as_uri(), wait_until="load")
    yield shown
    shown.page.close()


def only(name: str) -> pytest.MarkDecorator:
    """Look at this report's page alone."""
    return pytest.mark.parametrize("shown", [name], indirect=True)


def test_a_page_asks_for_nothing_but_itself_and_complains_of_nothing(shown: Shown) -> None:
    shown.look(width=PHONE, scheme="dark", media="print").wait_for_timeout(50)
    assert shown.requests == [shown.file.as_uri()]
    assert shown.complaints == []


def test_a_page_is_as_wide_as_its_window_and_what_a_picture_says_is_large_enough_and_inside_it(shown: Shown) -> None:
    """On a small phone as on a laptop; text is as wide as the reader's own font makes it."""
    for width in WIDTHS:
        wide, room, small, outside = shown.look(width=width).evaluate(
            """() => {
                const texts = [...document.querySelectorAll('svg text')].filter(text => text.getClientRects().length);
                const scale = text => text.getScreenCTM().a * parseFloat(getComputedStyle(text).fontSize);
                const out = text => {
                    const [box, sheet] = [text, text.ownerSVGElement].map(part => part.getBoundingClientRect());
                    return box.left < sheet.left - 3 || box.right > sheet.right + 3 || box.bottom > sheet.bottom + 3;
                };
                const said = text => text.textContent;
                const {scrollWidth, clientWidth} = document.scrollingElement;
                const [small, outside] = [text => scale(text) < 10, out].map(is => texts.filter(is).map(said));
                return [scrollWidth, clientWidth, small, outside];
            }"""
        )
        assert wide <= room == width
        assert (small, outside) == ([], []), width


LOOKS = (
    (LAPTOP, "light", "screen"),
    (LAPTOP, "dark", "screen"),
    (PHONE, "light", "screen"),
    (PHONE, "dark", "screen"),
    (794, "dark", "print"),
)


def test_axe_finds_nothing(shown: Shown) -> None:
    """Contrast, names, headings, tables, reach by keyboard: every rule that axe has, best practice too.

    Every report in one look, and every look at several of them, which have the same style sheet.
    """
    width, scheme, media = LOOKS[list(PAGES).index(shown.name) % len(LOOKS)]
    page = shown.look(width=width, scheme=scheme, media=media, unfolded=True)
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["html"][:120] for node in rule["nodes"]][:3]) for rule in found] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@only("fits")
def test_axe_looked_at_the_contrast(scheme: str, shown: Shown) -> None:
    """What it found nothing wrong with is what it looked at: text that is too faint is told."""
    page = shown.look(scheme=scheme)
    faint = page.add_style_tag(content=".quiet { color: #808080 !important; background: #8a8a8a !important; }")
    found = Axe().run(page, ".quiet", {"runOnly": ["color-contrast"]}).response["violations"]
    faint.evaluate("style => style.remove()")
    assert [rule["id"] for rule in found] == ["color-contrast"]


def test_every_picture_has_words_in_place_of_it(shown: Shown) -> None:
    page = shown.look()
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


@only("fits")
def test_where_two_columns_are_free_memory_takes_them(shown: Shown) -> None:
    """One of the two drawings is shown, to whoever sees and to whoever listens."""
    for width, drawn in ((PHONE, ".drawings"), (768, ".drawings"), (LAPTOP, ".wide")):
        page = shown.look(width=width)
        boxes = {part: page.locator(f"#memory {part}").is_visible() for part in (".drawings", ".wide")}
        assert boxes == {".drawings": False, ".wide": False} | {drawn: True}


@only("hostile")
def test_names_and_data_are_text_and_nothing_is_run(shown: Shown) -> None:
    assert shown.page.locator("script").count() == 0
    assert shown.page.locator("img, iframe, a:not(.sources a)").count() == 0
    for name in HOSTILE:
        assert " ".join(one_line(name).split()) in text_of(shown.page)


def test_a_page_reads_the_same_without_javascript(shown: Shown, without_javascript: Page) -> None:
    without_javascript.goto(shown.file.as_uri(), wait_until="load")
    assert text_of(without_javascript) == text_of(shown.page) != ""


@only("fits")
def test_dark_is_dark_and_light_is_light_and_paper_is_white(shown: Shown) -> None:
    def ground(**how: Any) -> list[int]:
        colour = shown.look(**how).evaluate("getComputedStyle(document.documentElement).backgroundColor")
        return [int(part) for part in re.findall(r"\d+", str(colour))]

    assert ground(scheme="light") == [255, 255, 255]
    assert max(ground(scheme="dark")) < 60
    assert ground(scheme="dark", media="print") == [255, 255, 255]


def test_on_paper_everything_is_there_and_nothing_is_cut(shown: Shown) -> None:
    """An A4 page less its margins is 182 mm wide: 688 px."""
    page = shown.look(width=688, media="print")
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


@only("fits")
def test_what_scrolls_can_be_reached_and_has_a_name(shown: Shown) -> None:
    page = shown.look(width=PHONE)
    scrolling = page.locator(".scroll").all()
    assert any(part.evaluate("part => part.scrollWidth > part.clientWidth") for part in scrolling)
    for part in scrolling:
        part.focus()
        assert part.evaluate("part => document.activeElement === part")
        assert part.get_attribute("aria-label")
