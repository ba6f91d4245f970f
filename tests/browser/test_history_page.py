"""The history's page as Chromium shows it: on a phone, a laptop and paper, in light and dark, to everybody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from profiler.history.build import history_of
from profiler.model import Commit
from profiler.report.page.history import render
from tests.hostile import HOSTILE
from tests.repeated import NOISE, repeated
from tests.reports import keep
from tests.sample_runs import a_fitting_run, an_interrupted_run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Seven runs that need more and more memory, one that was interrupted, and one that cannot be read."""
    plan = replace(a_fitting_run().plan, job=HOSTILE[0])
    for day in range(7):
        run = replace(a_fitting_run(), id=f"r{day}", created=f"2026-11-1{day}T12:00:00Z", plan=plan)
        run = replace(run, commit=Commit(id="<b>" * 9, dirty=True))
        keep(
            repeated(run, [(memory * (1 + day / 50), time) for memory, time in NOISE]), f"{tmp_path}/runs/r{day}.jsonl"
        )
    keep(replace(an_interrupted_run(), id="stopped", plan=plan), f"{tmp_path}/runs/stopped.jsonl")
    (tmp_path / "runs" / "bad.jsonl").write_text("<script>")
    path = tmp_path / "history.html"
    path.write_text(render(history_of(None, root=tmp_path), steps=True), encoding="utf-8")
    return path


LOOKS = ((320, "dark", "screen"), (360, "light", "screen"), (1280, "dark", "screen"), (794, "light", "print"))


def test_it_fits_its_window_asks_for_nothing_and_axe_finds_nothing(file: Path, browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: asked.append(message.text))
    page.goto(file.as_uri(), wait_until="load")
    assert page.locator("script").count() == 0
    for width, scheme, media in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(media=media, color_scheme=scheme)  # type: ignore[arg-type]
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        found = Axe().run(page).response["violations"]
        assert [(rule["id"], [node["html"][:120] for node in rule["nodes"]][:3]) for rule in found] == []
    assert asked == [file.as_uri()]
